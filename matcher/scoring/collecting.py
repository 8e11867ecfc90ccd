"""The kernel for thresholds: every pair of a tile that reaches a merit."""

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.compiled import compiled
from matcher.scoring.lanes import Groups
from matcher.scoring.measures import least_common, merit_of
from matcher.scoring.vectors import LANES, compare_group, lowest_lane

# Pairs that one call of the kernel can hand over: small beside a tile, large beside a call.
ROOM = 1 << 16

Found = tuple[NDArray[np.uint64], NDArray[np.float64]]


def collect(
    left: NDArray[np.uint64],
    left_weights: NDArray[np.int64],
    first_row: int,
    groups: Groups,
    shift: int,
    measure: int,
    merit: float,
) -> list[Found]:
    """The keys and merits of all pairs of a tile that reach a merit.

    Args:
        left: Filters of the left side, the first of which is row `first_row`.
        left_weights: Their weights.
        first_row: See above.
        groups: Filters of the right side.
        shift: See `matcher.scoring.ordering.key_shift`.
        measure: The number of a measure.
        merit: What a pair must reach.
    """
    found = []
    resume_at = np.zeros(2, dtype=np.int64)
    while resume_at[0] < len(groups.words):
        keys = np.empty(ROOM, dtype=np.uint64)
        merits = np.empty(ROOM, dtype=np.float64)
        count = _collect(
            left,
            left_weights,
            first_row,
            groups.words,
            groups.rows,
            groups.weights,
            groups.lightest,
            groups.heaviest,
            shift,
            measure,
            merit,
            resume_at,
            keys,
            merits,
        )
        if count:
            full = count > ROOM // 2
            found.append(
                (keys[:count], merits[:count])
                if full
                else (keys[:count].copy(), merits[:count].copy())
            )
    return found


@compiled
def _collect(
    left: NDArray[np.uint64],
    left_weights: NDArray[np.int64],
    first_row: int,
    words: NDArray[np.uint64],
    rows: NDArray[np.int64],
    weights: NDArray[np.int64],
    lightest: NDArray[np.int64],
    heaviest: NDArray[np.int64],
    shift: int,
    measure: int,
    merit: float,
    resume_at: NDArray[np.int64],
    keys: NDArray[np.uint64],
    merits: NDArray[np.float64],
) -> int:
    """Fill `keys` and `merits`; when they are full, `resume_at` says at which group and row."""
    counts = np.empty(LANES, dtype=np.int64)
    found = 0
    begin = resume_at[1]
    for group in range(resume_at[0], len(words)):
        for row in range(begin, len(left)):
            least = least_common(measure, merit, left_weights[row] + lightest[group])
            if least > min(left_weights[row], heaviest[group]):
                continue
            mask = compare_group(left, row, words, group, least, counts)
            if mask == 0:
                continue
            if found + LANES > len(keys):
                resume_at[0] = group
                resume_at[1] = row
                return found
            while mask != 0:
                lane = lowest_lane(mask)
                mask &= mask - np.uint64(1)
                place = group * LANES + lane
                value = merit_of(measure, counts[lane], left_weights[row] + weights[place])
                if value >= merit and rows[place] >= 0:
                    keys[found] = np.uint64(((first_row + row) << shift) | rows[place])
                    merits[found] = value
                    found += 1
        begin = 0
    resume_at[0] = len(words)
    return found
