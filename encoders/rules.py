"""What can be wrong with a record, as data: the rule, how grave it is, and what to do about it.

Readers, parsers and the check name a problem by its rule alone; every text that a person sees is
here, so that the documentation's table and the report can't differ, and no text can hold a value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

ROW = "row"
"""The field of a finding that concerns a row as a whole."""


class Severity(StrEnum):
    """What becomes of a row or value that breaks a rule, gravest first."""

    LEFT_OUT = "left out"
    """The whole row is left out: it can't be encoded."""
    NOT_USED = "not used"
    """The value is treated as absent; the row is encoded without it."""
    NOTED = "noted"
    """The value is used; a person should know how."""


@dataclass(frozen=True)
class Rule:
    """One way in which a row or a value can be wrong.

    Attributes:
        name: Stable name, as reports show it.
        severity: What becomes of the row or value.
        meaning: What is wrong or noteworthy, as a sentence.
        remedy: What to do about it, as a sentence.
    """

    name: str
    severity: Severity
    meaning: str
    remedy: str


@dataclass(frozen=True)
class Problem:
    """A rule that one field of one record breaks."""

    field: str
    rule: str


@dataclass(frozen=True, eq=False)
class Finding:
    """One rule broken in one field, and where.

    Attributes:
        rule: The rule, one of `RULES`.
        field: The canonical column, or `ROW` where the row as a whole is meant.
        rows: Row numbers, ascending, int64, as `encoders.readers` counts them.
    """

    rule: Rule
    field: str
    rows: np.ndarray[Any, np.dtype[np.int64]]


_LEFT_OUT, _NOT_USED, _NOTED = Severity

RULES = {
    name: Rule(name, severity, meaning, remedy)
    for name, severity, meaning, remedy in (
        (
            "row_not_read",
            _LEFT_OUT,
            "The row can't be read: a quote is not closed or the text is no JSON object.",
            "Correct the row in the source and export again.",
        ),
        (
            "row_length",
            _LEFT_OUT,
            "The row has more or fewer cells than the header, so values may be misplaced.",
            "Put values that hold the delimiter or a line break in quotes and export again.",
        ),
        (
            "record_id_missing",
            _LEFT_OUT,
            "The record has no identifier.",
            "Give every record the identifier it has in your own system.",
        ),
        (
            "record_id_unreadable",
            _LEFT_OUT,
            "The identifier holds control characters or is longer than 1,000 characters.",
            "Correct the identifier in the source.",
        ),
        (
            "record_id_repeated",
            _LEFT_OUT,
            "An earlier row that is used has the same identifier.",
            "Keep one row for each identifier; give different people different identifiers.",
        ),
        (
            "role_unknown",
            _LEFT_OUT,
            "The role is none of enquirer, sought, registered and kin.",
            "Use one of these four words, or leave the role empty.",
        ),
        (
            "name_missing",
            _LEFT_OUT,
            "The record has no usable part of a name.",
            "Fill in at least one of given, father's, grandfather's, family or other names.",
        ),
        (
            "name_too_long",
            _LEFT_OUT,
            "A name is longer than 1,000 characters, so the row is probably damaged.",
            "Look for a quote that is not closed, or for notes in a name column.",
        ),
        (
            "value_not_encoded",
            _LEFT_OUT,
            "A value can't be made into tokens: an error in kinmatch, not in the data.",
            "Report it, without the value; to encode the row meanwhile, leave the value empty.",
        ),
        (
            "value_too_long",
            _NOT_USED,
            "The value is longer than 1,000 characters.",
            "Look for a quote that is not closed, or for notes in the wrong column.",
        ),
        (
            "control_characters",
            _NOT_USED,
            "The value holds null bytes, control characters or marks of a wrong encoding.",
            "Export again as UTF-8, or correct the value in the source.",
        ),
        (
            "name_without_letters",
            _NOT_USED,
            "The name holds no letter of any script.",
            "Leave unknown names empty, without dashes or question marks.",
        ),
        (
            "not_text",
            _NOT_USED,
            "The value is a list, an object or broken text.",
            "Export it as plain text.",
        ),
        (
            "cell_error",
            _NOT_USED,
            "The spreadsheet shows an error in this cell.",
            "Correct the formula or the date in the spreadsheet.",
        ),
        (
            "sex_unknown",
            _NOT_USED,
            "The sex is not a word or letter that kinmatch knows.",
            "Use m or f, or leave it empty; in Spanish, where m may mean mujer, write the word.",
        ),
        (
            "relation_unknown",
            _NOT_USED,
            "The relation is not a code that kinmatch knows.",
            "Use a code such as mother, son, sister, husband, aunt, cousin or other.",
        ),
        (
            "relation_contradicted",
            _NOT_USED,
            "The relation can't be, by sex or birth in the same case: a mother is a woman, and a "
            "parent at least twelve years older.",
            "Correct the relation, the sex or the birth; of step-parents no age is asked.",
        ),
        (
            "nationality_unknown",
            _NOT_USED,
            "The nationality is no country, nationality or code that kinmatch knows.",
            "Write the country's name or its ISO code, such as Syria or SY; commas divide several.",
        ),
        (
            "date_unreadable",
            _NOT_USED,
            "The date is not written as 1998-02-05, 1998-02, 1998 or 1990s.",
            "Write year, month and day in this order, as many of them as are known.",
        ),
        (
            "date_order_unknown",
            _NOT_USED,
            "The date ends with its year, and either of the other two can be the month.",
            'Say in the mapping file which comes first: date_order = "dmy", or "mdy".',
        ),
        (
            "date_impossible",
            _NOT_USED,
            "There is no such day, as with 31 February.",
            "Correct the date, or give only the year, or year and month.",
        ),
        (
            "date_too_early",
            _NOT_USED,
            "The year is before 1850.",
            "Correct the year; if it is of another calendar, name that in the column calendar.",
        ),
        (
            "date_in_future",
            _NOT_USED,
            "The date is in the future.",
            "Correct the date.",
        ),
        (
            "calendar_not_supported",
            _NOT_USED,
            "The calendar is none that kinmatch knows.",
            "Use gregorian, hijri, solar-hijri, ethiopian or hebrew, or give an age instead.",
        ),
        (
            "age_unreadable",
            _NOT_USED,
            "The age is not a whole number from 0 to 120, nor two of them as in 35-45.",
            "Give the age in completed years.",
        ),
        (
            "age_without_day",
            _NOT_USED,
            "An age means nothing without the day on which it was told.",
            "Fill in age_on with the day the age was told or written down.",
        ),
        (
            "date_counts_as_year",
            _NOTED,
            "1 January, 1 July, 31 December and the first day of another calendar's year mostly "
            "stand for an unknown day: only the year is used.",
            "Nothing, unless the source can tell which dates are exact.",
        ),
        (
            "invisible_characters",
            _NOTED,
            "The value holds marks of writing direction or other invisible characters.",
            "Nothing: they do not change the match.",
        ),
        (
            "rows_alike",
            _NOTED,
            "An earlier row says the same in every field except the identifier.",
            "See whether the two are one person, and keep one record if so.",
        ),
    )
}
"""Every rule by its name, gravest first."""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by the order of `RULES`, then by field."""
    rank = {name: place for place, name in enumerate(RULES)}
    return sorted(findings, key=lambda finding: (rank[finding.rule.name], finding.field))
