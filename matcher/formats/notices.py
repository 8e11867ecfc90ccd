"""The protection notice: a society stops, halts or releases the matching of some of its records.

A society writes one when a person withdraws consent, objects, or asks for deletion, and sends it
with the next contact. It names records and a kind, never a reason: to the linkage unit a wish
not to be found, a consent withdrawn and a mistake corrected look the same. It names records by
their references in batches, and by their record keys (`matcher.formats.marks`), by which the
linkage unit knows them again when they come back in another batch.

| kind | the linkage unit | after it |
|---|---|---|
| `suspend` | compares and lists the record no more | `resume`, `withdraw` or `delete` |
| `renew` | compares it until a later review date | any |
| `resume` | compares and lists it again, if it was suspended | any |
| `withdraw` | takes it out of matching for good | `delete` |
| `delete` | destroys its fingerprints and what was made of them, and keeps it deleted | nothing |

Notices are numbered, and a number that is not higher than the last one of the same society under
the same agreement is refused: nobody can undo a `suspend` by sending an older `resume` again.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from matcher.formats.errors import MismatchError
from matcher.formats.identity import Identity
from matcher.formats.signed import write_signed
from matcher.formats.statement import Statement

FORMAT: Final = "kinmatch-notice/1"
"""The format's name and version."""

Kind = Literal["renew", "suspend", "resume", "withdraw", "delete"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""Every kind, mildest first."""

SUFFIX: Final = ".notice.json"
"""How the names of notices end that a society keeps in a folder."""

MOST_REFERENCES: Final = 10_000
"""How many references one notice holds at most; more take several."""

_Reference = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Notice(Statement):
    """What shall become of some records.

    Attributes:
        format: Format name and version.
        agreement_id: The agreement.
        society: Whose records.
        number: Grows from one notice of the society under the agreement to the next.
        kind: What shall be done, one of `KINDS`.
        on: The day on which the society wrote it.
        references: The records, by their references in the society's batches (32 hexadecimal
            digits), ascending, each once; none where their keys are enough.
        keys: The record keys of the same records, likewise; none where their batches have no marks.
        review_on: With `renew` the new review date.
    """

    format: Literal["kinmatch-notice/1"] = FORMAT
    number: int = Field(ge=1, lt=1 << 63)
    kind: Kind
    on: date
    references: Annotated[tuple[_Reference, ...], Field(max_length=MOST_REFERENCES)] = ()
    keys: Annotated[tuple[_Reference, ...], Field(max_length=MOST_REFERENCES)] = ()
    review_on: date | None = None

    @field_validator("references", "keys")
    @classmethod
    def _ascending(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("must be ascending, each once")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.references and not self.keys:
            raise ValueError("must name a record")
        if (self.kind == "renew") != (self.review_on is not None):
            raise ValueError("must have a review date with 'renew', and with nothing else")
        return self


def write_notice(path: Path, notice: Notice, *, identity: Identity) -> None:
    """Sign a notice and write it; an older file of that name is replaced.

    Raises:
        MismatchError: The identity is of another society than the notice.
        OutputError: The file can't be written.
    """
    if identity.public.name != notice.society:
        raise MismatchError(
            f"{path}: the notice is of '{notice.society}', the identity of "
            f"'{identity.public.name}'. Open the society's own identity."
        )
    write_signed(path, notice, identity)
