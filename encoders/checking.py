"""Every problem of a file at once, and the records that remain.

Encoding takes what this module leaves, so that what the check says is what happens: a row is left
out or a value not used by one decision, made here by the rules of `encoders.rules`.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from encoders.codes import normalise_relation, normalise_role, normalise_sex
from encoders.dates import parse_birth, parse_date
from encoders.gazetteer import country_codes, says_no_country
from encoders.readers import Reading
from encoders.records import COLUMNS, NAME_COLUMNS, Records
from encoders.reporting import Report
from encoders.rules import ROW, RULES, Finding, Problem, Severity, in_order
from encoders.scripts import count_scripts
from encoders.structure import contradicted

Rows = np.ndarray[Any, np.dtype[np.bool_]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

LONGEST = 1_000
"""The most characters that a value may have."""

_NAMES = (*NAME_COLUMNS, "mother_name")
_NORMALISERS = {
    "role": normalise_role,
    "relation": normalise_relation,
    "sex": normalise_sex,
}
# Null bytes, escapes and the like, and U+FFFD; not the line breaks and tabs that stand for a space.
_CONTROLS = r"[\x00-\x08\x0e-\x1f\x7f-\x{84}\x{86}-\x{9f}\x{fffd}]"
# Writing direction, zero width, soft hyphen; not the joiners, which Persian and Hindi spell with.
_INVISIBLE = r"[\x{ad}\x{61c}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"


def check(reading: Reading, *, today: datetime.date) -> Report:
    """Check what was read from a file.

    Args:
        reading: A file's records.
        today: The day after which a date is in the future.

    Returns:
        Every problem, and the records that can be encoded. The same reading and day give the same
        report.
    """
    checked = _Checked(reading)
    _text_rules(checked)
    _code_rules(checked)
    _nationality_rule(checked)
    _birth_rules(checked, today)
    checked.find("relation_contradicted", "relation", contradicted(checked.records))
    _last_seen_rules(checked, today)
    _row_rules(checked)
    usable = checked.usable()
    return Report(
        usable=usable,
        usable_rows=reading.rows[checked.kept],
        rows_in_file=reading.rows_in_file,
        findings=checked.findings(),
        completeness={name: len(usable) - int(usable.column(name).null_count) for name in COLUMNS},
        scripts={
            name: count_scripts(usable.column(name))
            for name in _NAMES
            if usable.column(name).null_count < len(usable)
        },
        read_as=reading.read_as,
        encoding_guessed=reading.encoding_guessed,
    )


class _Checked:
    """Records under check: what was found so far, which rows remain, and with which values."""

    def __init__(self, reading: Reading) -> None:
        self.records = reading.records
        self.kept: Rows = np.ones(len(reading.records), np.bool_)
        self._numbers = reading.rows
        self._findings = list(reading.findings)

    def find(self, rule_name: str, field: str, where: Rows) -> None:
        """Take the rows (shape (n,)) that break a rule, and do what its severity says."""
        if not where.any():
            return
        rule = RULES[rule_name]
        self._findings.append(Finding(rule, field, self._numbers[where]))
        if rule.severity is Severity.LEFT_OUT:
            self.kept &= ~where
        if rule.severity is Severity.NOT_USED:
            absent = pa.scalar(None, pa.string())
            cleared = pc.if_else(pa.array(where), absent, self.records.column(field))
            self.records = self.records.with_columns({field: cleared})

    def findings(self) -> tuple[Finding, ...]:
        return tuple(in_order(self._findings))

    def usable(self) -> Records:
        return self.records.take(np.flatnonzero(self.kept))


def _text_rules(checked: _Checked) -> None:
    for field in COLUMNS:
        column = checked.records.column(field)
        if field == "role" or column.null_count == len(column):
            continue
        garbled = _matches(column, _CONTROLS)
        long = _true(pc.greater(pc.utf8_length(column), LONGEST))
        checked.find("invisible_characters", field, _matches(column, _INVISIBLE))
        if field == "record_id":
            checked.find("record_id_unreadable", field, garbled | long)
            continue
        checked.find("control_characters", field, garbled)
        if field in _NAMES:
            checked.find("name_too_long", field, long)
            unlettered = column.is_valid().to_numpy() & ~_matches(column, r"\pL")
            checked.find("name_without_letters", field, unlettered & ~garbled)
        else:
            checked.find("value_too_long", field, long)


def _code_rules(checked: _Checked) -> None:
    for field, normalise in _NORMALISERS.items():
        cells, which = checked.records.distinct(field)
        results = [normalise(cell) for (cell,) in cells]
        codes = pa.array([code for code, _ in results], pa.string()).take(pa.array(which))
        _find_problems(checked, [[problem] if problem else [] for _, problem in results], which)
        checked.records = checked.records.with_columns({field: codes})


def _nationality_rule(checked: _Checked) -> None:
    cells, which = checked.records.distinct("nationality")
    unknown = [cell is not None and not _is_known_nationality(cell) for (cell,) in cells]
    checked.find("nationality_unknown", "nationality", np.array(unknown, np.bool_)[which])


def _is_known_nationality(text: str) -> bool:
    return bool(country_codes(text)) or says_no_country(text)


def _birth_rules(checked: _Checked, today: datetime.date) -> None:
    cells, which = checked.records.distinct("birth_date", "age", "age_on", "calendar")
    births = [parse_birth(*cell, today=today) for cell in cells]
    _find_problems(checked, [problems for _, problems in births], which)
    artefacts = np.array([birth.artefact for birth, _ in births], np.bool_)
    checked.find("date_counts_as_year", "birth_date", artefacts[which])


def _last_seen_rules(checked: _Checked, today: datetime.date) -> None:
    cells, which = checked.records.distinct("last_seen_date")
    dates = [None if cell is None else parse_date(cell, today=today) for (cell,) in cells]
    problems = [
        [Problem("last_seen_date", date)] if isinstance(date, str) else [] for date in dates
    ]
    _find_problems(checked, problems, which)


def _row_rules(checked: _Checked) -> None:
    checked.find("record_id_missing", "record_id", _absent(checked.records, "record_id"))
    nameless = np.logical_and.reduce([_absent(checked.records, name) for name in NAME_COLUMNS])
    checked.find("name_missing", ROW, nameless)
    repeated = _seen_before(checked.records.codes("record_id"), checked.kept)
    checked.find("record_id_repeated", "record_id", repeated)
    others = [name for name in COLUMNS if name != "record_id"]
    checked.find("rows_alike", ROW, _seen_before(checked.records.codes(*others), checked.kept))


def _find_problems(checked: _Checked, problems: Sequence[Iterable[Problem]], which: Codes) -> None:
    """Report the problems of distinct values for every row that has them.

    Args:
        checked: The n records.
        problems: Those of each of k distinct values.
        which: Shape (n,): the distinct value of each record.
    """
    having: dict[Problem, list[int]] = defaultdict(list)
    for place, found in enumerate(problems):
        for problem in found:
            having[problem].append(place)
    for problem, places in having.items():
        checked.find(problem.rule, problem.field, np.isin(which, places))


def _absent(records: Records, field: str) -> Rows:
    return np.asarray(records.column(field).is_null().to_numpy())


def _seen_before(codes: Codes, kept: Rows) -> Rows:
    """Tell which kept rows have the code of an earlier kept row."""
    candidates = np.flatnonzero(kept)
    first = np.unique(codes[candidates], return_index=True)[1]
    seen = kept.copy()
    seen[candidates[first]] = False
    return seen


def _matches(column: Any, pattern: str) -> Rows:
    return _true(pc.match_substring_regex(column, pattern))


def _true(answers: Any) -> Rows:
    """Give Arrow's answers as a mask in which an absent value is false."""
    return np.asarray(pc.fill_null(answers, False).to_numpy())
