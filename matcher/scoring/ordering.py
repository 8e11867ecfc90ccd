"""Pairs, and their order: best score first, then left row, then right row.

Kernels hand over pairs as a **key** each, the left row in the high bits and the right row in the
low ones, with the pair's merit. A radix sort of keys and then of merits, stable digit by digit,
gives the order in time that grows with the pairs alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.compiled import compiled
from matcher.scoring.measures import Measure, merit_from_score

Found = tuple[NDArray[np.uint64], NDArray[np.float64]]

DIGIT_BITS = 11
DIGIT_VALUES = 1 << DIGIT_BITS


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows and their scores: best score first, then by left row, then by right row.

    Attributes:
        left: Row numbers of the left side, int64.
        right: Row numbers of the right side, int64.
        score: Dice or Jaccard (0 to 1, higher is better) or Hamming distances (in bits, lower is
            better), float64.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.score)


def key_shift(right_rows: int) -> int:
    """How many low bits of a key hold the right row."""
    return max(right_rows - 1, 0).bit_length()


def pairs_in_order(
    found: list[Found], measure: Measure, bits: int, left_rows: int, shift: int
) -> Pairs:
    """Put pairs in order.

    Args:
        found: Keys and merits of pairs, in any order.
        measure: What the merits are of.
        bits: Length of the filters.
        left_rows: The number of rows of the left side.
        shift: How many low bits of a key hold the right row.
    """
    keys = np.concatenate([np.empty(0, dtype=np.uint64), *(keys for keys, _ in found)])
    merits = np.concatenate([np.empty(0), *(merits for _, merits in found)])
    best, steps, merit_digits = _scale(measure, bits)
    key_digits = -(-(shift + key_shift(left_rows)) // DIGIT_BITS)
    spare = np.empty_like(keys), np.empty_like(merits)
    keys, merits = _radix_sort(keys, merits, *spare, key_digits, best, steps, merit_digits)
    return Pairs(
        left=(keys >> np.uint64(shift)).astype(np.int64),
        right=(keys & np.uint64((1 << shift) - 1)).astype(np.int64),
        score=merits if measure != Measure.hamming else np.negative(merits, out=merits),
    )


def _scale(measure: Measure, bits: int) -> tuple[float, float, int]:
    """The best merit, how many steps to count from it per unit of merit, and their digits.

    Two different scores of dice or jaccard over filters of m bits are fractions of denominators
    up to 2m and m, so at least 1 / 2m^2 apart: in steps of 1 / 4m^2 different scores stay
    different.
    """
    if measure == Measure.hamming:
        return merit_from_score(measure, 0.0), 1.0, -(-(bits + 1).bit_length() // DIGIT_BITS)
    steps = 4 * bits * bits
    return 1.0, float(steps), -(-(steps + 1).bit_length() // DIGIT_BITS)


@compiled
def _digit_of(key: int, merit: float, digit: int, best: float, steps: float) -> int:
    """A digit of the key, or, for digits below zero, of the merit's steps below the best."""
    value = np.uint64(key) if digit >= 0 else np.uint64((best - merit) * steps)
    place = digit if digit >= 0 else -1 - digit
    return int((value >> np.uint64(place * DIGIT_BITS)) & np.uint64(DIGIT_VALUES - 1))


@compiled
def _radix_sort(
    keys: NDArray[np.uint64],
    merits: NDArray[np.float64],
    spare_keys: NDArray[np.uint64],
    spare_merits: NDArray[np.float64],
    key_digits: int,
    best: float,
    steps: float,
    merit_digits: int,
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    for turn in range(key_digits + merit_digits):
        digit = turn if turn < key_digits else key_digits - turn - 1
        starts = np.zeros(DIGIT_VALUES + 1, dtype=np.int64)
        for pair in range(len(keys)):
            starts[_digit_of(keys[pair], merits[pair], digit, best, steps) + 1] += 1
        if starts.max() == len(keys):
            continue  # one value in every pair: nothing to do
        starts = np.cumsum(starts)
        for pair in range(len(keys)):
            value = _digit_of(keys[pair], merits[pair], digit, best, steps)
            spare_keys[starts[value]] = keys[pair]
            spare_merits[starts[value]] = merits[pair]
            starts[value] += 1
        keys, spare_keys = spare_keys, keys
        merits, spare_merits = spare_merits, merits
    return keys, merits
