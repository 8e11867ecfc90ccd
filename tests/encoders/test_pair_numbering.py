"""Pairs of numbers: numbered once, in order of first appearance, however many calls there are."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.pair_numbering import PairNumbering

NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 3)
CALLS = st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30), max_size=5)


@settings(deadline=None)  # the first call compiles
@given(CALLS)
def test_equals_a_dictionary(calls: list[list[tuple[int, int]]]) -> None:
    numbering, expected = PairNumbering(), dict[tuple[int, int], int]()
    for pairs in calls:
        firsts, seconds = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
        found = numbering.number(firsts, seconds).tolist()
        assert found == [expected.setdefault(pair, len(expected)) for pair in pairs]
        assert len(numbering) == len(expected)
    assert list(map(tuple, numbering.pairs().tolist())) == list(expected)


LISTS = st.lists(st.tuples(NUMBERS, st.lists(NUMBERS, max_size=5)), max_size=8)


@settings(deadline=None)  # the first call compiles
@given(LISTS, st.randoms(use_true_random=False))
def test_lists_in_any_order_equal_a_dictionary(
    lists: list[tuple[int, list[int]]], random: Random
) -> None:
    """Of lists that are left out, no pair is entered."""
    order = random.sample(range(len(lists)), random.randint(0, len(lists)))
    ends = np.cumsum([0, *(len(seconds) for _, seconds in lists)])
    numbering, expected = PairNumbering(), dict[tuple[int, int], int]()
    starts, stops, found = numbering.number_lists(
        np.array(order, dtype=np.int64),
        np.array([first for first, _ in lists], dtype=np.int32),
        ends[:-1],
        ends[1:],
        np.array([second for _, seconds in lists for second in seconds], dtype=np.int32),
    )
    for row in order:
        first, seconds = lists[row]
        assert found[starts[row] : stops[row]].tolist() == [
            expected.setdefault((first, second), len(expected)) for second in seconds
        ]
    assert (stops - starts).sum() == len(found) == sum(len(lists[row][1]) for row in order)
    assert list(map(tuple, numbering.pairs().tolist())) == list(expected)


def test_many_pairs_outgrow_the_table_and_keep_their_numbers() -> None:
    numbering = PairNumbering()
    firsts, seconds = (axis.ravel().astype(np.int32) for axis in np.indices((300, 400)))
    for part in np.array_split(np.arange(len(firsts)), 40):
        np.testing.assert_array_equal(numbering.number(firsts[part], seconds[part]), part)
    np.testing.assert_array_equal(numbering.number(firsts, seconds), np.arange(len(firsts)))
