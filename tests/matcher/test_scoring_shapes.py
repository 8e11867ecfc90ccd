"""Within one set, in blocks, in several passes, with declared loss: equal to the oracle."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom
from scoring_cases import (
    check_equal,
    fills,
    filters,
    measures,
    questions,
    sizes,
    thresholds,
    widths,
)

from matcher.formats.errors import ParameterError
from matcher.scoring import (
    ScoringPass,
    blocks,
    find_pairs,
    find_pairs_in_blocks,
    find_pairs_in_passes,
    find_pairs_with_loss,
    find_pairs_within,
    oracle,
    tiles,
    within,
)
from matcher.scoring.losing import allowed_distances


@given(st.data(), sizes, widths, fills)
@settings(max_examples=100, deadline=None)
def test_within_is_the_oracle(data: st.DataObject, rows: int, words: int, fill: float) -> None:
    made = filters(data.draw(st.integers(0, 99)), rows, words, fill)
    question = data.draw(questions(words))
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):
            patch.setattr(tiles, "LEFT_TILE", 7)
            patch.setattr(within, "RIGHT_TILE", 40)
        found = find_pairs_within(made, **question)
    check_equal(found, oracle.find_pairs_within(made, **question))
    assert np.all(found.left < found.right)


def test_within_keeps_a_pair_that_is_best_for_one_of_its_rows_only() -> None:
    made = np.array([[0b1111], [0b1111], [0b0111], [0b1]], dtype=np.uint64)
    found = find_pairs_within(made, top=1)
    check_equal(found, oracle.find_pairs_within(made, top=1))
    assert list(zip(found.left, found.right, strict=True)) == [(0, 1), (0, 2), (2, 3)]


@st.composite
def ranges(draw: st.DrawFn, rows: int) -> tuple[int, int]:
    start, stop = sorted(draw(st.tuples(st.integers(0, rows), st.integers(0, rows))))
    return start, stop


@given(st.data(), sizes, sizes, widths, fills, measures)
@settings(max_examples=100, deadline=None)
def test_blocks_are_the_oracle(
    data: st.DataObject, left_rows: int, right_rows: int, words: int, fill: float, measure: str
) -> None:
    left, right = filters(1, left_rows, words, fill), filters(2, right_rows, words, fill)
    count = data.draw(st.integers(0, 9))
    drawn = [(*data.draw(ranges(left_rows)), *data.draw(ranges(right_rows))) for _ in range(count)]
    made = np.array(drawn, dtype=np.int64).reshape(-1, 4)
    question = {"measure": measure, "threshold": data.draw(thresholds(measure, words))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SMALL_BLOCK", data.draw(st.sampled_from([0, 30, 1 << 20])))
        patch.setattr(blocks, "SPAN", data.draw(st.sampled_from([1, 50, 1 << 20])))
        found = find_pairs_in_blocks(left, right, made, **question, threads=2)
    check_equal(found, oracle.find_pairs_in_blocks(left, right, made, **question))


@pytest.mark.parametrize(
    "made", [[[0, 1, 0]], [[0, 5, 0, 1]], [[2, 1, 0, 1]], [[-1, 1, 0, 1]], [[0.0, 1, 0, 1]], [0, 1]]
)
def test_blocks_that_reach_outside_are_refused(made: Any) -> None:
    side = filters(0, 4, 1, 0.5)
    for function in (find_pairs_in_blocks, oracle.find_pairs_in_blocks):
        with pytest.raises(ParameterError):
            function(side, side, np.array(made), threshold=0.5)


@given(st.data(), sizes, sizes, measures, fills)
@settings(max_examples=100, deadline=None)
def test_passes_are_the_oracle(
    data: st.DataObject, left_rows: int, right_rows: int, measure: str, fill: float
) -> None:
    passes = []
    for number in range(data.draw(st.integers(1, 3))):
        words = data.draw(st.sampled_from([1, 2, 5]))
        own = data.draw(st.one_of(st.none(), thresholds(measure, words)))
        weight = data.draw(st.sampled_from([0.1, 0.5, 1.0, 3.7]))
        left, right = (
            filters(number + seed, rows, words, fill)
            for seed, rows in ((1, left_rows), (7, right_rows))
        )
        passes.append(ScoringPass(left, right, weight, own))
    everything = oracle.find_pairs_in_passes(
        [
            ScoringPass(p.left, p.right, p.weight, 1e9 if measure == "hamming" else 0)
            for p in passes
        ],
        measure=measure,
    )
    sums = [None, *np.unique(everything.score)[:: max(1, len(everything) // 5)].tolist()]
    total = data.draw(st.sampled_from(sums))
    if total is None and all(p.threshold is None for p in passes):
        passes[0] = ScoringPass(passes[0].left, passes[0].right, 1.0, 0.0)
    question = {
        "measure": measure,
        "threshold": total,
        "top": data.draw(st.sampled_from([None, 1, 3])),
    }
    found = find_pairs_in_passes(passes, **question, threads=2)
    check_equal(found, oracle.find_pairs_in_passes(passes, **question))


def test_passes_that_do_not_fit_are_refused() -> None:
    one, other = filters(0, 4, 1, 0.5), filters(0, 5, 1, 0.5)
    for passes in (
        [],
        [ScoringPass(one, one)],
        [ScoringPass(one, one, 1.0, 0.5), ScoringPass(one, other)],
        [ScoringPass(one, one, 0.0, 0.5)],
        [ScoringPass(one, one, 1.0, 1.5)],
    ):
        for function in (find_pairs_in_passes, oracle.find_pairs_in_passes):
            with pytest.raises(ParameterError):
                function(passes)
    with pytest.raises(ParameterError):
        find_pairs_in_passes([ScoringPass(one, one)], threshold=float("nan"))


@given(
    st.integers(1, 4).flatmap(lambda w: st.tuples(st.just(w), st.integers(1, w))),
    st.sampled_from([1e-1, 1e-3, 1e-6]),
)
@settings(max_examples=30, deadline=None)
def test_allowed_distances_lose_what_was_declared_and_no_more(
    widths_: tuple[int, int], loss: float
) -> None:
    words, looked_at = widths_
    bits, drawn = 64 * words, 64 * looked_at
    allowed = allowed_distances(bits, looked_at, (0, bits), loss)
    chances = hypergeom(bits, np.arange(bits + 1), drawn)
    assert np.all(chances.sf(allowed[: bits + 1]) <= loss * (1 + 1e-9))
    tighter = allowed[: bits + 1] > 0
    assert np.all(chances.sf(allowed[: bits + 1] - 1)[tighter] > loss * (1 - 1e-9))
    assert all(a <= b for a, b in pairwise(allowed))


def test_declared_loss_is_kept_on_pairs_near_the_threshold() -> None:
    random = np.random.default_rng(5)

    def side(bits: Any) -> Any:
        return np.packbits(bits, axis=1).view(np.uint64)

    left = random.random((3000, 1024)) < 0.5
    right = left ^ (random.random(left.shape) < 0.3)  # dice near 0.7
    exact = find_pairs(side(left), side(right), threshold=0.69)
    found, loss = find_pairs_with_loss(side(left), side(right), threshold=0.69, loss=0.05)
    lost = len(exact) - len(found)
    assert len(exact) > 1000
    assert 0 < lost < 0.05 * len(exact)
    assert set(zip(found.left, found.right, strict=True)) <= set(
        zip(exact.left, exact.right, strict=True)
    )
    assert (loss.declared, loss.measured_rows) == (0.05, 47)
    assert 0 <= loss.lost < loss.pairs


@pytest.mark.parametrize("loss", [0.0, 1.0, float("nan")])
def test_a_loss_that_is_no_chance_is_refused(loss: float) -> None:
    side = filters(0, 4, 1, 0.5)
    with pytest.raises(ParameterError):
        find_pairs_with_loss(side, side, threshold=0.5, loss=loss)
