"""The births of many records at once: what `encoders.dates.parse_birth` reads, in columns.

A register has nearly as many births as people, and most are written in one plain way. A kernel
reads these; everything else is asked of `parse_birth`, each distinct one once.
"""

import datetime
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from encoders.columns import cells_of
from encoders.dates import ABSENT, EARLIEST_YEAR, OLDEST_AGE, Birth, Precision, parse_birth

Days = npt.NDArray[np.int32]
"""Days as 512 times the year and 32 times the month and the day; 0 is none."""

BIRTH_COLUMNS = ("birth_date", "age", "age_on", "calendar")
PRECISIONS: tuple[Precision, ...] = ("absent", "age", "decade", "year", "month", "day")

_AGE, _YEAR, _MONTH, _DAY = (PRECISIONS.index(name) for name in ("age", "year", "month", "day"))
_NOT_READ, _BROKEN = -1, -2
_FIRST_OF_YEAR, _LAST_OF_YEAR = 1 << 5 | 1, 12 << 5 | 31
_DAY_OF_YEAR = 511
_SOME_LEAP_YEAR = 2000 << 9
_KEY_BITS = 24
_GREGORIAN = "gregorian"


@dataclass(frozen=True, slots=True, repr=False)
class Births:
    """What is known of the births of n persons, as `encoders.dates.Birth` has it.

    Attributes:
        earliest: Shape (n,): the first day that each can be.
        latest: Shape (n,): the last day.
        precision: Shape (n,), int8: positions in `PRECISIONS`; less than 0 where a birth could not
            be read, for a defect of ours.
    """

    earliest: Days
    latest: Days
    precision: npt.NDArray[np.int8]

    def all_of_it(self) -> "Births":
        """Give the births as they are."""
        return self

    def to_the_day(self) -> "Births":
        """Give the births whose day was written; all others are absent."""
        return self._where((self.precision == _DAY) | (self.precision < 0))

    def years(self) -> "Births":
        """Give the births with their first and last day moved to the ends of those years."""
        there = self.earliest > 0
        first = self.earliest & ~_DAY_OF_YEAR | _FIRST_OF_YEAR
        last = self.latest & ~_DAY_OF_YEAR | _LAST_OF_YEAR
        return Births(np.where(there, first, 0), np.where(there, last, 0), self.precision)

    def days(self) -> "Births":
        """Give the births whose month or day was written; those of one day in the same year."""
        written = self._where((self.precision >= _MONTH) | (self.precision < 0))
        one_day = (written.precision == _DAY) & (written.earliest == written.latest)
        day = written.earliest & _DAY_OF_YEAR | _SOME_LEAP_YEAR
        return Births(
            np.where(one_day, day, written.earliest),
            np.where(one_day, day, written.latest),
            written.precision,
        )

    def keys(self) -> npt.NDArray[np.int64]:
        """Give a number for each birth, the same for those that are alike."""
        earliest, latest = self.earliest.astype(np.int64), self.latest.astype(np.int64)
        return (earliest << _KEY_BITS | latest) << 3 | self.precision

    def _where(self, chosen: npt.NDArray[np.bool_]) -> "Births":
        return Births(self.earliest * chosen, self.latest * chosen, self.precision * chosen)


def birth_of(key: int) -> Birth:
    """Give the birth that has a key; of no artefact is it told that it is one.

    Raises:
        ValueError: The birth could not be read.
    """
    if key < 0:
        raise ValueError
    precision = PRECISIONS[key & 7]
    if precision == "absent":
        return ABSENT
    latest, earliest = key >> 3 & (1 << _KEY_BITS) - 1, key >> 3 + _KEY_BITS
    return Birth(_date(earliest), _date(latest), precision)


def _date(packed: int) -> datetime.date:
    return datetime.date(packed >> 9, packed >> 5 & 15, packed & 31)


def _packed(day: datetime.date | None) -> int:
    return 0 if day is None else day.year << 9 | day.month << 5 | day.day


