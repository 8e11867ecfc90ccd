"""The specification of the scoring core: the same functions in plain, slow, obvious numpy.

Everything here builds the full matrix of scores. The kernels equal it bit for bit, in values,
order and ties, and error for error.
"""

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Filters, check_filters, check_question, check_threads
from matcher.scoring.measures import Measure
from matcher.scoring.ordering import Pairs


def find_pairs(
    left: Filters,
    right: Filters,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> Pairs:
    """What `matcher.scoring.find_pairs` must return, and raise."""
    question = check_question(measure, threshold, top)
    check_filters(left, right)
    check_threads(threads)
    scores = score_matrix(left, right, question.measure)
    distance = question.measure == Measure.hamming
    kept = np.ones(scores.shape, dtype=bool)
    if threshold is not None:
        kept &= scores <= threshold if distance else scores >= threshold
    if top is not None:
        kept &= _rank_in_row(scores if distance else -scores) < top
    rows, columns = np.nonzero(kept)
    found = scores[rows, columns]
    order = np.lexsort((columns, rows, found if distance else -found))
    return Pairs(rows[order], columns[order], found[order])


def score_matrix(left: Filters, right: Filters, measure: Measure) -> NDArray[np.float64]:
    """The score of every left row (axis 0) with every right row (axis 1)."""
    common = np.array([np.bitwise_count(row & right).sum(axis=1, dtype=np.int64) for row in left])
    common = common.reshape(len(left), len(right))
    weights = np.add.outer(
        np.bitwise_count(left).sum(axis=1, dtype=np.int64),
        np.bitwise_count(right).sum(axis=1, dtype=np.int64),
    )
    scores: NDArray[np.float64] = np.zeros(common.shape)
    if measure == Measure.hamming:
        np.subtract(weights, 2 * common, out=scores)
    elif measure == Measure.dice:
        np.divide(2 * common, weights, out=scores, where=weights > 0)
    else:
        np.divide(common, weights - common, out=scores, where=weights > common)
    return scores


def distances_at(
    left: Filters, right: Filters, left_rows: NDArray[np.int64], right_rows: NDArray[np.int64]
) -> NDArray[np.int32]:
    """What `matcher.scoring.distances_at` must return."""
    different = left[left_rows] ^ right[right_rows]
    distances: NDArray[np.int32] = np.bitwise_count(different).sum(axis=1, dtype=np.int32)
    return distances


def _rank_in_row(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """The place of every column in its row, from 0: lowest cost first, then lowest column."""
    order = np.argsort(costs, axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable")
