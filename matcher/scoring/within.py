"""Pairs within one set: each once, and no row with itself."""

from itertools import chain

import numpy as np

from matcher.scoring.arguments import Filters, check_question, check_threads
from matcher.scoring.collecting import collect
from matcher.scoring.ordering import Pairs, key_shift, pairs_in_order
from matcher.scoring.partners import Partners
from matcher.scoring.search import best_pairs
from matcher.scoring.sketches import exact_sketch
from matcher.scoring.tiles import over_tiles, row_tiles

# Tiles on the diagonal are compared whole, so they are kept smaller than between two sets.
RIGHT_TILE = 1 << 12


def find_pairs_within(
    filters: Filters,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> Pairs:
    """Compare all rows of one set with each other, exactly.

    Args:
        filters: As for `matcher.scoring.find_pairs`.
        measure: See there.
        threshold: See there.
        top: Keep only the pairs that are among the `top` best of either of their rows; of equally
            good ones, a row keeps those whose other row is lowest.
        threads: How many threads to use; all processors if None.

    Returns:
        The pairs, each once, `left` below `right`, in the order of `matcher.scoring.find_pairs`.

    Raises:
        ParameterError: An array or an argument is not as described.
    """
    question = check_question(filters, filters, measure, threshold, top)
    threads = check_threads(threads)
    shift = key_shift(len(filters))
    if question.top is not None:
        best = best_pairs(filters, filters, question, threads, Partners.others)
        found = [best.found_within(shift)]
        return pairs_in_order(found, question, len(filters), shift, threads)
    merits = np.full(len(filters), question.merit)
    chunks = over_tiles(
        filters,
        filters,
        threads,
        lambda sample: exact_sketch(filters, merits, sample, question.measure),
        lambda tile: collect(tile, question, shift, Partners.later),
        right_tiles=row_tiles(len(filters), RIGHT_TILE),
        only_before=True,
    )
    found = list(chain.from_iterable(chunks))
    return pairs_in_order(found, question, len(filters), shift, threads)
