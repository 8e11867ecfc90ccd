"""`find_pairs`: all rows of one side against all rows of the other."""

from itertools import chain

import numpy as np

from matcher.scoring.arguments import Filters, check_filters, check_question, check_threads
from matcher.scoring.collecting import collect
from matcher.scoring.keeping import Best, keep_best
from matcher.scoring.measures import lowest_merit, merit_from_score
from matcher.scoring.ordering import Pairs, key_shift, pairs_in_order
from matcher.scoring.sketches import exact_sketch
from matcher.scoring.tiles import over_tiles

# How many right rows give the first bounds on the best pairs; sketches are chosen by them.
FIRST_BOUNDS = 1024


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
    number, merit = int(question.measure), lowest_merit(question.measure, bits)
    if question.threshold is not None:
        merit = max(merit, merit_from_score(question.measure, question.threshold))
    shift = key_shift(len(right))
    if question.top is None:
        chunks = over_tiles(
            left,
            right,
            threads,
            lambda sample: exact_sketch(left, np.full(len(left), merit), sample, number),
            lambda tile: collect(tile, shift, number, merit),
        )
        found = list(chain.from_iterable(chunks))
    else:
        best = Best.none_yet(len(left), min(question.top, len(right)))
        for _ in over_tiles(
            left,
            right,
            threads,
            lambda sample: exact_sketch(left, np.maximum(merit, best.merits[:, 0]), sample, number),
            lambda tile: keep_best(tile, number, merit, best),
            first=FIRST_BOUNDS,
        ):
            pass
        found = [best.found(shift)]
    return pairs_in_order(found, question.measure, bits, len(left), shift, threads)
