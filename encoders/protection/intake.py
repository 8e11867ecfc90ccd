"""The intake file: what a society decided for the records of one file, beside them.

A TOML file that names the law profile and the two tables, says the purpose, and holds what was
decided for many persons at once::

    format = "kinmatch-intake/1"
    law = "law.toml"
    entries = "entries.csv"            # one row for a record, or for all records of a case
    events = "../events.csv"           # consents, objections, wishes; one table for all files
    other_purposes = ["publication"]   # that events may name, besides the purpose below

    [purpose]
    name = "family-tracing"            # of the agreement
    service = "Restoring family links of Red Cross A"
    benefit = "The enquirer learns where her son is, if he wishes so."
    benefits = "this-person"           # or "others": then nothing is matched
    last_day = 2027-06-30
    recipients = ["caseworkers of the tracing unit of Red Crescent B"]
    elements = ["given_name", "family_name", "birth_date"]

    [defaults.registered]              # and .sought, .enquirer, .kin
    basis = "vital-interest"

    [[overrides]]                      # where a rule may be overridden: case by case
    rule = "enquirer.no-concern"
    records = ["4711"]
    name = "..."
    role = "commission"
    reason = "..."
    on = 2026-11-30

Of what is said of a person, the record's own row counts first, then the row of its case, then the
defaults of its role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from encoders.protection.events import Event, events_of
from encoders.protection.fields import (
    ENTRIES,
    ENTRY_FIELDS,
    ENTRY_KEYS,
    EVENT_FIELDS,
    as_word,
)
from encoders.protection.law import LawProfile
from encoders.protection.overriding import CaseOverride, Overriding, overrides_of
from encoders.protection.tables import Row, Table, Trouble, as_key, read_table
from matcher.formats.errors import AgreementError, InputError
from matcher.formats.terms import gaps_of
from matcher.formats.tomlfile import parse_toml

FORMAT: Final = "kinmatch-intake/1"
"""The format's name and version."""

_Role = Literal["enquirer", "sought", "registered", "kin"]


class Purpose(BaseModel):
    """What the records are matched for.

    Attributes:
        name: A purpose of the agreement.
        service: The service by its name.
        benefit: What it does for this person.
        benefits: Whether it does that for this person, or for others.
        last_day: The last day of the period.
        recipients: The functions of those who get to see results.
        elements: The fields of the record that are needed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    service: str = ""
    benefit: str = ""
    benefits: Literal["this-person", "others", ""] = ""
    last_day: date | None = None
    recipients: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()


class _Head(BaseModel):
    """The intake file as it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["kinmatch-intake/1"]
    law: Annotated[str, Field(min_length=1)]
    entries: str | None = None
    events: Annotated[str, Field(min_length=1)]
    other_purposes: tuple[str, ...] = ()
    purpose: Purpose = Purpose()
    defaults: dict[_Role, dict[str, Any]] = {}
    overrides: tuple[Overriding, ...] = ()


@dataclass(frozen=True, repr=False)
class Intake:
    """What a society decided and was told about the people of one file.

    Attributes:
        path: The intake file.
        law: The society's law profile.
        purpose: What the records are matched for.
        defaults: For each role, what is said of all who have nothing else said of them.
        by_record: The entry of each record id; all ids are as `as_key` gives them.
        by_case: The entry of each case id.
        doubtful: Record ids of which an entry or event can't be read, or that have two entries.
        doubtful_cases: The same of case ids.
        events: The events of each record id.
        overrides: Decisions that a rule shall not stop a record.
        troubles: All that is wrong with the tables, by file, row and field.
        ownerless: Whether a row can't be read that may be about anybody.
    """

    path: Path
    law: LawProfile
    purpose: Purpose
    defaults: Mapping[str, Mapping[str, str]]
    by_record: Mapping[str, Mapping[str, str]]
    by_case: Mapping[str, Mapping[str, str]]
    doubtful: frozenset[str]
    doubtful_cases: frozenset[str]
    events: Mapping[str, Sequence[Event]]
    overrides: Sequence[CaseOverride]
    troubles: Sequence[Trouble]
    ownerless: bool

    def said_of(
        self, record_id: str | None, case_id: str | None, role: str | None
    ) -> tuple[dict[str, str], frozenset[str]]:
        """Give what is said of a person, and which of it was said for many at once.

        Args:
            record_id: The record.
            case_id: Its case.
            role: Its role.
        """
        many = self.defaults.get(role or "", {})
        case = self.by_case.get(as_key(case_id or ""), {})
        own = self.by_record.get(as_key(record_id or ""), {})
        return {**many, **case, **own}, frozenset(many) - set(case) - set(own)

    def is_doubtful(self, record_id: str | None, case_id: str | None) -> bool:
        """Tell whether something about a person can't be read."""
        return (
            self.ownerless
            or as_key(record_id or "") in self.doubtful
            or as_key(case_id or "") in self.doubtful_cases
        )


