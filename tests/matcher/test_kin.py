"""People around a pair: what they are to it, who can meet, and that nobody counts twice."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.decisions.candidates import Side
from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.kin import MOST_OTHERS, KinModel, Support, support_of
from matcher.decisions.people import People
from matcher.formats.knowledge import HIGHEST
from matcher.formats.relations import Relations
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

MODEL = EvidenceModel.model_validate(
    {
        "format": "kinmatch-model/1",
        "scheme": "tiny/1",
        "calibrated_on": "nothing",
        "reach": {"one": 60},
        "compares": {"one": ["name", "birth", "mother", "place"]},
        "intercept": 0.0,
        "curves": {"one": {"distances": [0, 100], "bits": [20.0, -20.0]}},
        "bands": {
            "strong": 22.0,
            "possible": 16.0,
            "weak": 0.0,
            "false_per_pair": {"strong": 1e-9, "possible": 1e-7},
            "registered": 1_000_000,
        },
    }
)


class One(NamedTuple):
    """A person: who it is, in which case and role, and the relation that is written."""

    person: int
    case: int = 0
    role: str = "sought"
    relation: str | None = None


def people(*given: One) -> People:
    bits = np.zeros((len(given), 4), np.uint64)
    for row, one in enumerate(given):
        own = np.random.default_rng(one.person).random(256) < 0.5
        bits[row] = np.packbits(own, bitorder="little").view("<u8")
    side = Side(
        {"one": (bits, np.ones(len(given), np.bool_))}, np.full(len(given), HIGHEST, np.uint8)
    )
    return People(
        side,
        np.array([ROLES.index(one.role) for one in given], np.int8),
        np.array(
            [NO_RELATION if one.relation is None else RELATIONS.index(one.relation)
             for one in given], np.int8,
        ),
        np.array([one.case for one in given], np.int64),
    )  # fmt: skip


def support(left: People, right: People, one: int = 0, other: int = 0) -> tuple[float, float, bool]:
    found = support_of(left, right, np.array([one]), np.array([other]), MODEL)
    return float(found.forebears[0]), float(found.others[0]), bool(found.looked[0])


MOTHER, SON, DAUGHTER, AUNT = 1, 2, 3, 4
SEEKS_SON = people(One(SON, relation="son"), One(MOTHER, role="enquirer"))


@pytest.mark.parametrize("relation", ["mother", "parent", "stepmother", "other", None])
def test_two_who_seek_each_other(relation: str | None) -> None:
    back = people(One(SON, role="enquirer"), One(MOTHER, relation=relation))
    forebears, others, looked = support(SEEKS_SON, back)
    assert (forebears, others, looked) == (20.0, 0.0, True)


@pytest.mark.parametrize("relation", ["father", "sister", "daughter", "aunt", "grandmother"])
def test_the_inverse_relation_is_checked(relation: str) -> None:
    """Whoever seeks a sister is not the son of her whom the other case has as its mother."""
    back = people(One(SON, role="enquirer"), One(MOTHER, relation=relation))
    expected = relation == "father"  # an enquirer's sex is not written, so a father may be meant
    assert support(SEEKS_SON, back)[2] == expected


def test_two_siblings_seek_one_mother() -> None:
    one = people(
        One(MOTHER, relation="mother"), One(SON, role="enquirer"), One(AUNT, relation="aunt")
    )
    other = people(
        One(MOTHER, relation="mother"), One(DAUGHTER, role="enquirer"), One(AUNT, relation="aunt")
    )
    assert support(one, other) == (0.0, 20.0, True)


def test_kin_of_one_sought_person() -> None:
    one = people(One(SON, relation="son"), One(AUNT, role="kin", relation="aunt"))
    other = people(One(SON, relation="nephew"), One(AUNT, role="kin", relation="aunt"))
    assert support(one, other) == (0.0, 20.0, True)
    stranger = people(One(SON, relation="nephew"), One(99, role="kin", relation="aunt"))
    assert support(one, stranger) == (0.0, 0.0, True)


def test_a_family_that_is_registered_together() -> None:
    sought = people(One(SON, relation="son"), One(DAUGHTER, relation="daughter"))
    met = people(One(SON, role="registered"), One(DAUGHTER, role="registered"))
    assert support(sought, met) == (0.0, 20.0, True)


def test_without_a_case_there_is_nobody() -> None:
    alone = people(One(SON, case=-1), One(MOTHER, case=-1, role="enquirer"))
    assert support(SEEKS_SON, alone) == (0.0, 0.0, False)
    assert support(alone, SEEKS_SON) == (0.0, 0.0, False)
    assert support(people(One(SON)), SEEKS_SON) == (0.0, 0.0, False)


def test_nobody_counts_twice() -> None:
    """One mother on the left can't meet both the same person's records on the right."""
    twice = people(
        One(SON, role="enquirer"), One(MOTHER, relation="mother"), One(MOTHER, relation="parent")
    )
    assert support(SEEKS_SON, twice) == (20.0, 0.0, True)


def test_a_list_of_people_is_no_family() -> None:
    crowd = [One(100 + i, role="registered") for i in range(MOST_OTHERS)]
    family = people(One(SON, role="registered"), *crowd[:-1], One(MOTHER, role="registered"))
    assert support(SEEKS_SON, family)[2]
    camp = people(One(SON, role="registered"), *crowd, One(MOTHER, role="registered"))
    assert support(SEEKS_SON, camp) == (0.0, 0.0, False)


persons = st.builds(
    One,
    person=st.integers(0, 5),
    case=st.integers(-1, 2),
    role=st.sampled_from(ROLES),
    relation=st.sampled_from([*RELATIONS, None]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(persons, min_size=1, max_size=7), st.lists(persons, min_size=1, max_size=7))
def test_equals_every_assignment_tried(left: list[One], right: list[One]) -> None:
    one, other = people(*left), people(*right)
    pairs = np.array(list(itertools.product(range(len(left)), range(len(right)))))
    found = support_of(one, other, pairs[:, 0], pairs[:, 1], MODEL)
    for at, (i, j) in enumerate(pairs.tolist()):
        ours = [k for k, x in enumerate(left) if x.case == left[i].case != -1 and k != i]
        theirs = [k for k, x in enumerate(right) if x.case == right[j].case != -1 and k != j]
        meet = {
            (a, b)
            for a in ours
            for b in theirs
            if relation(one, a, i).can_be(relation(other, b, j))[0]
        }
        same = {(a, b) for a, b in meet if left[a].person == right[b].person}
        assert found.looked[at] == bool(meet)
        assert found.forebears[at] + found.others[at] == 20.0 * most(same)


def relation(of: People, row: int, to: int) -> Relations:
    return of.relation(np.array([row]), np.array([to]))


def most(pairs: set[tuple[int, int]]) -> int:
    """The greatest number of pairs that share nobody, by trying."""
    best = 0
    for pair in pairs:
        left = {p for p in pairs if p[0] != pair[0] and p[1] != pair[1]}
        best = max(best, 1 + most(left))
    return best


def test_weights() -> None:
    model = KinModel(format="kinmatch-kin/1", calibrated_on="nothing", forebears=0.25, others=0.5,
                     most=20.0, nobody=-1.0)  # fmt: skip
    said = Support(
        np.array([8.0, 0.0, 100.0, 0.0, 0.0]),
        np.array([4.0, 10.0, 100.0, 0.0, 0.0]),
        np.array([True, True, True, True, False]),
    )
    weights, looked = model.weigh(said)
    assert weights.tolist() == [4.0, 5.0, 15.0, -1.0, 0.0]
    assert looked.tolist() == [True, True, True, True, False]


def test_the_published_model() -> None:
    model = KinModel.published()
    assert 0 < model.forebears <= 1
    assert 0 < model.others <= 1
    assert model.digest.startswith("sha256:")
    assert model.digest != model.model_copy(update={"others": 0.1}).digest


def test_an_empty_batch() -> None:
    nobody = people()
    none = np.empty(0, np.int64)
    found = support_of(nobody, nobody, none, none, MODEL)
    assert len(found.others) == 0
    assert nobody.of_role("sought")[0].tolist() == []
