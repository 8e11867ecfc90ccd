"""What is known of a date: an interval of days, and how precise its source was.

Written dates are whole (`1998-02-05`) or cut short (`1998-02`, `1998`, `1990s`), in the digits of
any script and in any calendar of `encoders.calendars`. An age with the day it was told is an
interval too. Nothing is guessed, and no clock is read: a value that can't be read is a problem,
given back as data, so that the check and the encoding decide alike by asking the same function.
"""

import calendar as civil
import datetime
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from encoders.calendars import CALENDARS, Calendar, calendar_named
from encoders.rules import Problem

Written = Literal["day", "month", "year", "decade"]
Precision = Written | Literal["age", "absent"]

ORDERS = ("dmy", "mdy")
"""The orders of day, month and year in which a source can write a date, besides year first."""

EARLIEST_YEAR = 1850
OLDEST_AGE = 120

_DATE = re.compile(r"(\d{4})(?:[-/.] ?(\d{1,2})(?:[-/.] ?(\d{1,2}))?)?", re.ASCII)
_YEAR_LAST = re.compile(r"(?:(\d{1,2})[-/.] ?)?(\d{1,2})[-/.] ?(\d{4})", re.ASCII)
# Dashes, slashes and full stops of other scripts and typographers.
_DIVIDERS = {
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFF0D), "-"),
    **dict.fromkeys((0x060D, 0x2044, 0x2215, 0xFF0F), "/"),
    **dict.fromkeys((0x06D4, 0x3002, 0xFF0E), "."),
}
_DECADE = re.compile(r"(\d{3})(?:0s|[xX])", re.ASCII)
_AGE = re.compile(r"(\d{1,3})(?:\.0+)?(?:\s*-\s*(\d{1,3}))?", re.ASCII)
_ISO_LENGTH = 10
_ARTEFACTS = {(1, 1), (7, 1), (12, 31)}


@dataclass(frozen=True)
class Dated:
    """A date as far as it is known.

    Attributes:
        earliest: The first day that it can be.
        latest: The last day that it can be; the interval is closed. A day of a calendar on whose
            months its users don't agree, such as the Hijri, can be several days too.
        precision: How precisely it was written: `day`, `month`, `year` or `decade`.
        artefact_of: Where the day is one that registration offices put where none is known
            (1 January, 1 July, 31 December, or the first day of the year in its own calendar),
            the first and the last day of its year: a birth then counts as that year alone.
    """

    earliest: datetime.date
    latest: datetime.date
    precision: Written
    artefact_of: tuple[datetime.date, datetime.date] | None = None


@dataclass(frozen=True)
class Birth:
    """What is known of a date of birth.

    Attributes:
        earliest: The first day that it can be; None when absent.
        latest: The last day that it can be (the interval is closed); None when absent.
        precision: Where the interval comes from: a `day`, a `month`, a `year` or a `decade` that
            was written, an `age`, or nothing (`absent`).
        artefact: Whether a day was written that registration offices put where none is known, as
            in `Dated`. Such a day counts as its year alone, in the calendar it was written in.
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
        age: Completed years, 0 to 120, on the day `age_on`, or a range of them (`35-45`).
        age_on: The day the age was told, as in `parse_date`; a month or a year widens the interval.
        calendar: The calendar of `birth_date`, by any of its names; absent means Gregorian.
            `age_on` is always Gregorian.
        today: The day after which a date is in the future; None refuses none.

    Returns:
        What is known, and the problems of values that were not used. No value makes it raise.
    """
    problems: list[Problem] = []
    dated = _birth_from_date(birth_date, calendar, today, problems)
    known = dated or _birth_from_age(age, age_on, today, problems) or ABSENT
    return known, tuple(problems)


def parse_date(
    text: str, *, today: datetime.date | None = None, calendar: Calendar = CALENDARS["gregorian"]
) -> Dated | str:
    """Read one written date.

    Args:
        text: `1998-02-05`, `1998-02`, `1998`, or `1990s` and `199x`, in the decimal digits of any
            script; months and days may have one digit, and full stops or slashes divide as well.
            White space around it and invisible formatting characters in it are passed over. Day
            and month may also stand before the year, where only one of them can be the month.
        today: The day after which a date is in the future; None refuses none.
        calendar: The calendar that it is written in.

    Returns:
        The date, or the name of the rule (`encoders.rules.RULES`) that it breaks.
    """
    if calendar is CALENDARS["gregorian"] and (day := _iso_day(text)):
        return _gregorian(day, today)
    plain = _plain(text)
    decade = None if plain[-1:].isdecimal() else _DECADE.fullmatch(plain)
    dated = _decade(int(decade[1]), calendar) if decade else _year_month_day(plain, calendar)
    if isinstance(dated, Dated) and today is not None and dated.earliest > today:
        return "date_in_future"
    return dated


