"""The specification of the scoring core: the same functions in plain, slow, obvious numpy.

Everything here builds the full matrix of scores. The kernels equal it bit for bit, in values,
order and ties, and error for error.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import (
    Filters,
    Question,
    ScoringPass,
    check_blocks,
    check_passes,
    check_question,
    check_threads,
    check_top,
)
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
    question = check_question(left, right, measure, threshold, top)
    check_threads(threads)
    scores = score_matrix(left, right, question.measure)
    kept = _reaches(scores, question)
    if question.top is not None:
        kept &= _among_best(scores, question)
    return _in_order(scores, kept, question)


def find_pairs_of_either(
    left: Filters,
    right: Filters,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int,
    threads: int | None = None,
) -> Pairs:
    """What `matcher.scoring.find_pairs_of_either` must return, and raise."""
    question = check_question(left, right, measure, threshold, top)
    check_threads(threads)
    scores = score_matrix(left, right, question.measure)
    best = _among_best(scores, question) | _among_best(scores.T, question).T
    return _in_order(scores, _reaches(scores, question) & best, question)


def find_pairs_within(
    filters: Filters,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> Pairs:
    """What `matcher.scoring.find_pairs_within` must return, and raise."""
    question = check_question(filters, filters, measure, threshold, top)
    check_threads(threads)
    scores = score_matrix(filters, filters, question.measure)
    kept = _reaches(scores, question)
    if question.top is not None:
        ranked = scores.copy()
        np.fill_diagonal(ranked, -_better(np.full(1, np.inf), question)[0])
        best = _among_best(ranked, question)
        kept &= best | best.T
    return _in_order(scores, np.triu(kept, 1), question)


def find_pairs_in_blocks(
    left: Filters,
    right: Filters,
    blocks: NDArray[np.int64],
    *,
    measure: str = "dice",
    threshold: float,
    threads: int | None = None,
) -> Pairs:
    """What `matcher.scoring.find_pairs_in_blocks` must return, and raise."""
    question = check_question(left, right, measure, threshold, None)
    check_blocks(blocks, len(left), len(right))
    check_threads(threads)
    scores = score_matrix(left, right, question.measure)
    inside = np.zeros(scores.shape, dtype=bool)
    for left_start, left_stop, right_start, right_stop in blocks:
        inside[left_start:left_stop, right_start:right_stop] = True
    return _in_order(scores, inside & _reaches(scores, question), question)


def find_pairs_in_passes(
    passes: Sequence[ScoringPass],
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> Pairs:
    """What `matcher.scoring.find_pairs_in_passes` must return, and raise."""
    questions, total = check_passes(passes, measure, threshold)
    check_top(top)
    check_threads(threads)
    sums, kept = np.zeros((1, 1)), np.ones((1, 1), dtype=bool)
    for one, question in zip(passes, questions, strict=True):
        scores = score_matrix(one.left, one.right, question.measure)
        sums = sums + one.weight * scores
        kept = kept & _reaches(scores, question)
    if total is not None:
        kept &= _better(sums, questions[0]) >= _better(np.array(total), questions[0])
    if top is not None:
        worst = -_better(np.array(np.inf), questions[0])
        kept &= _among_best(np.where(kept, sums, worst), replace(questions[0], top=top))
    return _in_order(sums, kept, questions[0])


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


def _better(scores: NDArray[np.float64], question: Question) -> NDArray[np.float64]:
    """The scores, turned round for distances, so that higher is better."""
    return -scores if question.measure == Measure.hamming else scores


def _reaches(scores: NDArray[np.float64], question: Question) -> NDArray[np.bool_]:
    """Which scores reach the threshold; all of them without one."""
    if question.threshold is None:
        return np.ones(scores.shape, dtype=bool)
    return _better(scores, question) >= _better(np.array(question.threshold), question)


def _among_best(scores: NDArray[np.float64], question: Question) -> NDArray[np.bool_]:
    """Which scores are among the `top` best of their row, those of lower columns first."""
    order = np.argsort(-_better(scores, question), axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    return place < (question.top or 0)


def _in_order(scores: NDArray[np.float64], kept: NDArray[np.bool_], question: Question) -> Pairs:
    """The pairs that are kept: best score first, then by left row, then by right row."""
    rows, columns = np.nonzero(kept)
    found = scores[rows, columns]
    order = np.lexsort((columns, rows, -_better(found, question)))
    return Pairs(rows[order], columns[order], found[order])
