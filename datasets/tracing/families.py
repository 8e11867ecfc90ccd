"""Families: whole people with their kin, before anybody writes anything about them.

A family is a grandfather and grandmother, their sons A and B with their wives, and both couples'
children, in fifteen fixed places:

    0 grandfather  1 grandmother
    2 father A     3 mother A     4-8   children of A
    9 father B    10 mother B    11-14  children of B

so that siblings, twins and cousins of one name and one grandfather arise, which are what a
matcher takes for one another.
"""

from dataclasses import dataclass, fields

import numpy as np

from datasets.tracing.cultures import CULTURES
from datasets.tracing.dice import Bools, Dice, Floats, Ints
from datasets.tracing.lexicon import ABSENT, HOST_PLACES, Lexicon

PLACES_IN_FAMILY = 15
GRANDFATHER, GRANDMOTHER, FATHER_A, MOTHER_A, FATHER_B, MOTHER_B = 0, 1, 2, 3, 9, 10
CHILDREN_A = range(4, 9)
CHILDREN_B = range(11, 15)
WIVES = (GRANDMOTHER, MOTHER_A, MOTHER_B)
MALE, FEMALE = 0, 1

LAST_BIRTH = np.datetime64("2022-12-31", "D").astype(np.int64)
"""Nobody is born later; every record is told later. Days since 1970-01-01."""

_YEAR = 365.25
_GRANDFATHERS = tuple(
    int(np.datetime64(day, "D").astype(np.int64)) for day in ("1925-01-01", "1957-12-31")
)
_SHARE_WITH_B = 0.7
_SHARE_TWIN = 0.04
_SHARE_NAMESAKE_COUSIN = 0.15
_SHARE_FIRST_OF_JANUARY = 0.42
_CHILDREN_A_WEIGHTS = (0.05, 0.15, 0.25, 0.25, 0.2, 0.1)
_CHILDREN_B_WEIGHTS = (0.1, 0.25, 0.3, 0.2, 0.15)


