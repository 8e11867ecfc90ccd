"""Gathering what is said of each person of a file: its entry, its events, its age, its enquirer."""

from collections.abc import Sequence
from datetime import date

from encoders.dates import parse_birth
from encoders.protection.events import NOTHING, Standing, standing
from encoders.protection.fields import as_word
from encoders.protection.intake import Intake
from encoders.protection.tables import as_key
from encoders.protection.telling import Age, Entry, Told
from encoders.records import Records


def standings(intake: Intake, stage: str = "matching") -> dict[str, Standing]:
    """Tell how things stand with everybody of whom something was written down, at a stage."""
    purpose = as_word(intake.purpose.name)
    return {
        record_id: standing(events, purpose=purpose, stage=stage)
        for record_id, events in intake.events.items()
    }


def told_of(records: Records, intake: Intake, *, today: date, stage: str) -> list[Told]:
    """Gather what is said of each of n records.

    Args:
        records: Those that a check found usable.
        intake: What the society decided and was told.
        today: The day.
        stage: For what they are to be used, one of `encoders.protection.fields.STAGES`.
    """
    known = standings(intake, stage)
    ages = _ages(records, intake.law.majority, today)
    keys = [records.column(name).to_pylist() for name in ("record_id", "case_id", "role")]
    told = []
    for record_id, case_id, role, age in zip(*keys, ages, strict=True):
        said, for_many = intake.said_of(record_id, case_id, role)
        told.append(
            Told(
                role=role,
                age=age,
                enquirer_is_child=False,
                enquirer_stopped=False,
                said=tuple(sorted(said.items())),
                for_many=for_many,
                standing=known.get(as_key(record_id), NOTHING),
                doubtful=intake.is_doubtful(record_id, case_id),
            )
        )
    return _with_enquirers(told, [case and as_key(case) for case in keys[1]])


def _with_enquirers(told: list[Told], cases: Sequence[str | None]) -> list[Told]:
    """Say of the people of a case what must be known of its enquirer."""
    of_children, stopped = set(), set()
    for one, case in zip(told, cases, strict=True):
        if one.role == "enquirer" and case is not None:
            if Entry(one).is_child:
                of_children.add(case)
            if one.standing.stopped:
                stopped.add(case)
    return [
        one._replace(enquirer_is_child=case in of_children, enquirer_stopped=case in stopped)
        for one, case in zip(told, cases, strict=True)
    ]


def _ages(records: Records, majority: int, today: date) -> list[Age]:
    cells, which = records.distinct("birth_date", "age", "age_on", "calendar")
    ages: list[Age] = []
    for cell in cells:
        birth, _ = parse_birth(*cell, today=today)
        ages.append(_age(birth.earliest, birth.latest, majority, today))
    return [ages[place] for place in which.tolist()]


def _age(earliest: date | None, latest: date | None, majority: int, today: date) -> Age:
    if earliest is None or latest is None:
        return "unknown"
    last_birth = today.year - majority, today.month, today.day
    grown = [(day.year, day.month, day.day) <= last_birth for day in (earliest, latest)]
    return "adult" if all(grown) else "either" if any(grown) else "child"