def read_intake(path: Path, *, today: date) -> Intake:
    """Read an intake file with its law profile and its tables.

    Args:
        path: The intake file; the files that it names lie beside it.
        today: The day after which an event can't have happened.

    Raises:
        InputError: A file can't be read, or the intake file or law profile has faults, all named.
        GateError: An override is of a rule that this role may not override.
    """
    head = _read_head(path)
    beside = path.parent
    entries = (
        read_table(beside / head.entries, ENTRY_KEYS, ENTRY_FIELDS) if head.entries else Table()
    )
    happened = read_table(beside / head.events, ("record_id",), EVENT_FIELDS)
    events, unreadable, senseless = events_of(
        happened.rows,
        Path(head.events).name,
        {as_word(name) for name in (head.purpose.name, *head.other_purposes)},
        today,
    )
    by_record, twice = _by(entries.rows, 0)
    by_case, cases_twice = _by([row for row in entries.rows if row.about[0] is None], 1)
    repeated = _twice(head.entries, entries.rows, twice, cases_twice)
    return Intake(
        path=path,
        law=LawProfile.read(beside / head.law),
        purpose=head.purpose,
        defaults={
            role: {name: ENTRIES[name].read(str(value)) or "" for name, value in said.items()}
            for role, said in head.defaults.items()
        },
        by_record=by_record,
        by_case=by_case,
        doubtful=frozenset(twice | unreadable | _unsound(entries.rows, 0)),
        doubtful_cases=frozenset(cases_twice | _unsound(entries.rows, 1)),
        events=events,
        overrides=overrides_of(head.overrides, today),
        troubles=(*entries.troubles, *repeated, *happened.troubles, *senseless),
        ownerless=entries.ownerless or happened.ownerless,
    )


def _read_head(path: Path) -> _Head:
    try:
        head = _Head.model_validate(parse_toml(path, "an intake file"))
        gaps = [
            f"defaults.{role}.{name}"
            for role, said in head.defaults.items()
            for name, value in said.items()
            if not _is_default(name, value)
        ]
    except AgreementError as error:
        raise InputError(str(error)) from None
    except ValidationError as error:
        gaps = gaps_of(error)
    if gaps:
        named = ", ".join(f"'{name}'" for name in gaps)
        raise InputError(
            f"{path}: {named} is not what a '{FORMAT}' has there; 'kinmatch intake new' writes "
            "one to fill in."
        )
    return head


def _is_default(name: str, value: object) -> bool:
    field = ENTRIES.get(name)
    return field is not None and field.collective and field.read(str(value)) is not None


def _by(rows: Sequence[Row], key: int) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Give what is said by whom it is about, and who stands there twice."""
    found: dict[str, dict[str, str]] = {}
    twice: set[str] = set()
    for row in rows:
        about = row.about[key]
        if about is not None:
            twice |= {about} & found.keys()
            found[about] = row.said
    return found, twice


def _unsound(rows: Sequence[Row], key: int) -> set[str]:
    """Whoever has a row that can't be read in full; a row with a record id is not about a case."""
    return {
        about
        for row in rows
        if row.unsound and (about := row.about[key]) is not None
        if key == 0 or row.about[0] is None
    }


def _twice(
    file: str | None, rows: Sequence[Row], records: set[str], cases: set[str]
) -> list[Trouble]:
    found = []
    for row in rows:
        record_id, case_id = row.about
        if record_id in records or (record_id is None and case_id in cases):
            field = ENTRY_KEYS[record_id is None]
            found.append(Trouble(Path(file or "").name, row.number, field, "in one row alone"))
    return found
