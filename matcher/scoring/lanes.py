"""Filters in the layout that vector units like.

The right side is laid out in **groups** of `LANES` filters, word by word: `[group, word, lane]`.
One instruction then works on the same word of several filters, and the counts of all lanes stay
in registers: no sum across a register is ever needed (see `matcher.scoring.vectors`).

Inside a tile, filters are grouped in order of weight: the filters of a group then weigh almost
the same, so that one bound on the common bits serves all of them, tightly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Filters
from matcher.scoring.compiled import compiled
from matcher.scoring.vectors import LANES


@dataclass(frozen=True)
class Groups:
    """The filters of a tile of the right side, in order of weight.

    Attributes:
        words: The filters, shape (groups, words, LANES); lanes without a filter hold zeros.
        rows: The row of each lane, shape (groups * LANES,); -1 for a lane without a filter.
        weights: The weight of each lane, in the same order.
        lightest: The least weight in each group, shape (groups,).
        heaviest: The greatest weight in each group.
    """

    words: NDArray[np.uint64]
    rows: NDArray[np.int64]
    weights: NDArray[np.int64]
    lightest: NDArray[np.int64]
    heaviest: NDArray[np.int64]


def group_filters(filters: Filters, first_row: int) -> Groups:
    """Lay out filters, the first of which is row `first_row` of its side, in groups."""
    count, words = filters.shape
    groups = -(-count // LANES)
    weights = weigh(filters)
    order = np.argsort(weights, kind="stable")
    rows = np.full(groups * LANES, -1, dtype=np.int64)
    rows[:count] = first_row + order
    in_order = np.zeros(groups * LANES, dtype=np.int64)
    in_order[:count] = weights[order]
    starts = np.arange(groups) * LANES
    return Groups(
        words=_lay_out(filters[order], np.zeros((groups, words, LANES), dtype=np.uint64)),
        rows=rows,
        weights=in_order,
        lightest=in_order[starts],
        heaviest=in_order[np.minimum(starts + LANES, count) - 1],
    )


def weigh(filters: Filters) -> NDArray[np.int64]:
    """The number of bits set in each row."""
    weights: NDArray[np.int64] = np.bitwise_count(filters).sum(axis=1, dtype=np.int64)
    return weights


@compiled
def _lay_out(filters: Filters, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for row in range(filters.shape[0]):
        for word in range(filters.shape[1]):
            words[row // LANES, word, row % LANES] = filters[row, word]
    return words
