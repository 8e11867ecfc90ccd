"""A society's own overrides: who decided that a rule shall not stop a record, and for whom.

Case by case: an override names its records, never a whole file or role. What was overridden when a
batch was encoded stands in a protocol that the society signs and keeps beside its reference file.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from encoders.protection.tables import as_key
from matcher.formats.agreement import Agreement
from matcher.formats.errors import ParameterError
from matcher.formats.identity import Identity, Slug
from matcher.formats.rulebook import Override
from matcher.formats.signed import Document, write_signed

FORMAT: Final = "kinmatch-protocol/1"
"""The protocol's format name and version."""

_MOST_RECORDS: Final = 100


class Overriding(BaseModel):
    """An override as the intake file has it; see `matcher.formats.rulebook.Override`.

    Attributes:
        rule: The rule.
        records: The ids of the records that it shall not stop.
        name: Who decided.
        role: In which role.
        reason: Why.
        on: The day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    records: Annotated[tuple[str, ...], Field(min_length=1, max_length=_MOST_RECORDS)]
    name: str
    role: str
    reason: str
    on: date


@dataclass(frozen=True)
class CaseOverride:
    """A sound override and its records.

    Attributes:
        override: Which rule, by whom, and why.
        records: The ids of the records, as `as_key` gives them.
    """

    override: Override
    records: frozenset[str]

    def __repr__(self) -> str:
        return f"<{self.override!r} for {len(self.records)} records>"


def overrides_of(said: Iterable[Overriding], today: date) -> tuple[CaseOverride, ...]:
    """Take the overrides of an intake file.

    Raises:
        GateError: A rule may not be overridden by this role, or by nobody.
        ParameterError: There is no such rule, name or reason is missing, or the day is to come.
    """
    found = []
    for one in said:
        if one.on > today:
            raise ParameterError(f"An override of {one.rule} is dated after {today}; correct it.")
        override = Override.by(
            rule=one.rule, name=one.name, role=one.role, reason=one.reason, on=one.on
        )
        found.append(CaseOverride(override, frozenset(map(as_key, one.records))))
    return tuple(found)


class ProtocolEntry(BaseModel):
    """One override that let records be encoded.

    Attributes:
        override: Which rule, by whom, and why.
        records: The ids of the records that it let pass, ascending.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    override: Override
    records: tuple[str, ...]


class Protocol(Document):
    """What was overridden when a batch was encoded; stays with the society.

    Attributes:
        format: Format name and version.
        agreement_id: The agreement of the batch.
        society: Who signs.
        on: The day.
        references: The name of the batch's reference file.
        overrides: What was overridden.
    """

    format: Literal["kinmatch-protocol/1"] = FORMAT
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    society: Slug
    on: date
    references: str
    overrides: tuple[ProtocolEntry, ...]


def protocol_path(references: Path) -> Path:
    """Say where the protocol of a batch lies: beside its reference file."""
    return references.with_name(f"{references.name}.protocol.json")


@contextmanager
def protocol_kept(
    references: Path,
    used: Sequence[tuple[Override, tuple[str, ...]]],
    *,
    identity: Identity,
    agreement: Agreement,
    on: date,
) -> Iterator[None]:
    """Sign and write the protocol of a batch, and take it away again where no batch comes of it.

    Where nothing was overridden, nothing is written.

    Args:
        references: The batch's reference file, which need not be there yet.
        used: The overrides that let records pass, with the ids of those records.
        identity: The society's.
        agreement: The batch's.
        on: The day.

    Raises:
        OutputError: The file can't be written.
    """
    if not used:
        yield
        return
    path = protocol_path(references)
    protocol = Protocol(
        agreement_id=agreement.agreement_id,
        society=identity.public.name,
        on=on,
        references=references.name,
        overrides=tuple(
            ProtocolEntry(override=override, records=records) for override, records in used
        ),
    )
    write_signed(path, protocol, identity, private=True)
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