def _iso_day(text: str) -> datetime.date | None:
    """Read a Gregorian day written as most are, `1998-02-05`; None where it is not."""
    if len(text) == _ISO_LENGTH and text[4] == text[7] == "-" and text.isascii():
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            return None
    return None


def _gregorian(day: datetime.date, today: datetime.date | None) -> Dated | str:
    if day.year < EARLIEST_YEAR:
        return "date_too_early"
    if today is not None and day > today:
        return "date_in_future"
    if (day.month, day.day) not in _ARTEFACTS:
        return Dated(day, day, "day")
    year = datetime.date(day.year, 1, 1), datetime.date(day.year, 12, 31)
    return Dated(day, day, "day", year)


def year_first(text: str, order: str) -> str:
    """Write a date that ends with its year in the order in which dates are read.

    Args:
        text: A cell. What is no such date is left as it is.
        order: The order of day and month in the source, one of `ORDERS`.
    """
    match = _YEAR_LAST.fullmatch(_plain(text))
    if match is None or match[1] is None:
        return text
    day, month = (match[1], match[2]) if order == "dmy" else (match[2], match[1])
    return f"{match[3]}-{month:0>2}-{day:0>2}"


def _birth_from_date(
    birth_date: str | None,
    calendar: str | None,
    today: datetime.date | None,
    problems: list[Problem],
) -> Birth | None:
    if birth_date is None:
        return None
    counted = calendar_named(calendar)
    if counted is None:
        problems.append(Problem("birth_date", "calendar_not_supported"))
        return None
    dated = parse_date(birth_date, today=today, calendar=counted)
    if isinstance(dated, str):
        problems.append(Problem("birth_date", dated))
        return None
    if dated.artefact_of is not None:
        return Birth(*dated.artefact_of, "year", artefact=True)
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
    youngest = int(match[1]) if match else OLDEST_AGE + 1
    oldest = int(match[2]) if match and match[2] else youngest
    if not youngest <= oldest <= OLDEST_AGE:
        problems.append(Problem("age", "age_unreadable"))
        return None
    if not isinstance(told, Dated):
        problems.append(Problem("age", "age_without_day"))
        return None
    earliest = _same_day(told.earliest, oldest + 1) + datetime.timedelta(days=1)
    return Birth(earliest, _same_day(told.latest, youngest), "age")


def _same_day(day: datetime.date, years: int) -> datetime.date:
    """Give the last day of birth on which someone has completed `years` years on `day`.

    Someone born on 29 February completes a year on 1 March where there is no 29 February.
    """
    year = day.year - years
    leaped = (day.month, day.day) == (2, 29) and not civil.isleap(year)
    return day.replace(year=year, day=28 if leaped else day.day)


def _year_month_day(plain: str, calendar: Calendar) -> Dated | str:
    numbers = _numbers(plain, calendar)
    if isinstance(numbers, str):
        return numbers
    year, month, day = numbers
    days = calendar.days(year, month, day)
    if days is None:
        whole_year = calendar.days(year)
        early = year == 0 or (whole_year is not None and whole_year[1].year < EARLIEST_YEAR)
        return "date_too_early" if early else "date_impossible"
    if days[1].year < EARLIEST_YEAR:
        return "date_too_early"
    if month is None:
        return Dated(*days, "year")
    if day is None:
        return Dated(*days, "month")
    artefact = _is_artefact(calendar, year, month, day)
    return Dated(*days, "day", calendar.days(year) if artefact else None)


def _numbers(plain: str, calendar: Calendar) -> tuple[int, int | None, int | None] | str:
    """Read year, month and day, or name the rule that the text breaks."""
    if match := _DATE.fullmatch(plain):
        year, month, day = match.groups()
        return int(year), int(month) if month else None, int(day) if day else None
    match = _YEAR_LAST.fullmatch(plain)
    if match is None:
        return "date_unreadable"
    second, year = int(match[2]), int(match[3])
    if match[1] is None:
        return year, second, None
    first, months = int(match[1]), calendar.most_months
    if first != second and first <= months and second <= months:
        return "date_order_unknown"
    return (year, second, first) if second <= months else (year, first, second)


def _is_artefact(calendar: Calendar, year: int, month: int, day: int) -> bool:
    if calendar is CALENDARS["gregorian"]:
        return (month, day) in _ARTEFACTS
    return calendar.starts_year(year, month, day)


def _decade(tens: int, calendar: Calendar) -> Dated | str:
    first, last = calendar.days(10 * tens or 1), calendar.days(10 * tens + 9)
    if first is None or last is None:
        return "date_impossible"
    if last[1].year < EARLIEST_YEAR:
        return "date_too_early"
    return Dated(first[0], last[1], "decade")


def _plain(text: str) -> str:
    """Write digits and dividers of every script in ASCII, without invisible characters."""
    if text.isascii():
        return text.strip()
    divided = text.translate(_DIVIDERS)
    visible = (letter for letter in divided if unicodedata.category(letter) != "Cf")
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in visible).strip()