class BirthReader:
    """Reads births, and remembers those that are not plain; shows nothing of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, ...], tuple[int, int, int]] = {}

    def __len__(self) -> int:
        """How many births are remembered."""
        return len(self._known)

    def read(self, table: Any) -> Births:
        """Read the births of n records.

        Args:
            table: A `pyarrow.Table` of n rows with the columns of `BIRTH_COLUMNS`.
        """
        births = Births(
            np.zeros(table.num_rows, dtype=np.int32),
            np.zeros(table.num_rows, dtype=np.int32),
            np.zeros(table.num_rows, dtype=np.int8),
        )
        columns = ("birth_date", "age", "age_on")
        dates, ages, told = (cells_of(table.column(name)) for name in columns)
        calendar = pc.fill_null(table.column("calendar"), _GREGORIAN)
        _read_plain(
            *dates,
            *ages,
            *told,
            pc.equal(calendar, _GREGORIAN).to_numpy(),
            births.earliest,
            births.latest,
            births.precision,
        )
        rows = np.flatnonzero(births.precision == _NOT_READ)
        if len(rows):
            cells = (table.column(name).take(rows).to_pylist() for name in BIRTH_COLUMNS)
            read = np.array([self._read(row) for row in zip(*cells, strict=True)])
            births.earliest[rows], births.latest[rows], births.precision[rows] = read.T
        return births

    def _read(self, cells: tuple[str | None, ...]) -> tuple[int, int, int]:
        if cells not in self._known:
            self._known[cells] = _read_any(cells)
        return self._known[cells]


def _read_any(cells: tuple[str | None, ...]) -> tuple[int, int, int]:
    try:
        birth, _ = parse_birth(*cells)
    except Exception:  # a defect of ours, whose text may hold the value
        return 0, 0, _BROKEN
    return _packed(birth.earliest), _packed(birth.latest), PRECISIONS.index(birth.precision)


@numba.njit(cache=True, nogil=True)
def _read_plain(  # type: ignore[no-untyped-def]
    dates, date_ends, ages, age_ends, told, told_ends, gregorian, earliest, latest, precision
):
    """Read what is written as 1998-02-05, 1998-02 or 1998, and ages told on a whole day.

    What is neither has the precision `_NOT_READ` afterwards.
    """
    for row in range(len(precision)):
        date = dates[date_ends[row] : date_ends[row + 1]]
        age = ages[age_ends[row] : age_ends[row + 1]]
        precision[row] = _NOT_READ
        if len(date):
            year, month, day = _written(date)
            if not year or not gregorian[row]:
                continue
            first = last = year << 9 | month << 5 | day
            precision[row] = _DAY
            if not month or first & _DAY_OF_YEAR in (_FIRST_OF_YEAR, 7 << 5 | 1, _LAST_OF_YEAR):
                first, last = year << 9 | _FIRST_OF_YEAR, year << 9 | _LAST_OF_YEAR
                precision[row] = _YEAR
            elif not day:
                first, last = first | 1, first | _days_in(year, month)
                precision[row] = _MONTH
            earliest[row], latest[row] = first, last
        elif len(age):
            years = _number(age) if len(age) <= 3 else -1
            year, month, day = _written(told[told_ends[row] : told_ends[row + 1]])
            if day and 0 <= years <= OLDEST_AGE:
                on = year << 9 | month << 5 | day
                earliest[row] = _day_after(_years_before(on, years + 1))
                latest[row] = _years_before(on, years)
                precision[row] = _AGE
        else:
            precision[row] = 0


@numba.njit(cache=True, inline="always")
def _written(text):  # type: ignore[no-untyped-def]
    """Read year, month and day, 0 for what is not written; no year where it is no such date."""
    month = day = 0
    if len(text) not in (4, 7, 10):
        return 0, 0, 0
    year = _number(text[:4])
    if len(text) >= 7:
        month = _number(text[5:7])
        if text[4] != ord("-") or not 1 <= month <= 12:
            return 0, 0, 0
    if len(text) == 10:
        day = _number(text[8:])
        if text[7] != ord("-") or not 1 <= day <= _days_in(year, month):
            return 0, 0, 0
    return (year, month, day) if year >= EARLIEST_YEAR else (0, 0, 0)


@numba.njit(cache=True, inline="always")
def _number(text):  # type: ignore[no-untyped-def]
    """Read digits of ASCII; -1 where something else stands among them."""
    number = 0
    for octet in text:
        if not ord("0") <= octet <= ord("9"):
            return -1
        number = 10 * number + octet - ord("0")
    return number


@numba.njit(cache=True, inline="always")
def _days_in(year, month):  # type: ignore[no-untyped-def]
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@numba.njit(cache=True, inline="always")
def _years_before(day, years):  # type: ignore[no-untyped-def]
    """The same day so many years before, 28 February where there is no 29th."""
    before = day - (years << 9)
    return before - 1 if (before & 31) > _days_in(before >> 9, before >> 5 & 15) else before


@numba.njit(cache=True, inline="always")
def _day_after(day):  # type: ignore[no-untyped-def]
    if (day & 31) < _days_in(day >> 9, day >> 5 & 15):
        return day + 1
    if (day >> 5 & 15) < 12:
        return (day >> 5) + 1 << 5 | 1
    return (day >> 9) + 1 << 9 | _FIRST_OF_YEAR
