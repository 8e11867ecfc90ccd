"""The figures against hand-counted cases, an obvious twin, and recordlinkage's own functions."""

import numpy as np
import pandas as pd
import pytest
import recordlinkage
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import accuracy
from matcher.formats.errors import ParameterError


def frame(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["request_id", "register_id", "score"]).astype(
        {"request_id": object, "register_id": object, "score": float}
    )


def pairs(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["request_id", "register_id"], dtype=object)


TRUTH = pairs([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")])
CANDIDATES = frame(
    [
        ("a", "1", 9.0),
        ("b", "1", 8.0),
        ("b", "2", 7.0),
        ("c", "5", 6.0),
        ("c", "3", 6.0),
        ("e", "4", 5.0),
    ]
)


def test_best_per_request_breaks_ties_by_register_id() -> None:
    links = accuracy.best_per_request(CANDIDATES)
    assert links[["request_id", "register_id"]].to_numpy().tolist() == [
        ["a", "1"],
        ["b", "1"],
        ["c", "3"],
        ["e", "4"],
    ]


def test_one_to_one_links_no_record_twice() -> None:
    links = accuracy.one_to_one(CANDIDATES)
    assert links[["request_id", "register_id"]].to_numpy().tolist() == [
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
        ["e", "4"],
    ]


def test_figures_counted_by_hand() -> None:
    links = accuracy.best_per_request(CANDIDATES)
    at_six = accuracy.at_threshold(links, TRUTH, 6.0)
    assert (at_six.links, at_six.right, at_six.truths) == (3, 2, 4)
    assert at_six.precision == 2 / 3
    assert at_six.recall == 2 / 4
    assert at_six.f1 == 4 / 7
    assert accuracy.at_threshold(links, TRUTH, np.nextafter(6.0, 7.0)).links == 2
    assert accuracy.best(links, TRUTH) == accuracy.at_threshold(links, TRUTH, 6.0)
    assert accuracy.recall_at(CANDIDATES, TRUTH, 1) == 2 / 4
    assert accuracy.recall_at(CANDIDATES, TRUTH, 10) == 3 / 4


def test_recall_at_k_counts_requests_not_pairs() -> None:
    truth = pairs([("a", "1"), ("a", "2"), ("b", "3")])
    assert accuracy.recall_at(frame([("a", "2", 1.0)]), truth, 1) == 1 / 2


def test_nothing_linked_and_nothing_true() -> None:
    none = frame([])
    empty = accuracy.at_threshold(none, TRUTH, 0.0)
    assert (empty.precision, empty.recall, empty.f1) == (0.0, 0.0, 0.0)
    assert accuracy.sweep(none, TRUTH).empty
    assert accuracy.one_to_one(none).empty
    assert accuracy.recall_at(CANDIDATES, pairs([]), 10) == 0.0
    assert accuracy.sweep(CANDIDATES, pairs([]))["f1"].eq(0.0).all()
    with pytest.raises(ParameterError):
        accuracy.best(none, TRUTH)


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="score"):
        accuracy.in_order(CANDIDATES.drop(columns="score"))
    with pytest.raises(ParameterError, match="finite"):
        accuracy.in_order(frame([("a", "1", float("nan"))]))
    with pytest.raises(ParameterError, match="twice"):
        accuracy.in_order(frame([("a", "1", 1.0), ("a", "1", 2.0)]))
    with pytest.raises(ParameterError, match="twice"):
        accuracy.sweep(CANDIDATES, pairs([("a", "1"), ("a", "1")]))
    with pytest.raises(ParameterError, match="at least 1"):
        accuracy.recall_at(CANDIDATES, TRUTH, 0)


names = st.sampled_from(list("abcdefgh"))
scored = st.dictionaries(st.tuples(names, names), st.integers(-3, 3), min_size=1, max_size=40)
true_pairs = st.sets(st.tuples(names, names), min_size=1, max_size=12)


def greedy(rows: list[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    """The obvious twin of one_to_one."""
    chosen: list[tuple[str, str, float]] = []
    for row in sorted(rows, key=lambda r: (-r[2], r[0], r[1])):
        if all(row[0] != c[0] and row[1] != c[1] for c in chosen):
            chosen.append(row)
    return chosen


@given(scored, true_pairs)
def test_selection_and_sweep_equal_the_obvious_twin_at_every_threshold(
    scores: dict[tuple[str, str], int], true: set[tuple[str, str]]
) -> None:
    rows = [(left, right, float(score)) for (left, right), score in scores.items()]
    truth = pairs(sorted(true))
    links = accuracy.one_to_one(frame(rows))
    assert [tuple(row) for row in links.to_numpy().tolist()] == greedy(rows)
    table = accuracy.sweep(links, truth)
    assert table["threshold"].tolist() == sorted(set(links["score"]), reverse=True)
    for row in table.itertuples():
        above = greedy([r for r in rows if r[2] >= row.threshold])
        assert row.links == len(above)
        assert row.right == sum((r[0], r[1]) in true for r in above)
        assert row.f1 == pytest.approx(accuracy.at_threshold(links, truth, row.threshold).f1)
    assert accuracy.best(links, truth).f1 == pytest.approx(table["f1"].max())


@given(scored, true_pairs)
def test_figures_equal_those_of_recordlinkage(
    scores: dict[tuple[str, str], int], true: set[tuple[str, str]]
) -> None:
    rows = [(left, right, float(score)) for (left, right), score in scores.items()]
    figures = accuracy.at_threshold(frame(rows), pairs(sorted(true)), -3.0)
    links_true = pd.MultiIndex.from_tuples(sorted(true))
    links_found = pd.MultiIndex.from_tuples(sorted(scores))
    assert figures.precision == pytest.approx(recordlinkage.precision(links_true, links_found))
    assert figures.recall == pytest.approx(recordlinkage.recall(links_true, links_found))
    if figures.right:
        assert figures.f1 == pytest.approx(recordlinkage.fscore(links_true, links_found))


@given(scored)
def test_the_order_of_the_rows_given_changes_nothing(scores: dict[tuple[str, str], int]) -> None:
    rows = [(left, right, float(score)) for (left, right), score in scores.items()]
    for select in (accuracy.in_order, accuracy.best_per_request, accuracy.one_to_one):
        pd.testing.assert_frame_equal(select(frame(rows)), select(frame(rows[::-1])))
