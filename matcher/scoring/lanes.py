"""Filters in the layout that vector units like.

The right side is laid out in **groups** of `LANES` filters, word by word: `[group, word, lane]`.
One instruction then works on the same word of several filters, and the counts of all lanes stay
in registers: no sum across a register is ever needed (see `matcher.scoring.vectors`).

Inside a tile, filters are grouped in order of weight: the filters of a group then weigh almost
the same, so that one bound on the distance serves all of them, tightly.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Filters
from matcher.scoring.counting import LANES
from matcher.scoring.sketches import Sketch


class Groups(NamedTuple):
    """The filters of a tile of the right side, in order of weight.

    Attributes:
        words: The filters, each with its sketch before it (see `matcher.scoring.sketches`), shape
            (groups, sketch words + words, LANES); lanes without a filter hold zeros.
        rows: The row of each lane, shape (groups * LANES,); -1 for a lane without a filter.
        weights: The weight of each lane, in the same order.
        lightest: The least weight in each group, shape (groups,).
        heaviest: The greatest weight in each group.
        sketch_words: Length of the sketches, 0 for none.
        allowed: How far sketches may be apart, for each distance that the filters may have.
    """

    words: NDArray[np.uint64]
    rows: NDArray[np.int64]
    weights: NDArray[np.int64]
    lightest: NDArray[np.int64]
    heaviest: NDArray[np.int64]
    sketch_words: int
    allowed: NDArray[np.int64]


def group_filters(
    filters: Filters, rows: NDArray[np.int64], weights: NDArray[np.int64], sketch: Sketch
) -> Groups:
    """Lay out filters in groups.

    Args:
        filters: Shape (n, words), at least one, in order of weight.
        rows: The row of each.
        weights: The weight of each.
        sketch: The sketch to put before them.
    """
    starts = np.arange(0, len(filters), LANES)
    spare = len(starts) * LANES - len(filters)
    return Groups(
        words=sketch.before_in_groups(filters, LANES),
        rows=np.pad(rows, (0, spare), constant_values=-1),
        weights=np.pad(weights, (0, spare)),
        lightest=weights[starts],
        heaviest=weights[np.minimum(starts + LANES, len(filters)) - 1],
        sketch_words=sketch.words,
        allowed=sketch.allowed,
    )
