"""Selection, against every choice tried; and that the order of links changes nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.decisions.selection import Links, Select, select

SOCIETIES = np.repeat(np.arange(4), 5)  # records 0 to 4 are of the first society, and so on

one_link = st.tuples(
    st.integers(0, 4),
    st.integers(5, 9),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.001, 7.25]),
    st.integers(0, 1),
)
between_two = st.lists(one_link, max_size=9, unique_by=lambda link: (link[0], link[1], link[3]))


def links(given: list[tuple[int, int, float, int]]) -> Links:
    left, right, scores, stratum = zip(*given, strict=True) if given else ((), (), (), ())
    return Links(
        np.array(left, np.int64),
        np.array(right, np.int64),
        np.array(scores, np.float64),
        np.array(stratum, np.int64),
        SOCIETIES,
    )


def chosen(given: list[tuple[int, int, float, int]], how: Select) -> list[tuple[int, ...]]:
    kept = select(links(given), how)
    assert kept.dtype == np.bool_
    return [link for link, keep in zip(given, kept.tolist(), strict=True) if keep]


@given(between_two)
def test_top_keeps_all(given: list[tuple[int, int, float, int]]) -> None:
    assert chosen(given, Select.TOP) == given


@given(between_two)
def test_best_is_one_for_each_request(given: list[tuple[int, int, float, int]]) -> None:
    found = {link[0]: link for link in chosen(given, Select.BEST)}
    assert len(found) == len(chosen(given, Select.BEST))
    for left in {link[0] for link in given}:
        own = [link for link in given if link[0] == left]
        assert found[left] == min(own, key=lambda link: (-link[2], link[1], link[3]))


@given(between_two)
def test_many_to_one(given: list[tuple[int, int, float, int]]) -> None:
    found = {(link[1], link[3]): link for link in chosen(given, Select.MANY_TO_ONE)}
    for node in {(link[1], link[3]) for link in given}:
        own = [link for link in given if (link[1], link[3]) == node]
        assert found[node] == min(own, key=lambda link: (-link[2], link[0]))


@settings(deadline=None, max_examples=200)
@given(between_two)
def test_one_to_one_has_the_greatest_sum(given: list[tuple[int, int, float, int]]) -> None:
    found = chosen(given, Select.ONE_TO_ONE)
    assert is_one_to_one(found)

    def worth(some: tuple[tuple[int, int, float, int], ...]) -> float:
        return sum(link[2] + 0.001 for link in some)

    best = max(
        worth(some)
        for size in range(len(given) + 1)
        for some in itertools.combinations(given, size)
        if is_one_to_one(some)
    )
    assert worth(tuple(found)) == pytest.approx(best)  # type: ignore[arg-type]  # links, as given


def is_one_to_one(some: object) -> bool:
    ends = [(side, link[side], link[3]) for link in some for side in (0, 1)]  # type: ignore[attr-defined]
    return len(set(ends)) == len(ends)


def test_one_to_one_looks_back() -> None:
    """Greedily the 9 would be taken, and the 8 be lost."""
    given = [(0, 5, 9.0, 0), (0, 6, 8.0, 0), (1, 5, 8.0, 0)]
    assert chosen(given, Select.ONE_TO_ONE) == given[1:]


def test_strata_do_not_compete() -> None:
    given = [(0, 5, 9.0, 0), (0, 6, 8.0, 1), (1, 5, 7.0, 1)]
    assert chosen(given, Select.ONE_TO_ONE) == given
    assert chosen(given, Select.MANY_TO_ONE) == given
    assert chosen(given, Select.BEST) == [given[0], given[2]]


three = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(5, 14), st.sampled_from([1.0, 2.0, 3.0]), st.just(0)
    ).filter(lambda link: link[0] // 5 < link[1] // 5),
    max_size=14,
    unique_by=lambda link: link[:2],
)


@settings(max_examples=200)
@given(three)
def test_groups_hold_pair_by_pair(given: list[tuple[int, int, float, int]]) -> None:
    found = chosen(given, Select.GROUPS)
    members: dict[int, set[int]] = {}
    for left, right, *_ in found:
        both = members.setdefault(left, {left}) | members.setdefault(right, {right})
        for record in both:
            members[record] = both
    linked = {link[:2] for link in given}
    for group in members.values():
        assert len({record // 5 for record in group}) == len(group)
        for pair in itertools.combinations(sorted(group), 2):
            assert pair in linked
    if given:
        first = min(given, key=lambda link: (-link[2], link[0], link[1]))
        assert first in found  # the best link always holds


def test_a_chain_is_no_group() -> None:
    chain = [(0, 5, 9.0, 0), (5, 10, 8.0, 0)]
    assert chosen(chain, Select.GROUPS) == chain[:1]
    closed = [*chain, (0, 10, 1.0, 0)]
    assert chosen(closed, Select.GROUPS) == closed


@settings(deadline=None, max_examples=60)
@given(between_two, st.randoms(use_true_random=False), st.sampled_from(list(Select)))
def test_the_order_of_links_changes_nothing(
    given: list[tuple[int, int, float, int]], random: object, how: Select
) -> None:
    shuffled = list(given)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own
    assert sorted(chosen(given, how)) == sorted(chosen(shuffled, how))
