"""Informative neighbours: the records that a record visibly resembles.

What two filters of weights a and b of m bits share by chance is hypergeometric: ab/m bits on
average, with variance ab(m - a)(m - b) / (m²(m - 1)). How many of these standard deviations a pair
shares beyond the average is its score. Graph matching lives on pairs with high ones (Schäfer,
Armknecht and Heng, "R+R: Revisiting graph matching attacks on privacy-preserving record linkage",
ACSAC 2024). Scores of several passes, whose keys are independent, add up to their sum divided by
the square root of their number (Stouffer's method).
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.scoring.compiled import compiled
from matcher.scoring.counting import LANES
from matcher.scoring.measures import weigh
from matcher.scoring.vectors import near_lanes

SIGMAS = 5.0
"""Deviations from chance beyond which a resemblance is informative."""

Filters = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

# Pairs of a tile have their sums over passes in the second-level cache.
_LEFT_TILE = 64
_RIGHT_TILE = 4096
_ANY_DISTANCE = 1 << 40
_LIMIT = np.float32(SIGMAS)


@dataclass(frozen=True)
class Neighbours:
    """How many neighbours each of some records has among all.

    Attributes:
        by_pass: For each pass the counts, shape (rows,); 0 where the record lacks the pass.
        together: Others that resemble the record beyond `SIGMAS` in some pass, or in all that
            both have taken together.
    """

    by_pass: dict[str, Counts]
    together: Counts


@dataclass(frozen=True, eq=False)
class _Side:
    """Filters of one pass.

    Attributes:
        filters: Shape (n, words).
        weights: Shape (n,).
        scales: One divided by the root of a standard deviation, so that the product of two is one
            divided by the pair's; 0 where there is no filter, or one that says nothing.
    """

    filters: Filters
    weights: Floats
    scales: Floats

    @classmethod
    def of(cls, filters: Filters, present: Mask) -> "_Side":
        bits = 64 * filters.shape[1]
        weights = weigh(filters)
        spread = weights * (bits - weights)
        says = present & (spread > 0)
        scales = np.zeros(len(filters), dtype=np.float32)
        scales[says] = np.sqrt(bits * np.sqrt(bits - 1.0) / spread[says])
        return cls(filters, weights.astype(np.float32), scales)

    def rows(self, rows: Rows | slice) -> "_Side":
        return _Side(self.filters[rows], self.weights[rows], self.scales[rows])

    def groups(self) -> "_Side":
        """Lay the filters out in groups, word by word, the rest filled up with none."""
        spare = -len(self.filters) % LANES
        filters = np.pad(self.filters, ((0, spare), (0, 0)))
        lanes = filters.reshape(-1, LANES, filters.shape[1]).transpose(0, 2, 1)
        return _Side(
            np.ascontiguousarray(lanes),
            np.pad(self.weights, (0, spare)),
            np.pad(self.scales, (0, spare)),
        )


def count_neighbours(
    passes: Mapping[str, tuple[Filters, Mask]],
    rows: Rows,
    *,
    threads: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Neighbours:
    """Count the neighbours of some records among all others, exactly.

    Memory is bounded by a tile and the counts, whatever is found.

    Args:
        passes: For each pass the filters of n records, shape (n, words), uint64, and who has one,
            shape (n,).
        rows: Shape (k,): the records to count for.
        threads: How many threads to use; the counts are the same.
        progress: Told with how many of the n records they were compared by now.
    """
    sides = [_Side.of(filters, present) for filters, present in passes.values()]
    left = [side.rows(rows) for side in sides]
    size = len(sides[0].weights)
    counts = np.zeros((len(sides) + 1, len(rows)), dtype=np.int64)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, size, _RIGHT_TILE):
            right = [side.rows(slice(start, start + _RIGHT_TILE)).groups() for side in sides]

            def count(first: int, right: list[_Side] = right) -> None:
                tile = slice(first, first + _LEFT_TILE)
                counts[:, tile] += _count_tile([side.rows(tile) for side in left], right)

            for _ in pool.map(count, range(0, len(rows), _LEFT_TILE)):
                pass
            progress(min(start + _RIGHT_TILE, size))
    # Every record resembles itself, in every pass in which it can resemble anything.
    selves = np.array([side.scales > 0 for side in left])
    counts[:-1] -= selves
    counts[-1] -= selves.any(axis=0)
    return Neighbours(dict(zip(passes, counts[:-1], strict=True)), counts[-1])


def _count_tile(left: list[_Side], right: list[_Side]) -> Counts:
    """Count for each left row the right ones that resemble it: by pass, and together."""
    rows, lanes = len(left[0].weights), len(right[0].weights)
    counts = np.zeros((len(left) + 1, rows), dtype=np.int64)
    sums = np.zeros((rows, lanes), dtype=np.float32)
    highest = np.zeros((rows, lanes), dtype=np.float32)
    compared = np.zeros((rows, lanes), dtype=np.float32)
    for number, (mine, theirs) in enumerate(zip(left, right, strict=True)):
        _add_pass(
            mine.filters,
            mine.weights,
            mine.scales,
            theirs.filters,
            theirs.weights,
            theirs.scales,
            sums,
            highest,
            compared,
            counts[number],
        )
    _count_together(sums, highest, compared, counts[-1])
    return counts


@compiled
def _add_pass(
    left: Filters,
    left_weights: Floats,
    left_scales: Floats,
    groups: npt.NDArray[np.uint64],
    right_weights: Floats,
    right_scales: Floats,
    sums: Floats,
    highest: Floats,
    compared: Floats,
    counts: Counts,
) -> None:
    one_by_bits = np.float32(1 / (64 * left.shape[1]))
    distances = np.empty(LANES, dtype=np.int64)
    for group in range(len(groups)):
        for row in range(len(left)):
            weight, scale = left_weights[row], left_scales[row]
            if scale == 0:
                continue
            near_lanes(left, row, groups, group, 0, 0, _ANY_DISTANCE, distances)
            first = group * LANES
            near = 0
            for lane in range(LANES):
                other, scales = right_weights[first + lane], right_scales[first + lane]
                shared = np.float32(0.5) * (weight + other - np.float32(distances[lane]))
                score = (shared - weight * other * one_by_bits) * (scale * scales)
                sums[row, first + lane] += score
                highest[row, first + lane] = max(highest[row, first + lane], score)
                compared[row, first + lane] += np.float32(scales > 0)
                near += score > _LIMIT
            counts[row] += near


@compiled
def _count_together(
    sums: Floats,
    highest: Floats,
    compared: Floats,
    counts: Counts,
) -> None:
    for row in range(len(sums)):
        for place in range(sums.shape[1]):
            limit = _LIMIT * np.sqrt(compared[row, place])
            counts[row] += highest[row, place] > _LIMIT or sums[row, place] > limit
