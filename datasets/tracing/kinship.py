"""What each place in a family is to each other place, in the words of a tracing request."""

from typing import NamedTuple

import numpy as np

from datasets.tracing.dice import Ints
from datasets.tracing.families import (
    CHILDREN_A,
    CHILDREN_B,
    FATHER_A,
    FATHER_B,
    FEMALE,
    GRANDFATHER,
    GRANDMOTHER,
    MALE,
    MOTHER_A,
    MOTHER_B,
    PLACES_IN_FAMILY,
)

RELATIONS = (
    "mother",
    "father",
    "son",
    "daughter",
    "brother",
    "sister",
    "husband",
    "wife",
    "grandmother",
    "grandfather",
    "grandson",
    "granddaughter",
    "aunt",
    "uncle",
    "niece",
    "nephew",
    "cousin",
    "other",
)
"""A relation's number is its place here."""


class _Kind(NamedTuple):
    man: str
    woman: str
    weight: int  # how often such kin is sought, against others


_PARENT = _Kind("father", "mother", 10)
_CHILD = _Kind("son", "daughter", 12)
_SIBLING = _Kind("brother", "sister", 8)
_SPOUSE = _Kind("husband", "wife", 8)
_GRANDPARENT = _Kind("grandfather", "grandmother", 2)
_GRANDCHILD = _Kind("grandson", "granddaughter", 2)
_PARENTS_SIBLING = _Kind("uncle", "aunt", 2)
_SIBLINGS_CHILD = _Kind("nephew", "niece", 3)
_COUSIN = _Kind("cousin", "cousin", 2)
_IN_LAW = _Kind("other", "other", 1)

_GENERATION = {GRANDFATHER: 0, GRANDMOTHER: 0, FATHER_A: 1, MOTHER_A: 1, FATHER_B: 1, MOTHER_B: 1}
_GENERATION |= dict.fromkeys((*CHILDREN_A, *CHILDREN_B), 2)


def _household(place: int) -> str:
    if _GENERATION[place] == 0:
        return "eldest"
    return "A" if place < FATHER_B else "B"


def _kind(one: int, other: int) -> _Kind:
    """What `other` is to `one`."""
    down = _GENERATION[other] - _GENERATION[one]
    together = _household(one) == _household(other)
    if down == 0:
        return _kind_of_equal(one, other, together)
    if abs(down) == 2:
        return _GRANDCHILD if down > 0 else _GRANDPARENT
    if "eldest" in (_household(one), _household(other)):
        if {one, other} & {MOTHER_A, MOTHER_B}:
            return _IN_LAW
        together = True
    if together:
        return _CHILD if down > 0 else _PARENT
    return _SIBLINGS_CHILD if down > 0 else _PARENTS_SIBLING


def _kind_of_equal(one: int, other: int, together: bool) -> _Kind:
    if _GENERATION[one] == 2:
        return _SIBLING if together else _COUSIN
    if together:
        return _SPOUSE
    return _SIBLING if {one, other} == {FATHER_A, FATHER_B} else _IN_LAW


def _tables() -> tuple[Ints, Ints]:
    relation = np.full((PLACES_IN_FAMILY, PLACES_IN_FAMILY, 2), RELATIONS.index("other"))
    weight = np.zeros((PLACES_IN_FAMILY, PLACES_IN_FAMILY), dtype=np.int64)
    for one in range(PLACES_IN_FAMILY):
        for other in set(range(PLACES_IN_FAMILY)) - {one}:
            kind = _kind(one, other)
            relation[one, other, MALE] = RELATIONS.index(kind.man)
            relation[one, other, FEMALE] = RELATIONS.index(kind.woman)
            weight[one, other] = kind.weight
    return relation, weight


RELATION, WEIGHT = _tables()
"""By the places of two people: what the second is to the first (a number of `RELATIONS`, by the
second's sex too), and how often the first seeks the second, as a weight."""
