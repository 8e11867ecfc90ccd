"""How a clerk writes what is known of a birth date, and when and where a person was last seen."""

import numpy as np

from datasets.tracing.dice import Bools, Dice, Ints, Texts
from datasets.tracing.families import People

BIRTHS = ("missing", "age", "year", "month", "day", "artefact")
_BIRTH_WEIGHTS = (0.20, 0.10, 0.05, 0.02, 0.63, 0.0)
_MISSING, _AGE, _YEAR_ALONE, _MONTH, _DAY, _ARTEFACT = range(len(BIRTHS))

_SHARE_ARTEFACT = 0.18  # of the days that the papers know, are written as 1 January all the same
_SHARE_YEAR_OFF = 0.06
_SHARE_SWAPPED = 0.03
_SHARE_AGE_OFF = 0.30
_FIRST_TOLD, _LAST_TOLD = (
    int(np.datetime64(day, "D").astype(np.int64)) for day in ("2023-01-01", "2024-12-31")
)
_LAST_YEAR = 2022  # of families.LAST_BIRTH
_LONGEST_UNSEEN = 4000  # days


def told(dice: Dice, size: int) -> Ints:
    """Draw the day on which each record was told, in days since 1970-01-01: in 2023 or 2024."""
    return dice.whole(_FIRST_TOLD, _LAST_TOLD, size)


def iso(days: Ints) -> Texts:
    """Write days as ISO dates."""
    return np.datetime_as_string(days.astype("datetime64[D]")).astype(object)


def write_births(
    dice: Dice, people: People, told_on: Ints
) -> tuple[dict[str, Texts], dict[str, Texts]]:
    """Write what is known of each birth date.

    Args:
        dice: The source of chance.
        people: One row, one record.
        told_on: The day of each record.

    Returns:
        The columns `birth_date, age, age_on, calendar`; and what happened: `birth` (missing, age,
        year, month, day, or artefact: 1 January, because papers or clerks put it for the day)
        and `birth_error` (none, year_off, day_month_swapped, age_off).
    """
    size = len(people)
    kind = dice.choice(_BIRTH_WEIGHTS, size)
    artefact = people.first_of_january | dice.share(_SHARE_ARTEFACT, size)
    kind[(kind == _DAY) & artefact] = _ARTEFACT
    year, month, day = _parts(people.born)
    wrong_year = _wrong_year(dice, year)
    year_off = dice.share(_SHARE_YEAR_OFF, size) & (kind >= _YEAR_ALONE)
    swapped = dice.share(_SHARE_SWAPPED, size) & (kind == _DAY) & (day <= 12) & (day != month)
    swapped &= ~year_off
    year = np.where(year_off, wrong_year, year)
    month, day = np.where(swapped, day, month), np.where(swapped, month, day)
    # a 29 February in a wrong year would be no date at all
    day = np.where(year_off & (month == 2), np.minimum(day, 28), day)
    age, age_off = _ages(dice, people.born, told_on)
    age_off &= kind == _AGE
    has_date, has_age = kind >= _YEAR_ALONE, kind == _AGE
    columns = {
        "birth_date": np.where(has_date, _written(kind, year, month, day), ""),
        "age": np.where(has_age, age.astype(str).astype(object), ""),
        "age_on": np.where(has_age, iso(told_on), ""),
        "calendar": np.where(has_date, "gregorian", "").astype(object),
    }
    errors = np.array(["none", "year_off", "day_month_swapped", "age_off"], dtype=object)
    happened = {
        "birth": np.array(BIRTHS, dtype=object)[kind],
        "birth_error": errors[year_off + 2 * swapped + 3 * age_off],
    }
    return columns, happened


def last_seen(dice: Dice, people: People, told_on: Ints) -> Texts:
    """Draw the day on which each person was last seen, after birth and before the telling."""
    span = np.minimum(told_on - people.born, _LONGEST_UNSEEN)
    return iso(told_on - 1 - (dice.unit(len(people)) * (span - 1)).astype(np.int64))


def _parts(days: Ints) -> tuple[Ints, Ints, Ints]:
    day = days.astype("datetime64[D]")
    month, year = day.astype("datetime64[M]"), day.astype("datetime64[Y]")
    return (
        year.astype(np.int64) + 1970,
        month.astype(np.int64) % 12 + 1,
        (day - month).astype(np.int64) + 1,
    )


def _off_by_one_or_two(dice: Dice, size: int) -> Ints:
    off: Ints = np.array([-2, -1, 1, 2])[dice.choice([1, 2, 2, 1], size)]
    return off


def _wrong_year(dice: Dice, year: Ints) -> Ints:
    off = _off_by_one_or_two(dice, len(year))
    return np.where(year + off <= _LAST_YEAR, year + off, year - off)


def _ages(dice: Dice, born: Ints, told_on: Ints) -> tuple[Ints, Bools]:
    """Give the age in whole years that each person is said to have, and whether it is wrong."""
    year, month, day = _parts(born)
    told_year, told_month, told_day = _parts(told_on)
    before_birthday = (told_month < month) | ((told_month == month) & (told_day < day))
    true_age = told_year - year - before_birthday
    wrong = dice.share(_SHARE_AGE_OFF, len(born))
    age = true_age + np.where(wrong, _off_by_one_or_two(dice, len(born)), 0)
    age = np.maximum(age, 0)
    return age, age != true_age


def _written(kind: Ints, year: Ints, month: Ints, day: Ints) -> Texts:
    """Write dates as exactly as their kind says."""
    artefact = kind == _ARTEFACT
    month, day = np.where(artefact, 1, month), np.where(artefact, 1, day)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first_of_month = months.astype("datetime64[D]").astype(np.int64)
    text = np.datetime_as_string((first_of_month + day - 1).astype("datetime64[D]"))
    written: Texts = text.astype(object)
    for part, length in ((_YEAR_ALONE, 4), (_MONTH, 7)):
        rows = np.flatnonzero(kind == part)
        written[rows] = text[rows].astype(f"U{length}")
    return written
