"""Calendars: from a year, month and day as a source counts them to the days that they can be.

A reckoning gives, for one year, every month with its first and last day, in the order of the year.
A calendar has one reckoning or, where its users don't agree on one, several: a date is then an
interval. All arithmetic is in whole numbers, so that a date gives the same days everywhere.
"""

import calendar as civil
import datetime
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from hijridate import Hijri

Months = Mapping[int, tuple[int, int]]
"""First and last day of each month of a year as proleptic Gregorian ordinals, in year order."""

# Every date of a year asks for the same months. What is remembered are years alone.
_each_year_once = lru_cache(maxsize=512)

_UMM_AL_QURA_YEARS = range(1343, 1501)
_LAST_ORDINAL = datetime.date.max.toordinal()


@dataclass(frozen=True)
class Calendar:
    """A calendar that birth dates are written in.

    Attributes:
        reckonings: Give the months of a year; the calendar's users may follow any of them. One
            that does not reach a year has no months there.
        most_months: The highest number that a month can have.
        sighted: Whether months begin when the moon is seen: any can then have had a 30th day.
    """

    reckonings: tuple[Callable[[int], Months], ...]
    most_months: int = 12
    sighted: bool = False

    def days(
        self, year: int, month: int | None = None, day: int | None = None
    ) -> tuple[datetime.date, datetime.date] | None:
        """Give the days that a date can be.

        Args:
            year: A year of this calendar, from 1.
            month: A month by the calendar's number; None where it is not known.
            day: A day of the month; None where it is not known.

        Returns:
            The first and the last day (the interval is closed), or None where there is no such
            date, or none before the year 10000.
        """
        spans = []
        for months in self.reckonings:
            span = self._days(months(year), month, day)
            if span is not None:
                spans.append(span)
        if not spans:
            return None
        first, last = spans[0]
        for span in spans[1:]:
            first, last = min(first, span[0]), max(last, span[1])
        if not 1 <= first <= last <= _LAST_ORDINAL:
            return None
        return datetime.date.fromordinal(first), datetime.date.fromordinal(last)

    def starts_year(self, year: int, month: int, day: int) -> bool:
        """Tell whether a date is the first day of its year."""
        return day == 1 and month == next(iter(self.reckonings[-1](year)))

    def _days(self, months: Months, month: int | None, day: int | None) -> tuple[int, int] | None:
        if not months:
            return None
        if month is None:
            spans = list(months.values())
            return spans[0][0], spans[-1][1]
        if month not in months:
            return None
        first, last = months[month]
        if day is None:
            return first, last
        if not 1 <= day <= max(last - first + 1, 30 if self.sighted else 0):
            return None
        return first + day - 1, first + day - 1


def calendar_named(text: str | None) -> Calendar | None:
    """Find a calendar by the word that a source has for it; an absent word is Gregorian.

    Returns:
        The calendar, or None where the word is not known.
    """
    if text is None:
        return CALENDARS["gregorian"]
    if text in CALENDARS:
        return CALENDARS[text]
    folded = unicodedata.normalize("NFKC", text).casefold()
    word = "".join(letter for letter in folded if letter.isalnum())
    return CALENDARS.get(_CODES.get(word, ""))


def _from_lengths(first: int, lengths: dict[int, int]) -> Months:
    months: dict[int, tuple[int, int]] = {}
    for month, length in lengths.items():
        months[month] = (first, first + length - 1)
        first += length
    return months


@_each_year_once
def _gregorian(year: int) -> Months:
    if not 1 <= year <= datetime.MAXYEAR:
        return {}
    lengths = {month: civil.monthrange(year, month)[1] for month in range(1, 13)}
    return _from_lengths(datetime.date(year, 1, 1).toordinal(), lengths)


@_each_year_once
def _tabular_hijri(year: int) -> Months:
    """The arithmetic Islamic calendar, leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26 and 29 of 30.

    Source: Reingold and Dershowitz, Calendrical Calculations, 4th edition (2018), section 7.1.
    """
    lengths = {month: 30 if month % 2 else 29 for month in range(1, 13)}
    lengths[12] += (14 + 11 * year) % 30 < 11
    first = 227_015 + 354 * (year - 1) + (3 + 11 * year) // 30
    return _from_lengths(first, lengths)


@_each_year_once
def _umm_al_qura(year: int) -> Months:
    """The official calendar of Saudi Arabia, by the tables of hijridate."""
    if year not in _UMM_AL_QURA_YEARS:
        return {}
    starts = [Hijri(year, month, 1) for month in range(1, 13)]
    lengths = {month: start.month_length() for month, start in enumerate(starts, start=1)}
    return _from_lengths(starts[0].to_gregorian().toordinal(), lengths)


# Years in which the 33-year cycle of leap years starts anew.
_SOLAR_BREAKS = (
    *(-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210),
    *(1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178),
)


