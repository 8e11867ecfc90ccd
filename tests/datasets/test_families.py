"""Families: ages that kin can have, names that kin share, and relations that hold both ways."""

from typing import Any

import pytest
from numpy.typing import NDArray

from datasets.tracing import families
from datasets.tracing.cultures import CULTURES
from datasets.tracing.dice import Dice
from datasets.tracing.families import (
    CHILDREN_A,
    CHILDREN_B,
    FATHER_A,
    FATHER_B,
    GRANDFATHER,
    GRANDMOTHER,
    MOTHER_A,
    MOTHER_B,
    PLACES_IN_FAMILY,
    People,
)
from datasets.tracing.kinship import RELATION, RELATIONS
from datasets.tracing.lexicon import ABSENT, load

PARENTS = {
    **dict.fromkeys((FATHER_A, FATHER_B), (GRANDFATHER, GRANDMOTHER)),
    **dict.fromkeys(CHILDREN_A, (FATHER_A, MOTHER_A)),
    **dict.fromkeys(CHILDREN_B, (FATHER_B, MOTHER_B)),
}
INVERSES = {
    "mother": {"son", "daughter"},
    "father": {"son", "daughter"},
    "brother": {"brother", "sister"},
    "sister": {"brother", "sister"},
    "husband": {"husband", "wife"},
    "wife": {"husband", "wife"},
    "grandmother": {"grandson", "granddaughter"},
    "grandfather": {"grandson", "granddaughter"},
    "aunt": {"nephew", "niece"},
    "uncle": {"nephew", "niece"},
    "cousin": {"cousin"},
    "other": {"other"},
}


@pytest.fixture(scope="module")
def people() -> People:
    return families.found(Dice(4), load(), 4000)


def square(column: NDArray[Any]) -> NDArray[Any]:
    return column.reshape(-1, PLACES_IN_FAMILY)


def test_parents_are_old_enough_and_not_too_old(people: People) -> None:
    born, exists = square(people.born), square(people.exists)
    for child, parents in PARENTS.items():
        for parent in parents:
            both = exists[:, child] & exists[:, parent]
            years = (born[:, child] - born[:, parent])[both] / 365.25
            assert years.min() > 15.9
            assert years.max() < 60
    assert (people.born[people.exists] <= families.LAST_BIRTH).all()
    assert (people.born > -366 * 50).all()


def test_children_bear_the_names_of_their_line(people: People) -> None:
    given, father, grandfather, mother = (
        square(c) for c in (people.given, people.father, people.grandfather, people.mother)
    )
    for child, (dad, mum) in PARENTS.items():
        assert (father[:, child] == given[:, dad]).all()
        assert (grandfather[:, child] == father[:, dad]).all()
        assert (mother[:, child] == given[:, mum]).all()
        assert (square(people.family)[:, child] == square(people.family)[:, dad]).all()


def test_a_child_exists_only_with_its_parents(people: People) -> None:
    exists = square(people.exists)
    for child, parents in PARENTS.items():
        for parent in parents:
            assert not (exists[:, child] & ~exists[:, parent]).any()
    assert exists[:, :4].all()


def test_siblings_have_names_of_their_own(people: People) -> None:
    given, exists = square(people.given), square(people.exists)
    for siblings in (CHILDREN_A, CHILDREN_B, (FATHER_A, FATHER_B)):
        for one in siblings:
            for other in siblings:
                if one < other:
                    both = exists[:, one] & exists[:, other]
                    assert not ((given[:, one] == given[:, other]) & both).any()


def test_hard_negatives_are_there(people: People) -> None:
    born, given, exists = (square(c) for c in (people.born, people.given, people.exists))
    twins = (born[:, 4] == born[:, 5]) & exists[:, 5]
    cousins = (given[:, CHILDREN_A[0]] == given[:, CHILDREN_B[0]]) & exists[:, CHILDREN_B[0]]
    assert twins.mean() > 0.01
    assert cousins.mean() > 0.05


def test_family_names_follow_the_culture(people: People) -> None:
    for number, culture in enumerate(CULTURES):
        of_culture = people.culture == number
        has_name = (people.family[of_culture] != ABSENT).mean()
        assert has_name == pytest.approx(culture.has_family_name, abs=0.06)
        two = (people.second_family[of_culture] != ABSENT).mean()
        assert two == (1.0 if culture.two_surnames else 0.0)


def test_relations_hold_both_ways() -> None:
    for one in range(PLACES_IN_FAMILY):
        for other in set(range(PLACES_IN_FAMILY)) - {one}:
            there = {RELATIONS[r] for r in RELATION[one, other]}
            back = {RELATIONS[r] for r in RELATION[other, one]}
            for relation in there & set(INVERSES):
                assert back <= INVERSES[relation], (one, other)


def test_relations_that_anybody_can_check() -> None:
    def relation(one: int, other: int, sex: int) -> str:
        return RELATIONS[RELATION[one, other, sex]]

    assert relation(MOTHER_A, 4, families.MALE) == "son"
    assert relation(4, MOTHER_A, families.FEMALE) == "mother"
    assert relation(4, FATHER_B, families.MALE) == "uncle"
    assert relation(11, 4, families.FEMALE) == "cousin"
    assert relation(GRANDMOTHER, 12, families.FEMALE) == "granddaughter"
    assert relation(FATHER_A, GRANDFATHER, families.MALE) == "father"
    assert relation(MOTHER_A, GRANDFATHER, families.MALE) == "other"
    assert relation(FATHER_A, FATHER_B, families.MALE) == "brother"
    assert relation(GRANDFATHER, GRANDMOTHER, families.FEMALE) == "wife"
