"""The kernel for the best pairs of every left row.

Each left row has a heap of its best pairs so far, the worst of them at the root. What a new pair
must beat is that root: a better merit, or the same merit and a lower right row. So what stays
does not depend on the order in which tiles come.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Question
from matcher.scoring.compiled import compiled, inlined
from matcher.scoring.counting import LANES
from matcher.scoring.measures import merit_of, reach
from matcher.scoring.ordering import Found, pair_keys
from matcher.scoring.partners import Partners, may_pair
from matcher.scoring.tiles import Tile
from matcher.scoring.vectors import lowest_lane, near_lanes

NO_ROW = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Best:
    """The best pairs of every left row so far, as a heap a row.

    Attributes:
        merits: Shape (left rows, top); minus infinity where there is no pair yet.
        rows: The right rows, same shape.
    """

    merits: NDArray[np.float64]
    rows: NDArray[np.int64]

    @classmethod
    def none_yet(cls, left_rows: int, top: int) -> "Best":
        """Heaps without pairs."""
        shape = (left_rows, top)
        return cls(np.full(shape, -np.inf), np.full(shape, NO_ROW, dtype=np.int64))

    def found(self, shift: int) -> Found:
        """The keys and merits of the pairs."""
        left, place = np.nonzero(self.merits > -np.inf)
        return pair_keys(left, self.rows[left, place], shift), self.merits[left, place]

    def found_within(self, shift: int) -> Found:
        """The same where both sides are one set: each pair once, the lower row first."""
        left, place = np.nonzero(self.merits > -np.inf)
        right, merits = self.rows[left, place], self.merits[left, place]
        keys = pair_keys(np.minimum(left, right), np.maximum(left, right), shift)
        once, first = np.unique(keys, return_index=True)
        return once, merits[first]


def keep_best(tile: Tile, question: Question, best: Best, partners: Partners) -> None:
    """Compare a tile, and keep in `best` what is asked for and among the best of its row.

    Args:
        tile: What to compare.
        question: The measure and what a pair must reach.
        best: The heaps of all left rows.
        partners: Which rows may be paired.
    """
    mine = slice(tile.first_row, tile.first_row + len(tile.left))
    stride = _scattering_stride(len(tile.groups.words))
    measure, merit = int(question.measure), question.merit
    heaps = best.merits[mine], best.rows[mine]
    _keep_best(tile, stride, measure, merit, int(partners), *heaps)


def _scattering_stride(count: int) -> int:
    """A step that visits `count` groups once each, light and heavy mixed from the start.

    In order of weight, scores would tend to rise along the way, and each group would beat the
    one before.
    """
    stride = max(1, int(count * 0.618))
    while gcd(stride, count) != 1:
        stride += 1
    return stride


@compiled
def _keep_best(
    tile: Tile,
    stride: int,
    measure: int,
    merit: float,
    partners: int,
    best_merits: NDArray[np.float64],
    best_rows: NDArray[np.int64],
) -> None:
    first_row, left, left_weights, groups = tile
    words, rows, weights, lightest, heaviest, sketch_words, allowed = groups
    most = np.empty(len(left), dtype=np.int64)
    distances = np.empty(LANES, dtype=np.int64)
    for turn in range(len(words)):
        group = turn * stride % len(words)
        for row in range(len(left)):
            to_reach = max(merit, best_merits[row, 0])
            most[row] = reach(
                measure, to_reach, left_weights[row], lightest[group], heaviest[group]
            )
        for row in range(len(left)):
            if most[row] < 0:
                continue
            sketch_most = allowed[most[row]]
            mask = near_lanes(
                left, row, words, group, sketch_words, sketch_most, most[row], distances
            )
            while mask != 0:
                lane = lowest_lane(mask)
                mask &= mask - np.uint64(1)
                place = group * LANES + lane
                value = merit_of(measure, distances[lane], left_weights[row] + weights[place])
                if value >= merit and may_pair(partners, first_row + row, rows[place]):
                    _push(best_merits, best_rows, row, value, rows[place])


@inlined
def _push(
    merits: NDArray[np.float64], rows: NDArray[np.int64], heap: int, merit: float, row: int
) -> None:
    """Put a pair in place of a heap's root, the worst, if it is better, and mend the heap."""
    if not _worse(merits[heap, 0], rows[heap, 0], merit, row):
        return
    size = merits.shape[1]
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        other = child + 1
        if other < size and _worse(
            merits[heap, other], rows[heap, other], merits[heap, child], rows[heap, child]
        ):
            child = other
        if not _worse(merits[heap, child], rows[heap, child], merit, row):
            break
        merits[heap, hole] = merits[heap, child]
        rows[heap, hole] = rows[heap, child]
        hole = child
    merits[heap, hole] = merit
    rows[heap, hole] = row


@inlined
def _worse(merit: float, row: int, other_merit: float, other_row: int) -> bool:
    return merit < other_merit or (merit == other_merit and row > other_row)
