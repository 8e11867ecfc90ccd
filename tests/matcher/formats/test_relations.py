"""Relations: every code has a meaning, inverses go back, and what contradicts is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.formats.relations import NO_GENERATION, UNKNOWN, Relations
from matcher.formats.vocabulary import NO_RELATION, RELATIONS


def of(*names: str | None) -> Relations:
    codes = [NO_RELATION if name is None else RELATIONS.index(name) for name in names]
    return Relations.of(np.array(codes, np.int8))


def can(one: Relations, other: Relations) -> bool:
    return bool(one.can_be(other)[0])


codes = st.sampled_from([*RELATIONS, None])


def test_every_code_has_a_meaning() -> None:
    unknown = {"other", "guardian", "ward"}
    for name in RELATIONS:
        (up,), _, _ = of(name)
        assert (up == NO_GENERATION) == (name in unknown)
    (up,), (line,), (sex,) = of(None)
    assert (up, line, sex) == (NO_GENERATION, UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mother", "son"),
        ("father", "daughter"),
        ("parent", "child"),
        ("brother", "sister"),
        ("husband", "wife"),
        ("grandmother", "grandson"),
        ("aunt", "nephew"),
        ("cousin", "cousin"),
        ("mother_in_law", "son_in_law"),
        ("sister_in_law", "brother_in_law"),
        ("stepmother", "son"),  # one form writes what the other leaves out
        ("foster_father", "foster_daughter"),
        ("half_brother", "sister"),
        ("other", "son"),
    ],
)
def test_inverses(one: str, other: str) -> None:
    assert can(of(one).inverse(), of(other))
    assert can(of(other).inverse(), of(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mother", "father"),
        ("mother", "aunt"),
        ("mother", "grandmother"),
        ("son", "brother"),
        ("wife", "sister"),
        ("cousin", "sibling"),
        ("mother", "mother_in_law"),
        ("husband", "brother_in_law"),
    ],
)
def test_what_contradicts(one: str, other: str) -> None:
    assert not can(of(one), of(other))


@given(codes, codes)
def test_two_can_be_one_whichever_comes_first(one: str | None, other: str | None) -> None:
    assert can(of(one), of(other)) == can(of(other), of(one))
    assert can(of(one), of(one))
    assert can(of(one), of(None))
    assert can(of(one).inverse().inverse(), of(one))


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("son", "mother", "brother"),  # my mother's son is a brother of mine
        ("mother", "mother", "grandmother"),
        ("brother", "father", "uncle"),
        ("daughter", "uncle", "cousin"),
        ("sister", "wife", "sister_in_law"),
        ("wife", "brother", "sister_in_law"),
        ("son", "other", "father"),  # nothing is known, so nothing contradicts
    ],
)
def test_chains_add_up(one: str, other: str, together: str) -> None:
    assert can(of(one).then(of(other)), of(together))


def test_a_chain_keeps_what_is_certain() -> None:
    assert not can(of("son").then(of("mother")), of("sister"))
    assert not can(of("son").then(of("mother")), of("father"))
    oneself = Relations.to_oneself(1)
    for name in RELATIONS:
        assert oneself.then(of(name))[:2] == of(name)[:2]
        assert of(name).then(oneself) == of(name)


def test_no_people() -> None:
    none = np.empty(0, np.int8)
    assert len(Relations.of(none).inverse().then(Relations.of(none)).can_be(of()).shape) == 1
