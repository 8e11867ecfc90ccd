"""Pairs that several passes agree on: a threshold a pass, and a weighted sum over passes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import (
    Filters,
    Question,
    ScoringPass,
    check_passes,
    check_threads,
    check_top,
)
from matcher.scoring.collecting import collect
from matcher.scoring.compiled import compiled
from matcher.scoring.measures import Measure, merit_from_score, merit_of, weigh
from matcher.scoring.ordering import Found, Pairs, joined, key_shift, places_in_rows, unpack
from matcher.scoring.partners import Partners
from matcher.scoring.sampling import spread
from matcher.scoring.search import pairs_reaching
from matcher.scoring.sketches import exact_sketch
from matcher.scoring.tiles import RIGHT_TILE, Tile, over_tiles, row_tiles
from matcher.scoring.vectors import popcount

# Rows of each side on which the pass that leads is chosen.
SAMPLED = 256

# What the float arithmetic of a bound may err by, many times over.
SLACK = 1e-9


def find_pairs_in_passes(
    passes: Sequence[ScoringPass],
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> Pairs:
    """Compare all rows of the left sides with all rows of the right sides, in several passes.

    All pairs are compared in one pass only, the one that most pairs fail; the other passes look
    at the pairs that are left.

    Args:
        passes: The passes, each with the same rows on both sides. Someone without a fingerprint
            in a pass has an empty filter there.
        measure: See `matcher.scoring.find_pairs`.
        threshold: Keep only pairs whose weighted sum of scores over the passes, added up in their
            order, is at least this, or for hamming at most this.
        top: Of the pairs that reach all thresholds, keep only the `top` best of every left row.
        threads: How many threads to use; all processors if None.

    Returns:
        The pairs that reach the threshold of every pass that has one, and that of the sum; the
        score is the weighted sum, the order that of `matcher.scoring.find_pairs`.

    Raises:
        ParameterError: An array or an argument is not as described, or there is no threshold.
    """
    questions, total = check_passes(passes, measure, threshold)
    check_top(top)
    threads = check_threads(threads)
    checked = questions[0].measure
    least_sum = -np.inf if total is None else merit_from_score(checked, total)
    bounds = _bounds(passes, questions, least_sum)
    lead = _lead(passes, bounds, threads)
    left, right, merit = passes[lead].left, passes[lead].right, bounds[lead].merit
    shift = key_shift(len(right))
    weights = [(weigh(one.left), weigh(one.right)) for one in passes]

    def agree(tile: Tile) -> Found:
        keys, merits = joined(collect(tile, bounds[lead], shift, Partners.all))
        by_pass = {lead: merits}
        for number, (one, question) in enumerate(zip(passes, questions, strict=True)):
            if number == lead:
                continue
            found = np.empty(len(keys))
            _fill_merits(one.left, one.right, *weights[number], keys, shift, int(checked), found)
            kept = found >= question.merit
            keys = keys[kept]
            by_pass = {other: values[kept] for other, values in by_pass.items()}
            by_pass[number] = found[kept]
        sums = np.zeros(len(keys))
        for number, one in enumerate(passes):
            sums += one.weight * by_pass[number]
        return keys[sums >= least_sum], sums[sums >= least_sum]

    merits = np.full(len(left), merit)
    found = over_tiles(
        left,
        right,
        threads,
        lambda sample: exact_sketch(left, merits, sample, checked),
        agree,
        right_tiles=row_tiles(len(right), RIGHT_TILE),
    )
    keys, sums = joined(list(found))
    order = np.lexsort((keys, -sums))
    rows, columns = unpack(keys[order], shift)
    score = sums[order] if checked != Measure.hamming else -sums[order]
    kept = slice(None) if top is None else places_in_rows(rows) < top
    return Pairs(rows[kept], columns[kept], score[kept])


def _bounds(
    passes: Sequence[ScoringPass], questions: Sequence[Question], least_sum: float
) -> list[Question]:
    """What a pair must reach in each pass, if it is perfect in all others."""
    best = 0.0 if questions[0].measure == Measure.hamming else 1.0
    weights = [one.weight for one in passes]
    bounds = []
    for question, weight in zip(questions, weights, strict=True):
        others = (sum(weights) - weight) * best
        implied = (least_sum - others - SLACK * (1 + abs(least_sum) + others)) / weight
        merit = min(best, max(question.merit, implied))
        bounds.append(replace(question, threshold=merit_from_score(question.measure, merit)))
    return bounds


def _lead(passes: Sequence[ScoringPass], bounds: Sequence[Question], threads: int) -> int:
    """The pass whose bound the fewest pairs of a sample reach."""
    reached = []
    for one, bound in zip(passes, bounds, strict=True):
        left = one.left[spread(len(one.left), SAMPLED)]
        right = one.right[spread(len(one.right), SAMPLED)]
        found = pairs_reaching(left, right, bound, key_shift(len(right)), threads)
        reached.append(len(joined(found)[0]))
    return int(np.argmin(reached))


@compiled
def _fill_merits(
    left: Filters,
    right: Filters,
    left_weights: NDArray[np.int64],
    right_weights: NDArray[np.int64],
    keys: NDArray[np.uint64],
    shift: int,
    measure: int,
    merits: NDArray[np.float64],
) -> None:
    for pair in range(len(keys)):
        row = np.int64(keys[pair] >> np.uint64(shift))
        column = np.int64(keys[pair]) - (row << shift)
        distance = 0
        for word in range(left.shape[1]):
            distance += popcount(left[row, word] ^ right[column, word])
        merits[pair] = merit_of(measure, distance, left_weights[row] + right_weights[column])
