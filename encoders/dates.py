"""What is known of a date: an interval of days, and how precise its source was.

Written dates are ISO 8601 calendar dates, whole (`1998-02-05`) or cut short (`1998-02`, `1998`), in
the digits of any script. An age with the day it was told is an interval too. Nothing is guessed,
and no clock is read: a value that can't be read is a problem, given back as data, so that the
check and the encoding decide alike by asking the same function.
"""

import calendar as civil
import datetime
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from encoders.rules import Problem

Precision = Literal["day", "month", "year", "age", "absent"]

EARLIEST_YEAR = 1850
OLDEST_AGE = 120

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_AGE = re.compile(r"(\d{1,3})(?:\.0+)?", re.ASCII)
_ARTEFACTS = {(1, 1), (7, 1), (12, 31)}


@dataclass(frozen=True)
class Dated:
    """A date as far as it is known.

    Attributes:
        earliest: The first day that it can be.
        latest: The last day that it can be; the interval is closed.
        precision: How precisely it was written: `day`, `month` or `year`.
    """

    earliest: datetime.date
    latest: datetime.date
    precision: Literal["day", "month", "year"]


@dataclass(frozen=True)
class Birth:
    """What is known of a date of birth.

    Attributes:
        earliest: The first day that it can be; None when absent.
        latest: The last day that it can be (the interval is closed); None when absent.
        precision: Where the interval comes from: a `day`, a `month` or a `year` that was written,
            an `age`, or nothing (`absent`).
        artefact: Whether a day was written that registration offices put where none is known
            (1 January, 1 July, 31 December). Such a day counts as its year alone.
    """

    earliest: datetime.date | None
    latest: datetime.date | None
    precision: Precision
    artefact: bool = False


ABSENT = Birth(None, None, "absent")


def parse_birth(
    birth_date: str | None,
    age: str | None = None,
    age_on: str | None = None,
    calendar: str | None = None,
    *,
    today: datetime.date | None = None,
) -> tuple[Birth, tuple[Problem, ...]]:
    """Read a date of birth from the cells of one record.

    The date counts if it can be read; only otherwise are the age and its day looked at.

    Args:
        birth_date: As in `parse_date`.
        age: Completed years, 0 to 120, on the day `age_on`.
        age_on: The day the age was told, as in `parse_date`; a month or a year widens the interval.
        calendar: The calendar of `birth_date`: `gregorian` or absent; no other is read yet.
        today: The day after which a date is in the future; None refuses none.

    Returns:
        What is known, and the problems of values that were not used. No value makes it raise.
    """
    problems: list[Problem] = []
    dated = _birth_from_date(birth_date, calendar, today, problems)
    known = dated or _birth_from_age(age, age_on, today, problems) or ABSENT
    return known, tuple(problems)


def parse_date(text: str, *, today: datetime.date | None = None) -> Dated | str:
    """Read one written date.

    Args:
        text: `1998-02-05`, `1998-02` or `1998`, in the decimal digits of any script; white space
            around it and invisible formatting characters in it are passed over.
        today: The day after which a date is in the future; None refuses none.

    Returns:
        The date, or the name of the rule (`encoders.rules.RULES`) that it breaks.
    """
    match = _DATE.fullmatch(_plain(text))
    if match is None:
        return "date_unreadable"
    year, month, day = (int(part) if part else None for part in match.groups())
    if year is None or year < EARLIEST_YEAR:
        return "date_too_early"
    dated = _interval(year, month, day)
    if dated is None:
        return "date_impossible"
    if today is not None and dated.earliest > today:
        return "date_in_future"
    return dated


def is_artefact(dated: Dated) -> bool:
    """Tell whether a date is a day that usually stands for an unknown one."""
    return dated.precision == "day" and (dated.earliest.month, dated.earliest.day) in _ARTEFACTS


def _birth_from_date(
    birth_date: str | None,
    calendar: str | None,
    today: datetime.date | None,
    problems: list[Problem],
) -> Birth | None:
    if birth_date is None:
        return None
    if calendar is not None and _plain(calendar).casefold() != "gregorian":
        problems.append(Problem("birth_date", "calendar_not_supported"))
        return None
    dated = parse_date(birth_date, today=today)
    if isinstance(dated, str):
        problems.append(Problem("birth_date", dated))
        return None
    if is_artefact(dated):
        year = dated.earliest.year
        return Birth(datetime.date(year, 1, 1), datetime.date(year, 12, 31), "year", artefact=True)
    return Birth(dated.earliest, dated.latest, dated.precision)


def _birth_from_age(
    age: str | None, age_on: str | None, today: datetime.date | None, problems: list[Problem]
) -> Birth | None:
    told = None if age_on is None else parse_date(age_on, today=today)
    if isinstance(told, str):
        problems.append(Problem("age_on", told))
    if age is None:
        return None
    match = _AGE.fullmatch(_plain(age))
    years = int(match[1]) if match else OLDEST_AGE + 1
    if years > OLDEST_AGE:
        problems.append(Problem("age", "age_unreadable"))
        return None
    if not isinstance(told, Dated):
        problems.append(Problem("age", "age_without_day"))
        return None
    earliest = _same_day(told.earliest, years + 1) + datetime.timedelta(days=1)
    return Birth(earliest, _same_day(told.latest, years), "age")


def _same_day(day: datetime.date, years: int) -> datetime.date:
    """Give the last day of birth on which someone has completed `years` years on `day`.

    Someone born on 29 February completes a year on 1 March where there is no 29 February.
    """
    year = day.year - years
    return day.replace(year=year, day=min(day.day, civil.monthrange(year, day.month)[1]))


def _interval(year: int, month: int | None, day: int | None) -> Dated | None:
    try:
        if month is None:
            return Dated(datetime.date(year, 1, 1), datetime.date(year, 12, 31), "year")
        if day is None:
            last = civil.monthrange(year, month)[1]
            return Dated(datetime.date(year, month, 1), datetime.date(year, month, last), "month")
        exact = datetime.date(year, month, day)
        return Dated(exact, exact, "day")
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Write decimal digits of every script as 0 to 9, without invisible characters."""
    if text.isascii():
        return text.strip()
    visible = (letter for letter in text if unicodedata.category(letter) != "Cf")
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in visible).strip()