@dataclass(frozen=True)
class People:
    """People as arrays of one length; row p is person p. Names and places are lexicon ids.

    Attributes:
        family_no: The family; people of one number are kin.
        place: The place in the family, as the module draws it.
        exists: Whether that place is taken (not every couple has five children).
        culture: Number of the culture.
        sex: `MALE` or `FEMALE`.
        given: Own name.
        second: Second given name, or `ABSENT`.
        father: Father's own name.
        grandfather: Paternal grandfather's own name.
        family: Family name, or `ABSENT`.
        second_family: Mother's surname where people bear two, or `ABSENT`.
        birth_family: Family name at birth; differs for women who took their husband's.
        mother: Mother's own name.
        mother_family: Mother's family name at birth, or `ABSENT`.
        born: Day of birth, in days since 1970-01-01.
        first_of_january: Whether the person's papers say 1 January instead of the day.
        birth_place: Where the person was born.
        home: Where the household lived.
        host: Where most of the family arrived.
    """

    family_no: Ints
    place: Ints
    exists: Bools
    culture: Ints
    sex: Ints
    given: Ints
    second: Ints
    father: Ints
    grandfather: Ints
    family: Ints
    second_family: Ints
    birth_family: Ints
    mother: Ints
    mother_family: Ints
    born: Ints
    first_of_january: Bools
    birth_place: Ints
    home: Ints
    host: Ints

    def __len__(self) -> int:
        return len(self.given)

    def take(self, rows: Ints) -> "People":
        """Give the people of these rows, in this order."""
        return People(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def joined(one: "People", other: "People") -> "People":
        """Put two groups of people behind each other; the second gets new family numbers."""
        shift = int(one.family_no.max(initial=-1)) + 1
        columns = {
            f.name: np.concatenate([getattr(one, f.name), getattr(other, f.name)])
            for f in fields(People)
        }
        columns["family_no"][len(one) :] += shift
        return People(**columns)


def found(dice: Dice, lexicon: Lexicon, families: int) -> People:
    """Generate families.

    Every parent is at least 16 years older than each child, siblings bear different names, and
    twins share a birthday.

    Args:
        dice: The source of chance.
        lexicon: Names and places.
        families: How many.

    Returns:
        `15 * families` people, some of whom do not exist.
    """
    shape = (families, PLACES_IN_FAMILY)
    culture = dice.choice([c.weight for c in CULTURES], families)
    sex = _sexes(dice, families)
    given = _given(dice, lexicon, culture, sex)
    born = _births(dice, families)
    lineage = _lineage(dice, lexicon, culture, given)
    homes = _homes(dice, lexicon, culture)
    everyone = {
        "family_no": np.broadcast_to(np.arange(families)[:, None], shape),
        "place": np.broadcast_to(np.arange(PLACES_IN_FAMILY), shape),
        "exists": _exists(dice, born),
        "culture": np.broadcast_to(culture[:, None], shape),
        "sex": sex,
        "given": given,
        "second": _second(dice, lexicon, culture, sex, given),
        "born": born,
        "first_of_january": dice.unit(*shape) < _SHARE_FIRST_OF_JANUARY,
        **lineage,
        **homes,
    }
    return People(**{name: np.ascontiguousarray(a).reshape(-1) for name, a in everyone.items()})


def _draw(dice: Dice, lexicon: Lexicon, culture: Ints, kind: str) -> Ints:
    return lexicon.draw(culture, kind, dice.unit(len(culture)))


def _by_culture(attribute: str) -> Floats:
    return np.array([getattr(c, attribute) for c in CULTURES], dtype=np.float64)


def _sexes(dice: Dice, families: int) -> Ints:
    sex = dice.whole(MALE, FEMALE, families, PLACES_IN_FAMILY)
    sex[:, [GRANDFATHER, FATHER_A, FATHER_B]] = MALE
    sex[:, WIVES] = FEMALE
    return sex


def _given(dice: Dice, lexicon: Lexicon, culture: Ints, sex: Ints) -> Ints:
    given = np.empty_like(sex)
    for place in range(PLACES_IN_FAMILY):
        men, women = (_draw(dice, lexicon, culture, kind) for kind in ("male", "female"))
        given[:, place] = np.where(sex[:, place] == MALE, men, women)
    eldest_a, eldest_b = CHILDREN_A[0], CHILDREN_B[0]
    namesakes = np.flatnonzero(dice.share(_SHARE_NAMESAKE_COUSIN, len(given)))
    given[namesakes, eldest_b] = given[namesakes, eldest_a]
    sex[namesakes, eldest_b] = sex[namesakes, eldest_a]
    for siblings in ((FATHER_A, FATHER_B), CHILDREN_A, CHILDREN_B):
        _part_siblings(lexicon, culture, sex, given, siblings)
    return given


def _part_siblings(
    lexicon: Lexicon, culture: Ints, sex: Ints, given: Ints, siblings: "range | tuple[int, ...]"
) -> None:
    """Give a child whose name an elder sibling bears the next name of the list, in place."""
    for position, place in enumerate(siblings):
        elders = list(siblings)[:position]
        for _ in elders:
            same = np.flatnonzero((given[:, elders] == given[:, [place]]).any(axis=1))
            given[same, place] = _next_name(
                lexicon, culture[same], sex[same, place], given[same, place]
            )


def _next_name(lexicon: Lexicon, culture: Ints, sex: Ints, given: Ints) -> Ints:
    ranges = np.array(
        [[lexicon.range(c, kind) for kind in ("male", "female")] for c in range(len(CULTURES))]
    )
    first, length = ranges[culture, sex].T
    following: Ints = first + (given - first + 1) % length
    return following


def _second(dice: Dice, lexicon: Lexicon, culture: Ints, sex: Ints, given: Ints) -> Ints:
    second = np.full_like(given, ABSENT)
    share = _by_culture("second_given")[culture]
    for place in range(PLACES_IN_FAMILY):
        men, women = (_draw(dice, lexicon, culture, kind) for kind in ("male", "female"))
        drawn = np.where(sex[:, place] == MALE, men, women)
        wanted = dice.share(share, len(given)) & (drawn != given[:, place])
        second[wanted, place] = drawn[wanted]
    return second


def _births(dice: Dice, families: int) -> Ints:
    born = np.empty((families, PLACES_IN_FAMILY), dtype=np.int64)

    def years(low: float, high: float) -> Ints:
        return dice.whole(int(low * _YEAR), int(high * _YEAR), families)

    born[:, GRANDFATHER] = dice.whole(*_GRANDFATHERS, families)
    born[:, GRANDMOTHER] = born[:, GRANDFATHER] + years(0, 8)
    born[:, FATHER_A] = born[:, GRANDMOTHER] + years(17, 33)
    born[:, FATHER_B] = born[:, GRANDMOTHER] + years(17, 36)
    too_near = np.abs(born[:, FATHER_A] - born[:, FATHER_B]) < _YEAR
    born[:, FATHER_B] = np.where(too_near, born[:, FATHER_A] + years(1, 6), born[:, FATHER_B])
    for father, mother, children in (
        (FATHER_A, MOTHER_A, CHILDREN_A),
        (FATHER_B, MOTHER_B, CHILDREN_B),
    ):
        born[:, mother] = born[:, father] + years(-3, 7)
        younger = np.maximum(born[:, father], born[:, mother])
        born[:, children[0]] = younger + years(16, 28)
        for child in children[1:]:
            gap = np.where(dice.share(_SHARE_TWIN, families), 0, years(1.1, 4))
            born[:, child] = born[:, child - 1] + gap
    return born


def _exists(dice: Dice, born: Ints) -> Bools:
    families = len(born)
    exists = np.zeros(born.shape, dtype=np.bool_)
    exists[:, : CHILDREN_A[0]] = True
    exists[:, [FATHER_B, MOTHER_B]] = dice.share(_SHARE_WITH_B, families)[:, None]
    number = dice.choice(_CHILDREN_A_WEIGHTS, families)
    exists[:, CHILDREN_A] = np.arange(len(CHILDREN_A)) < number[:, None]
    number = dice.choice(_CHILDREN_B_WEIGHTS, families) * exists[:, FATHER_B]
    exists[:, CHILDREN_B] = np.arange(len(CHILDREN_B)) < number[:, None]
    return exists & (born <= LAST_BIRTH)


def _lineage(dice: Dice, lexicon: Lexicon, culture: Ints, given: Ints) -> dict[str, Ints]:
    """Who is whose child, as names: drawn for those who come from outside the family."""

    def outside(kind: str) -> Ints:
        drawn = [_draw(dice, lexicon, culture, kind) for _ in range(PLACES_IN_FAMILY)]
        return np.stack(drawn, axis=1)

    father, grandfather = outside("male"), outside("male")
    mother, mother_family = outside("female"), outside("family")
    born_as = outside("family")
    born_as[dice.unit(*born_as.shape) >= _by_culture("has_family_name")[culture][:, None]] = ABSENT
    mother_family[born_as == ABSENT] = ABSENT
    sons_wives = ((FATHER_A, MOTHER_A, CHILDREN_A), (FATHER_B, MOTHER_B, CHILDREN_B))
    for son, wife, children in sons_wives:
        for child, its_father, its_mother in [
            (son, GRANDFATHER, GRANDMOTHER),
            *((c, son, wife) for c in children),
        ]:
            father[:, child] = given[:, its_father]
            grandfather[:, child] = father[:, its_father]
            mother[:, child] = given[:, its_mother]
            mother_family[:, child] = born_as[:, its_mother]
            born_as[:, child] = born_as[:, its_father]
    family = born_as.copy()
    takes = _by_culture("wife_takes_name")[culture]
    for wife in WIVES:
        taken = dice.share(takes, len(culture))
        family[taken, wife] = born_as[taken, GRANDFATHER]
    two = np.array([c.two_surnames for c in CULTURES])[culture]
    return {
        "father": father,
        "grandfather": grandfather,
        "family": family,
        "second_family": np.where(two[:, None], mother_family, ABSENT),
        "birth_family": born_as,
        "mother": mother,
        "mother_family": mother_family,
    }


def _homes(dice: Dice, lexicon: Lexicon, culture: Ints) -> dict[str, Ints]:
    shape = (len(culture), PLACES_IN_FAMILY)
    home = np.empty(shape, dtype=np.int64)
    home[:, :FATHER_B] = _draw(dice, lexicon, culture, "places")[:, None]
    home[:, FATHER_B:] = _draw(dice, lexicon, culture, "places")[:, None]
    elsewhere = np.stack(
        [_draw(dice, lexicon, culture, "places") for _ in range(PLACES_IN_FAMILY)], axis=1
    )
    host = _draw(dice, lexicon, np.full(len(culture), HOST_PLACES), "places")
    return {
        "birth_place": np.where(dice.unit(*shape) < 0.6, home, elsewhere),
        "home": home,
        "host": np.broadcast_to(host[:, None], shape),
    }
