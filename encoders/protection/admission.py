"""All gates put to a checked file: which of its records may be encoded, and why the others not.

What a check found and what a gate refuses are told in the same way, by row, field and rule, and
`kinmatch check` tells it before anything is asked for; `kinmatch encode` does what it told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.protection import (
    basis,
    children,
    consent,
    enquirers,
    information,
    minimum,
    purposes,
    wishes,
)
from encoders.protection.gathering import told_of
from encoders.protection.intake import Intake
from encoders.protection.tables import Trouble, as_key
from encoders.protection.telling import Entry, Gate, Setting, Told
from encoders.records import COLUMNS, Records
from encoders.reporting import Report
from encoders.rules import Finding, Rule, Severity
from matcher.formats.agreement import Agreement
from matcher.formats.errors import GateError
from matcher.formats.rulebook import Override, rule_named

GATES: Final[dict[str, Gate]] = (
    wishes.GATES | consent.GATES | basis.GATES | children.GATES | enquirers.GATES
    | information.GATES
)  # fmt: skip
"""The gates of one person, by rule, gravest first."""

Numbers = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
DAYS: Final = "datetime64[D]"

_Fault = tuple[str, str]  # rule and field


@dataclass(frozen=True, repr=False)
class Admission:
    """What the gates leave of a file.

    Attributes:
        report: The check's report with the gates' findings before its own; its usable records are
            those that may be encoded.
        refusals: Why the file as a whole may not be encoded; none if it may.
        troubles: What is wrong with the intake's tables, by file, row and field.
        refused: For each rule, the ids of the records that it leaves out.
        overridden: The overrides that let records pass, with the ids of these, ascending.
        strangers: How many ids of the events table are of no record that could be used.
        holds_until: Shape (n,), datetime64[D]: for each usable record the last day on which its
            legal basis holds, its consent need not be verified, its information notice is not
            overdue and its purpose lasts.
    """

    report: Report
    refusals: tuple[GateError, ...]
    troubles: tuple[Trouble, ...]
    refused: dict[str, tuple[str, ...]]
    overridden: tuple[tuple[Override, tuple[str, ...]], ...]
    strangers: int
    holds_until: Days

    def require(self) -> None:
        """Refuse the file where it may not be encoded as a whole.

        Raises:
            GateError: The first rule that refuses it.
        """
        for refusal in self.refusals:
            raise refusal

    def review_on(self, agreement_until: date) -> Days:
        """Say when each usable record leaves matching unless it was looked at again.

        Args:
            agreement_until: The agreement's last day.

        Returns:
            The day after that on which nothing holds it any longer, or after the agreement's last.
        """
        day_after: Days = np.minimum(self.holds_until, np.datetime64(agreement_until)) + 1
        return day_after

    def as_dict(self) -> dict[str, object]:
        """Give the whole of it as data for JSON, beside what the report gives."""
        return self.report.as_dict() | {
            "refused_as_a_whole": [
                {"rule": refusal.rule, "meaning": str(refusal)} for refusal in self.refusals
            ],
            "intake_troubles": [
                {"file": one.file, "row": one.row, "field": one.field, "must_be": one.must_be}
                for one in self.troubles
            ],
            "events_of_no_record": self.strangers,
            "overridden": [
                {"rule": override.rule, "records": len(records)}
                for override, records in self.overridden
            ],
        }


def admit(
    report: Report,
    intake: Intake,
    *,
    agreement: Agreement | None,
    today: date,
    stage: str = "matching",
    labels: Iterable[str] = (),
) -> Admission:
    """Put all gates to a checked file.

    Args:
        report: The check's.
        intake: What the society decided and was told.
        agreement: The agreement to encode under; None leaves out what only it can tell.
        today: The day.
        stage: For what the records are to be used, one of `encoders.protection.fields.STAGES`: a
            consent to one is none to another.
        labels: Names of files that are read and written.

    Returns:
        The same for the same files and day.
    """
    accepted = None if agreement is None else frozenset(agreement.legal_bases)
    setting = Setting(intake.law, accepted, today)
    records = report.usable
    told = told_of(records, intake, today=today, stage=stage)
    faults = _faults(told, setting)
    admitted, refused, overridden = _overridden(faults, records, intake)
    findings = _findings(admitted, report.usable_rows)
    kept = np.array([not of_one for of_one in admitted], np.bool_)
    left, cleared = _minimised(records, intake.purpose.elements, kept, report.usable_rows)
    return Admission(
        report=replace(
            report,
            usable=left,
            usable_rows=report.usable_rows[kept],
            findings=(*findings, *cleared, *report.findings),
            completeness={name: len(left) - left.column(name).null_count for name in COLUMNS},
        ),
        refusals=_refusals(intake, agreement, today, labels),
        troubles=tuple(intake.troubles),
        refused=refused,
        overridden=overridden,
        strangers=len(intake.events.keys() - _keys(records)),
        holds_until=np.array([_last_day(one, intake) for one in told], DAYS)[kept],
    )


def _last_day(told: Told, intake: Intake) -> date | None:
    """Give the last day on which all holds that lets a person pass; None if there is none."""
    entry, verify = Entry(told), intake.law.verify_consent_days
    days = [entry.day("basis_until"), intake.purpose.last_day]
    given = told.standing.consent_on
    if entry.get("basis") == "consent" and verify is not None and given is not None:
        days.append(given + timedelta(days=verify))
    if entry.get("notice") == "due":
        days.append(entry.day("notice_on"))  # from the day after, it must have been given
    return min((day for day in days if day is not None), default=None)


def _keys(records: Records) -> set[str]:
    return set(map(as_key, records.column("record_id").to_pylist()))


def _refusals(
    intake: Intake, agreement: Agreement | None, today: date, labels: Iterable[str]
) -> tuple[GateError, ...]:
    purpose = intake.purpose
    gates: list[Callable[[], None]] = [
        lambda: purposes.purpose_specific(purpose, today),
        lambda: purposes.purpose_worded(purpose),
        lambda: purposes.purpose_direct(purpose),
        lambda: minimum.labels_neutral([*labels, purpose.service]),
    ]
    if agreement is not None:
        gates.append(lambda: purposes.purpose_agreed(purpose, agreement))
    found = []
    for gate in gates:
        try:
            gate()
        except GateError as refusal:
            found.append(refusal)
    return tuple(found)


def _faults(told: Sequence[Told], setting: Setting) -> list[tuple[_Fault, ...]]:
    """Ask every gate about every person; about people of whom all the same is said, once."""
    known: dict[Told, tuple[_Fault, ...]] = {}
    for one in told:
        if one not in known:
            entry = Entry(one)
            found = ((rule, gate(entry, setting)) for rule, gate in GATES.items())
            known[one] = tuple((rule, field) for rule, field in found if field is not None)
    return [known[one] for one in told]


def _overridden(
    faults: list[tuple[_Fault, ...]], records: Records, intake: Intake
) -> tuple[
    list[tuple[_Fault, ...]],
    dict[str, tuple[str, ...]],
    tuple[tuple[Override, tuple[str, ...]], ...],
]:
    """Take out the faults that are overridden, and say which records each rule leaves out."""
    ids = records.column("record_id").to_pylist()
    allowing = {
        (one.override.rule, record_id): place
        for place, one in enumerate(intake.overrides)
        for record_id in one.records
    }
    used: dict[int, set[str]] = defaultdict(set)
    refused: dict[str, list[str]] = defaultdict(list)
    admitted = []
    for record_id, of_one in zip(ids, faults, strict=True):
        left = []
        for rule, field in of_one:
            place = allowing.get((rule, as_key(record_id)))
            if place is None:
                left.append((rule, field))
                refused[rule].append(record_id)
            else:
                used[place].add(record_id)
        admitted.append(tuple(left))
    overridden = tuple(
        (intake.overrides[place].override, tuple(sorted(records_)))
        for place, records_ in sorted(used.items())
    )
    return admitted, {rule: tuple(refused[rule]) for rule in GATES if rule in refused}, overridden


def _findings(faults: list[tuple[_Fault, ...]], rows: Numbers) -> list[Finding]:
    where: dict[_Fault, list[int]] = defaultdict(list)
    for place, of_one in enumerate(faults):
        for fault in of_one:
            where[fault].append(place)
    rank = {rule: place for place, rule in enumerate(GATES)}
    return [
        Finding(_as_rule(rule, Severity.LEFT_OUT), field, rows[where[rule, field]])
        for rule, field in sorted(where, key=lambda fault: (rank[fault[0]], fault[1]))
    ]


def _minimised(
    records: Records, elements: Iterable[str], kept: minimum.Rows, rows: Numbers
) -> tuple[Records, list[Finding]]:
    """Take what is not needed out of the records that are kept."""
    left, left_rows = records.take(np.flatnonzero(kept)), rows[kept]
    findings = []
    for rule, gate in minimum.VALUES.items():
        for field, where in gate(left, elements).items():
            findings.append(Finding(_as_rule(rule, Severity.NOT_USED), field, left_rows[where]))
            cells = left.column(field).to_pylist()
            bare = [None if gone else cell for gone, cell in zip(where, cells, strict=True)]
            left = left.with_columns({field: pa.array(bare, pa.string())})
    return left, findings


def _as_rule(name: str, severity: Severity) -> Rule:
    rule = rule_named(name)
    return Rule(name, severity, rule.sentence, rule.mends)
