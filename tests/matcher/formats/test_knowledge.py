"""The level of what is known: its ends, and which kinds of facts a pass compares."""

import numpy as np
import pytest

from matcher.formats.knowledge import BITS, HIGHEST, kinds_of, level_of


@pytest.mark.parametrize(
    ("told", "level"),
    [(0, 0), (14.5, 0), (20, 0), (20.5, 1), (26.5, 1), (27, 2), (47, 2)],
)
def test_a_record_is_below_the_end_that_it_just_comes_up_to(told: float, level: int) -> None:
    found = level_of(np.array([told]))
    assert (found.tolist(), found.dtype) == ([level], np.uint8)


def test_there_are_three_levels_and_more_is_never_a_lower_one() -> None:
    every = level_of(np.arange(0, 100, 0.5))
    assert set(every) == set(range(3)) == set(range(HIGHEST + 1))
    assert (np.diff(every.astype(int)) >= 0).all()


def test_a_name_a_year_and_a_sex_are_of_the_lowest_level() -> None:
    little = BITS["name"][1] + BITS["birth"][2] + BITS["sex"][1]
    assert level_of(np.array([little])) == 0


def test_attributes_are_of_the_kind_that_their_names_begin_with() -> None:
    assert kinds_of(["name", "given", "birth_day", "birth", "shoe_size"]) == {"name", "birth"}
    assert kinds_of([]) == frozenset()
