"""The best pairs of either side: of every left row, and of every right row."""

from functools import partial

import numpy as np

from matcher.scoring.arguments import Filters
from matcher.scoring.measures import Measure
from matcher.scoring.ordering import Pairs
from matcher.scoring.search import find_pairs


def find_pairs_of_either(
    left: Filters,
    right: Filters,
    *,
    measure: str = "dice",
    threshold: float | None = None,
    top: int,
    threads: int | None = None,
) -> Pairs:
    """Keep the pairs that are among the best of their left row or of their right row, exactly.

    Args:
        left: As for `matcher.scoring.find_pairs`.
        right: See there.
        measure: See there.
        threshold: See there.
        top: Keep the pairs that are among the `top` best of their left row, or of their right row;
            of equally good ones, a row keeps those whose other row is lowest.
        threads: How many threads to use; all processors if None.

    Returns:
        The pairs, each once, in the order of `matcher.scoring.find_pairs`.

    Raises:
        ParameterError: An array or an argument is not as described.
    """
    find = partial(find_pairs, measure=measure, threshold=threshold, top=top, threads=threads)
    forth, back = find(left, right), find(right, left)
    lefts, rights = np.r_[forth.left, back.right], np.r_[forth.right, back.left]
    scores = np.r_[forth.score, back.score]
    badness = scores if Measure[measure] == Measure.hamming else -scores
    order = np.lexsort((rights, lefts, badness))
    repeated = (np.diff(lefts[order], prepend=-1) == 0) & (np.diff(rights[order], prepend=-1) == 0)
    kept = order[~repeated]
    return Pairs(lefts[kept], rights[kept], scores[kept])
