"""The kernels equal the oracle: values, order, ties and errors, on every boundary."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_cases import Filters, check_equal, fills, filters, measures, questions, sizes, widths

from matcher.formats.errors import ParameterError
from matcher.scoring import distances_at, find_pairs, oracle, search, tiles
from matcher.scoring.measures import Measure
from matcher.scoring.sketches import exact_sketch, fold_onto


def same(left: Filters, right: Filters, **question: Any) -> Any:
    """What the kernel finds, after a check that it is what the oracle finds, bit for bit."""
    found = find_pairs(left, right, **question)
    expected = oracle.find_pairs(left, right, **question)
    check_equal(found, expected)
    return found


@given(st.data(), sizes, sizes, widths, fills)
@settings(max_examples=150, deadline=None)
def test_kernel_is_the_oracle(
    data: st.DataObject, left_rows: int, right_rows: int, words: int, fill: float
) -> None:
    left = filters(data.draw(st.integers(0, 99)), left_rows, words, fill)
    right = filters(data.draw(st.integers(0, 99)), right_rows, words, fill)
    same(left, right, **data.draw(questions(words)))


@given(st.data(), sizes, sizes, widths, fills)
@settings(max_examples=100, deadline=None)
def test_no_fold_ever_loses_a_pair(
    data: st.DataObject, left_rows: int, right_rows: int, words: int, fill: float
) -> None:
    length = data.draw(st.integers(0, words))
    left, right = filters(1, left_rows, words, fill), filters(2, right_rows, words, fill)
    question = data.draw(questions(words))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "exact_sketch", lambda *_: fold_onto(length, 64 * words))
        patch.setattr(search, "FIRST_BOUNDS", 10)
        same(left, right, **question)


def test_a_sketch_is_chosen_where_it_pays_and_only_there() -> None:
    random = np.random.default_rng(0)
    sides = [np.packbits(random.random((n, 1024)) < 0.3, axis=1).view(np.uint64) for n in (90, 512)]
    dice = Measure.dice
    assert 3 <= exact_sketch(sides[0], np.full(90, 0.8), sides[1], dice).words <= 7
    assert exact_sketch(sides[0], np.full(90, 0.2), sides[1], dice).words == 0


def test_equal_with_the_sketch_that_is_chosen() -> None:
    left = filters(7, 1100, 8, 0.3)
    right = left ^ filters(8, 1100, 8, 0.05)
    assert len(np.unique(same(left, right, threshold=0.75).score)) > 50
    same(left, right, top=2)


@given(st.data(), measures)
@settings(max_examples=60, deadline=None)
def test_a_pair_exactly_on_the_threshold_is_in_and_the_next_float_keeps_it_out(
    data: st.DataObject, measure: str
) -> None:
    left, right = filters(data.draw(st.integers(0, 99)), 20, 4, 0.4), filters(5, 40, 4, 0.4)
    scores = np.unique(oracle.find_pairs(left, right, measure=measure, top=40).score)
    on = float(data.draw(st.sampled_from(list(scores))))
    harder = np.nextafter(on, -np.inf if measure == "hamming" else np.inf)
    kept = same(left, right, measure=measure, threshold=on)
    assert on in kept.score
    if 0 <= harder <= 1 or (measure == "hamming" and harder >= 0):
        assert on not in same(left, right, measure=measure, threshold=float(harder)).score


@pytest.mark.parametrize("fraction", [Fraction(n, d) for d in range(1, 30) for n in range(1, d)])
def test_a_decimal_threshold_means_the_fraction_that_it_was_written_for(fraction: Fraction) -> None:
    left, right = np.zeros((1, 2), dtype=np.uint64), np.zeros((1, 2), dtype=np.uint64)
    # n common bits, d bits on each side: dice is n / d.
    left[0, 0] = right[0, 0] = 2**fraction.numerator - 1
    apart = fraction.denominator - fraction.numerator
    left[0, 1], right[0, 1] = 2**apart - 1, (2**apart - 1) << 32
    assert len(same(left, right, threshold=float(fraction))) == 1


def test_fixed_vector() -> None:
    left = np.array([[0b1111], [0b0011], [0]], dtype=np.uint64)
    right = np.array([[0b0011], [0b1111], [0b0011], [0]], dtype=np.uint64)
    found = same(left, right, measure="dice", threshold=0.6)
    assert found.left.tolist() == [0, 1, 1, 0, 0, 1]
    assert found.right.tolist() == [1, 0, 2, 0, 2, 1]
    np.testing.assert_array_equal(found.score, [1, 1, 1, 4 / 6, 4 / 6, 4 / 6])
    assert same(left, right, measure="jaccard", threshold=0.5).score.tolist() == [1] * 3 + [0.5] * 3
    assert same(left, right, measure="hamming", threshold=0).right.tolist() == [1, 0, 2, 3]


def test_empty_filters_are_like_nothing() -> None:
    empty = np.zeros((2, 3), dtype=np.uint64)
    for measure in ("dice", "jaccard"):
        assert same(empty, empty, measure=measure, threshold=0.0).score.tolist() == [0.0] * 4
        assert len(same(empty, empty, measure=measure, threshold=1e-9)) == 0
        assert same(empty, empty, measure=measure, top=1).right.tolist() == [0, 0]


def test_equally_good_pairs_are_cut_by_the_lowest_right_row() -> None:
    ones = np.full((70, 1), 7, dtype=np.uint64)
    assert same(ones[:2], ones, top=3).right.tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    "question", [{"threshold": 0.5}, {"top": 3}, {"threshold": 0.45, "top": 9}]
)
def test_tiles_and_threads_change_nothing(
    question: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = filters(1, 300, 3, 0.4), filters(2, 333, 3, 0.4)
    whole = same(left, right, **question, threads=1)
    monkeypatch.setattr(tiles, "LEFT_TILE", 7)
    monkeypatch.setattr(tiles, "RIGHT_TILE", 65)
    for threads in (1, 2, 64):
        tiled = find_pairs(left, right, **question, threads=threads)
        for name in ("left", "right", "score"):
            assert getattr(tiled, name).tobytes() == getattr(whole, name).tobytes()


def test_more_pairs_than_the_kernel_hands_over_at_once() -> None:
    assert len(same(filters(3, 500, 1, 0.5), filters(4, 700, 1, 0.5), threshold=0.3)) > 200_000


def test_read_only_memory_map(tmp_path: Any) -> None:
    made = filters(6, 80, 2, 0.4)
    made.tofile(tmp_path / "filters")
    mapped = np.memmap(tmp_path / "filters", dtype=np.uint64, mode="r", shape=made.shape)
    found = find_pairs(mapped, mapped, top=2)
    np.testing.assert_array_equal(found.right, oracle.find_pairs(made, made, top=2).right)


good = filters(0, 4, 2, 0.5)


@pytest.mark.parametrize(
    ("left", "right", "question"),
    [
        (good, good, {}),
        (good, good, {"measure": "cosine", "top": 1}),
        (good, good, {"threshold": -0.1}),
        (good, good, {"threshold": 1.1}),
        (good, good, {"threshold": float("nan")}),
        (good, good, {"measure": "hamming", "threshold": -1}),
        (good, good, {"measure": "hamming", "threshold": float("inf")}),
        (good, good, {"top": 0}),
        (good, good, {"top": 1.5}),
        (good, good, {"top": 1, "threads": 0}),
        (good, good[:, :1].copy(), {"top": 1}),
        (good[:, :0], good[:, :0], {"top": 1}),
        (good, good[:, ::-1], {"top": 1}),
        (good.astype(np.int64), good, {"top": 1}),
        (good[0], good, {"top": 1}),
        (good.tolist(), good, {"top": 1}),
    ],
)
def test_what_is_not_as_described_is_refused_alike(
    left: Any, right: Any, question: dict[str, Any]
) -> None:
    messages = []
    for function in (find_pairs, oracle.find_pairs):
        with pytest.raises(ParameterError) as raised:
            function(left, right, **question)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
    assert messages[0].endswith(".")


@given(st.integers(0, 99), st.integers(1, 40), widths, st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_distances_at(seed: int, rows: int, words: int, pairs: int) -> None:
    left, right = filters(seed, rows, words, 0.4), filters(seed + 1, rows, words, 0.4)
    random = np.random.default_rng(seed)
    at = random.integers(0, rows, pairs), random.integers(0, rows, pairs)
    found = distances_at(left, right, *at, threads=2)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, oracle.distances_at(left, right, *at))


@pytest.mark.parametrize(
    ("left_rows", "right_rows"), [([4], [0]), ([0], [-1]), ([0, 1], [0]), ([0.0], [0])]
)
def test_rows_that_are_not_there_are_refused(left_rows: list[Any], right_rows: list[Any]) -> None:
    with pytest.raises(ParameterError):
        distances_at(good, good, np.array(left_rows), np.array(right_rows))
