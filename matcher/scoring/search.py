"""`find_pairs`: all rows of one side against all rows of the other."""

from itertools import chain

import numpy as np

from matcher.scoring.arguments import Filters, Question, check_question, check_threads
from matcher.scoring.collecting import collect
from matcher.scoring.keeping import Best, keep_best
from matcher.scoring.ordering import Found, Pairs, key_shift, pairs_in_order
from matcher.scoring.partners import Partners
from matcher.scoring.sketches import exact_sketch
from matcher.scoring.tiles import RIGHT_TILE, over_tiles, row_tiles

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
            By dice and jaccard, an empty filter scores 0 with everything, other empty ones too.
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
    question = check_question(left, right, measure, threshold, top)
    threads = check_threads(threads)
    shift = key_shift(len(right))
    if question.top is not None:
        found = [best_pairs(left, right, question, threads, Partners.all).found(shift)]
        return pairs_in_order(found, question, len(left), shift, threads)
    found = pairs_reaching(left, right, question, shift, threads)
    return pairs_in_order(found, question, len(left), shift, threads)


def pairs_reaching(
    left: Filters, right: Filters, question: Question, shift: int, threads: int
) -> list[Found]:
    """The keys and merits of all pairs that reach the threshold, in no particular order."""
    merits = np.full(len(left), question.merit)
    chunks = over_tiles(
        left,
        right,
        threads,
        lambda sample: exact_sketch(left, merits, sample, question.measure),
        lambda tile: collect(tile, question, shift, Partners.all),
        right_tiles=row_tiles(len(right), RIGHT_TILE),
    )
    return list(chain.from_iterable(chunks))


def best_pairs(
    left: Filters, right: Filters, question: Question, threads: int, partners: Partners
) -> Best:
    """The `question.top` best pairs of every left row."""
    best = Best.none_yet(len(left), min(question.top or 0, len(right)))
    for _ in over_tiles(
        left,
        right,
        threads,
        lambda sample: exact_sketch(
            left, np.maximum(question.merit, best.merits[:, 0]), sample, question.measure
        ),
        lambda tile: keep_best(tile, question, best, partners),
        right_tiles=row_tiles(len(right), RIGHT_TILE, first=FIRST_BOUNDS),
    ):
        pass
    return best
