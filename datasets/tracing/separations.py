"""When and where people were parted from their families, and what either side tells of it.

Relatives are mostly parted in one event, and many families of one town in one too, as when a town
was fled from: so a day and a place that agree are no proof, and days that are years apart no
refutation, since some were parted twice and tell of the other time.
"""

from typing import NamedTuple

import numpy as np

from datasets.tracing.dates_written import iso
from datasets.tracing.dice import Dice, Ints, Texts
from datasets.tracing.families import LAST_BIRTH, PLACES_IN_FAMILY, People
from datasets.tracing.lexicon import HOST_PLACES, Lexicon
from datasets.tracing.name_parts import Side

_FIRST_DAY, _LAST_DAY = int(np.datetime64("2012-01-01", "D").astype(np.int64)), int(LAST_BIRTH)
_SHARE_OF_TOWN = 0.35  # of the families, in the event that parted many of their town
_SHARE_WITH_FAMILY = 0.70  # of its members
_SHARE_ON_THE_WAY = 0.35  # of the families: not at home
_PRECISIONS = ("missing", "year", "month", "day")
_LENGTHS = {1: 4, 2: 7}  # of what is written of a date
_PRECISION_WEIGHTS: dict[Side, tuple[float, ...]] = {
    "request": (0.20, 0.20, 0.30, 0.30),
    "register": (0.40, 0.20, 0.20, 0.20),
}
_DATE_FATES = ("none", "days_off", "months_off", "year_off", "another_time")
_DATE_FATE_WEIGHTS = (0.60, 0.15, 0.12, 0.06, 0.07)
_OFF = {1: (1, 20), 2: (21, 100), 3: (300, 430)}  # days
_PLACE_FATES = ("missing", "where", "home", "elsewhere")
_PLACE_FATE_WEIGHTS: dict[Side, tuple[float, ...]] = {
    "request": (0.20, 0.66, 0.09, 0.05),
    "register": (0.40, 0.48, 0.07, 0.05),
}


class Separations(NamedTuple):
    """When and where n people were parted from their families.

    Attributes:
        day: Days since 1970-01-01, after birth.
        place: Ids of places.
    """

    day: Ints
    place: Ints

    def take(self, rows: Ints) -> "Separations":
        """Give those of these rows, in this order."""
        return Separations(self.day[rows], self.place[rows])


def happened(dice: Dice, lexicon: Lexicon, people: People) -> Separations:
    """Draw when and where everybody was parted from the family.

    Args:
        dice: The source of chance.
        lexicon: Places.
        people: Whole families, as `datasets.tracing.families.found` makes them.
    """
    families = len(people) // PLACES_IN_FAMILY
    culture = people.culture.reshape(families, -1)[:, 0]
    home = people.home.reshape(families, -1)[:, 0]
    of_town = dice.whole(_FIRST_DAY, _LAST_DAY, int(people.home.max()) + 1)[home]
    own_day = dice.whole(_FIRST_DAY, _LAST_DAY, families)
    day = np.where(dice.share(_SHARE_OF_TOWN, families), of_town, own_day)
    way = lexicon.draw(culture, "places", dice.unit(families))
    is_on_the_way = dice.share(_SHARE_ON_THE_WAY, families) & (day != of_town)

    family = np.repeat(np.arange(families), PLACES_IN_FAMILY)
    with_family = dice.share(_SHARE_WITH_FAMILY, len(people)) & (day[family] > people.born)
    first = np.maximum(people.born + 1, _FIRST_DAY)
    alone = first + (dice.unit(len(people)) * np.maximum(_LAST_DAY - first, 0)).astype(np.int64)
    return Separations(
        np.where(with_family, day[family], alone),
        np.where(with_family & is_on_the_way[family], way[family], people.home),
    )


def told(
    dice: Dice,
    lexicon: Lexicon,
    people: People,
    parted: Separations,
    *,
    side: Side,
    scripts: Ints,
) -> tuple[dict[str, Texts], dict[str, Texts]]:
    """Write what is told of each separation.

    Args:
        dice: The source of chance.
        lexicon: Places and their spellings.
        people: One row, one record.
        parted: What happened.
        side: Written by whom, `request` or `register`: who was parted is asked less often.
        scripts: In which script, a number of `SCRIPTS`.

    Returns:
        The columns `last_seen_date` and `last_seen_place`; and what happened: `parted` (missing,
        year, month or day), `parted_error` (none, days_off, months_off, year_off, another_time)
        and `parted_at` (missing, where, home, elsewhere).
    """
    size = len(people)
    precision = dice.choice(_PRECISION_WEIGHTS[side], size)
    fate = np.where(precision > 0, dice.choice(_DATE_FATE_WEIGHTS, size), 0)
    day = parted.day + _off(dice, fate)
    days_ever = (dice.unit(size) * (_LAST_DAY - _FIRST_DAY)).astype(np.int64)
    day = np.where(fate == _DATE_FATES.index("another_time"), _FIRST_DAY + days_ever, day)
    day = np.maximum(day, people.born + 1)
    where = dice.choice(_PLACE_FATE_WEIGHTS[side], size)
    host = lexicon.draw(np.full(size, HOST_PLACES), "places", dice.unit(size))
    places = np.stack([parted.place, parted.place, people.home, host])
    spelled = lexicon.spellings.pick(places[where, np.arange(size)], scripts, dice.unit(size))
    columns = {
        "last_seen_date": _written(day, precision),
        "last_seen_place": np.where(where > 0, spelled, ""),
    }
    happened = {
        "parted": np.array(_PRECISIONS, dtype=object)[precision],
        "parted_error": np.array(_DATE_FATES, dtype=object)[fate],
        "parted_at": np.array(_PLACE_FATES, dtype=object)[where],
    }
    return columns, happened


def _off(dice: Dice, fate: Ints) -> Ints:
    off = np.zeros(len(fate), dtype=np.int64)
    for number, (low, high) in _OFF.items():
        drawn = dice.whole(low, high, len(fate)) * (1 - 2 * dice.share(0.5, len(fate)))
        off = np.where(fate == number, drawn, off)
    return off


def _written(day: Ints, precision: Ints) -> Texts:
    written = iso(day)
    for kind, length in _LENGTHS.items():
        rows = np.flatnonzero(precision == kind)
        written[rows] = written[rows].astype(f"U{length}")
    return np.where(precision > 0, written, "")