@_each_year_once
def _solar_hijri(year: int) -> Months:
    """The calendar of Iran and Afghanistan, whose year starts at the spring equinox in Tehran.

    Source: Borkowski, The Persian calendar for 3000 years, Earth, Moon, and Planets 74 (1996),
    section 4: the equinoxes, worked out once and kept as the years in which the cycle breaks.
    """
    if not _SOLAR_BREAKS[0] <= year < _SOLAR_BREAKS[-1] - 1:
        return {}
    first = _nowruz(year)
    lengths = {month: 31 if month <= 6 else 30 for month in range(1, 12)}
    lengths[12] = _nowruz(year + 1) - first - sum(lengths.values())
    return _from_lengths(first, lengths)


def _nowruz(year: int) -> int:
    """First day of a Solar Hijri year, as an ordinal."""
    place = bisect_right(_SOLAR_BREAKS, year)
    jumps = [end - start for start, end in pairwise(_SOLAR_BREAKS[:place])]
    leaps = sum(jump // 33 * 8 + jump % 33 // 4 for jump in jumps) - 14
    start, end = _SOLAR_BREAKS[place - 1], _SOLAR_BREAKS[place]
    jump, into = end - start, year - start
    leaps += into // 33 * 8 + (into % 33 + 3) // 4
    if jump % 33 == 4 and jump - into == 4:
        leaps += 1
    civil_year = year + 621
    civil_leaps = civil_year // 4 - (civil_year // 100 + 1) * 3 // 4 - 150
    return datetime.date(civil_year, 3, 1).toordinal() + 19 + leaps - civil_leaps


@_each_year_once
def _ethiopian(year: int) -> Months:
    """The calendar of Ethiopia and Eritrea: twelve months of 30 days and one of five or six.

    Year 1 starts on 29 August of the year 8 in the Julian calendar, and every fourth year has a
    sixth day in Pagume: years 3, 7, 11 and so on.
    Source: Reingold and Dershowitz, Calendrical Calculations, 4th edition (2018), section 4.2.
    """
    lengths = dict.fromkeys(range(1, 13), 30)
    lengths[13] = 6 if year % 4 == 3 else 5
    return _from_lengths(2796 + 365 * (year - 1) + year // 4, lengths)


@_each_year_once
def _hebrew(year: int) -> Months:
    """The Hebrew calendar; months count from Nisan, and the year starts with the seventh, Tishri.

    Source: Reingold and Dershowitz, Calendrical Calculations, 4th edition (2018), section 8.2.
    """
    first, after = _tishri(year), _tishri(year + 1)
    days = after - first
    leap = days > 380
    lengths = {7: 30, 8: 30 if days % 10 == 5 else 29, 9: 29 if days % 10 == 3 else 30}
    lengths |= {10: 29, 11: 30, 12: 30 if leap else 29} | ({13: 29} if leap else {})
    lengths |= {1: 30, 2: 29, 3: 30, 4: 29, 5: 30, 6: 29}
    return _from_lengths(first, lengths)


def _tishri(year: int) -> int:
    """First day of a Hebrew year, as an ordinal."""
    before, days, after = (_elapsed_days(y) for y in (year - 1, year, year + 1))
    delay = 2 if after - days == 356 else 1 if days - before == 382 else 0
    return days + delay - 1_373_427


def _elapsed_days(year: int) -> int:
    """Days from the calendar's start to the new moon of a year, moved off forbidden weekdays."""
    months = (235 * year - 234) // 19
    parts = 12_084 + 13_753 * months
    days = 29 * months + parts // 25_920
    return days + 1 if 3 * (days + 1) % 7 < 3 else days


CALENDARS = {
    "gregorian": Calendar((_gregorian,)),
    "hijri": Calendar((_umm_al_qura, _tabular_hijri), sighted=True),
    "solar-hijri": Calendar((_solar_hijri,)),
    "ethiopian": Calendar((_ethiopian,), most_months=13),
    "hebrew": Calendar((_hebrew,), most_months=13),
}
"""Every calendar by the code that the column `calendar` has for it."""

_WORDS = {
    "gregorian": "gregorian gregorien gregoriano gregorianisch western ميلادي میلادی",
    "hijri": "hijri hijrah hegira islamic islamique islámico islamisch muslim lunarhijri "
    "hijriqamari qamari ummalqura هجري هجری هجريقمري هجریقمری",
    "solar-hijri": "solarhijri hijrishamsi shamsi jalali persian iranian afghan "
    "شمسی شمسي هجریشمسی هجريشمسي خورشیدی",
    "ethiopian": "ethiopian ethiopic ethiopia eritrean éthiopien äthiopisch etiope ዓም",
    "hebrew": "hebrew jewish עברי",
}
_CODES = {word: code for code, words in _WORDS.items() for word in words.split()}
