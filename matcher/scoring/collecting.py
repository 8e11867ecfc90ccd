"""The kernel for thresholds: every pair of a tile that reaches a merit."""

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Question
from matcher.scoring.compiled import compiled
from matcher.scoring.counting import LANES
from matcher.scoring.measures import merit_of, reach
from matcher.scoring.ordering import Found
from matcher.scoring.partners import Partners, may_pair
from matcher.scoring.tiles import Tile
from matcher.scoring.vectors import lowest_lane, near_lanes

# Pairs that one call of the kernel can hand over: small beside a tile, large beside a call.
ROOM = 1 << 16


def collect(tile: Tile, question: Question, shift: int, partners: Partners) -> list[Found]:
    """The keys and merits of all pairs of a tile that reach a merit.

    Args:
        tile: What to compare.
        question: The measure and what a pair must reach.
        shift: See `matcher.scoring.ordering.key_shift`.
        partners: Which rows may be paired.
    """
    found = []
    resume_at = np.zeros(2, dtype=np.int64)
    while resume_at[0] < len(tile.groups.words):
        keys, merits = np.empty(ROOM, dtype=np.uint64), np.empty(ROOM)
        count = _collect(
            tile,
            int(question.measure),
            question.merit,
            int(partners),
            shift,
            resume_at,
            keys,
            merits,
        )
        if count == 0:
            continue
        if count < ROOM // 2:
            keys, merits = keys[:count].copy(), merits[:count].copy()  # lets go of the rest
        found.append((keys[:count], merits[:count]))
    return found


@compiled
def _collect(
    tile: Tile,
    measure: int,
    merit: float,
    partners: int,
    shift: int,
    resume_at: NDArray[np.int64],
    keys: NDArray[np.uint64],
    merits: NDArray[np.float64],
) -> int:
    """Fill `keys` and `merits`; when they are full, `resume_at` says at which group and row."""
    first_row, left, left_weights, groups = tile
    words, rows, weights, lightest, heaviest, sketch_words, allowed = groups
    most = np.empty(len(left), dtype=np.int64)
    distances = np.empty(LANES, dtype=np.int64)
    found = 0
    begin = resume_at[1]
    for group in range(resume_at[0], len(words)):
        for row in range(len(left)):
            most[row] = reach(measure, merit, left_weights[row], lightest[group], heaviest[group])
        for row in range(begin, len(left)):
            if most[row] < 0:
                continue
            sketch_most = allowed[most[row]]
            mask = near_lanes(
                left, row, words, group, sketch_words, sketch_most, most[row], distances
            )
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
                value = merit_of(measure, distances[lane], left_weights[row] + weights[place])
                if value >= merit and may_pair(partners, first_row + row, rows[place]):
                    keys[found] = np.uint64(((first_row + row) << shift) | rows[place])
                    merits[found] = value
                    found += 1
        begin = 0
    resume_at[0] = len(words)
    return found
