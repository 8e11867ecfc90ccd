"""`find_pairs`: all rows of one side against all rows of the other, tile by tile, in threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from matcher.scoring.arguments import (
    Filters,
    Question,
    check_filters,
    check_question,
    check_threads,
)
from matcher.scoring.collecting import Found, collect
from matcher.scoring.keeping import Best, keep_best
from matcher.scoring.lanes import Groups, group_filters, weigh
from matcher.scoring.measures import lowest_merit, merit_from_score
from matcher.scoring.ordering import Pairs, key_shift, pairs_in_order

T = TypeVar("T")

# A tile is this many left rows, whose filters of the usual lengths fit the second-level cache,
# against this many right rows, which are laid out in groups at a time.
LEFT_TILE = 1024
RIGHT_TILE = 1 << 16


def find_pairs(
    left: Filters,
    right: Filters,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> Pairs:
    """Compare all rows of `left` with all rows of `right`, exactly.

    Args:
        left: Filters, uint64 of shape (n, words), C-contiguous; a memory map will do. A filter
            whose length is no multiple of 64 bits ends in bits that are never set.
        right: Filters of the other side, with the same number of words.
        measure: `"dice"` or `"jaccard"` (scores from 0 to 1) or `"hamming"` (distances in bits).
            Empty filters have score 0 with everything, each other included.
        threshold: Keep only pairs with at least this score, or at most this distance; a pair
            exactly on it is kept (see `matcher.scoring.measures`).
        top: Keep only the `top` best pairs of every left row; of equally good ones, those with
            the lowest right rows. For the best of every right row, change sides. With `threshold`
            as well, pairs that both keep.
        threads: How many threads to use; all processors if None. The result is the same.

    Returns:
        The pairs, best score first, then by left row, then by right row. Rows that must not take
        part (a person without a fingerprint) are for the caller to leave out.

    Raises:
        ParameterError: An array or an argument is not as described, or neither `threshold` nor
            `top` is given.
    """
    question = check_question(measure, threshold, top)
    check_filters(left, right)
    threads = check_threads(threads)
    bits = 64 * left.shape[1]
    shift = key_shift(len(right))
    found = list(_found(left, right, question, shift, threads))
    return pairs_in_order(
        np.concatenate([np.empty(0, dtype=np.uint64), *(keys for keys, _ in found)]),
        np.concatenate([np.empty(0), *(merits for _, merits in found)]),
        measure=question.measure,
        bits=bits,
        key_bits=shift + key_shift(len(left)),
        shift=shift,
    )


def _found(
    left: Filters, right: Filters, question: Question, shift: int, threads: int
) -> Iterator[Found]:
    """The keys and merits of all pairs asked for, in no particular order."""
    measure = int(question.measure)
    merit = lowest_merit(question.measure, 64 * left.shape[1])
    if question.threshold is not None:
        merit = max(merit, merit_from_score(question.measure, question.threshold))
    weights = weigh(left)
    if question.top is None:

        def collected(rows: slice, groups: Groups) -> list[Found]:
            tile = np.array(left[rows])
            return collect(tile, weights[rows], rows.start, groups, shift, measure, merit)

        for chunks in _over_tiles(left, right, threads, collected):
            yield from chunks
    else:
        best = Best.none_yet(len(left), min(question.top, max(len(right), 1)))

        def kept(rows: slice, groups: Groups) -> None:
            tile = np.array(left[rows])
            keep_best(tile, weights[rows], rows.start, groups, measure, merit, best)

        for _ in _over_tiles(left, right, threads, kept):
            pass
        yield best.found(shift)


def _over_tiles(
    left: Filters, right: Filters, threads: int, work: Callable[[slice, Groups], T]
) -> Iterator[T]:
    """What `work` gives for every tile: left rows, and right rows in groups.

    All tiles of the same right rows are done before the next right rows are laid out, so that no
    two tiles with the same left rows are worked on at the same time.
    """
    height = min(LEFT_TILE, max(1, -(-len(left) // (4 * threads))))
    slices = [slice(start, min(start + height, len(left))) for start in range(0, len(left), height)]
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(right), RIGHT_TILE):
            groups = group_filters(right[start : start + RIGHT_TILE], start)
            yield from pool.map(work, slices, [groups] * len(slices))
