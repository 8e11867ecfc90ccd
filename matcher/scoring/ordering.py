"""Pairs, and their order: best score first, then left row, then right row.

Kernels hand over pairs as a **key** each, the left row in the high bits and the right row in the
low ones, with the pair's merit. A radix sort of keys and then of merits gives the order in time
that grows with the pairs alone.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Question
from matcher.scoring.compiled import compiled, inlined
from matcher.scoring.measures import Measure

Found = tuple[NDArray[np.uint64], NDArray[np.float64]]

# Bits of the digit that deals pairs out into buckets, and of those that sort a bucket.
DEALT_BITS = 8
DIGIT_BITS = 11

# Fewer pairs than these are not shared among threads.
WORTH_A_SHARE = 1 << 14

# So many pairs are in order sooner by moving each up to its place.
FEW = 64


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


def pair_keys(left: NDArray[np.int64], right: NDArray[np.int64], shift: int) -> NDArray[np.uint64]:
    """The key of each pair."""
    return left.view(np.uint64) << np.uint64(shift) | right.view(np.uint64)


def unpack(keys: NDArray[np.uint64], shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The left and the right rows of keys."""
    right = keys & np.uint64((1 << shift) - 1)
    return (keys >> np.uint64(shift)).view(np.int64), right.view(np.int64)


def pairs_in_order(
    found: list[Found], question: Question, left_rows: int, shift: int, threads: int
) -> Pairs:
    """Put pairs in order.

    Args:
        found: Keys and merits of pairs, in any order.
        question: What was asked for.
        left_rows: The number of rows of the left side.
        shift: How many low bits of a key hold the right row.
        threads: How many threads sort.
    """
    keys, merits = joined(found)
    if len(keys):
        keys, merits = _radix_sort(
            keys, merits, _steps(question), shift + key_shift(left_rows), threads
        )
    left, right = unpack(keys, shift)
    return Pairs(
        left,
        right,
        merits if question.measure != Measure.hamming else np.negative(merits, out=merits),
    )


def places_in_rows(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each pair, how many before it are of the same row."""
    by_row = np.argsort(rows, kind="stable")
    ordered = rows[by_row]
    places = np.empty(len(rows), dtype=np.int64)
    places[by_row] = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
    return places


def joined(found: list[Found]) -> Found:
    """All keys in one array, and all merits."""
    keys = np.concatenate([np.empty(0, dtype=np.uint64), *(keys for keys, _ in found)])
    return keys, np.concatenate([np.empty(0), *(merits for _, merits in found)])


def _steps(question: Question) -> float:
    """In how many steps to count a unit of merit, so that different merits stay different.

    Scores of dice or jaccard over filters of m bits are fractions with denominators up to 2m and
    m, so different ones are at least 1 / 2m^2 apart.
    """
    return 1.0 if question.measure == Measure.hamming else 4.0 * question.bits**2


def _radix_sort(
    keys: NDArray[np.uint64], merits: NDArray[np.float64], steps: float, key_bits: int, threads: int
) -> Found:
    """Sort by merit, best first, then by key; the arrays given are used up.

    The first digit of the merit deals the pairs out into buckets, which mostly fit the
    second-level cache. Then threads sort bucket by bucket, from the last digit of the key to the
    second of the merit.
    """
    best = merits.max()
    merit_bits = int((best - merits.min()) * steps).bit_length()
    merit_low = max(0, merit_bits - DEALT_BITS)
    dealt = np.empty_like(keys), np.empty_like(merits)
    edges = np.zeros(1 + (1 << DEALT_BITS), dtype=np.int64)
    edges[1:] = _deal(keys, merits, best, steps, merit_low, DEALT_BITS, *dealt)
    wanted = min(4 * threads, 1 + len(keys) // WORTH_A_SHARE)
    shares = np.searchsorted(edges, np.linspace(0, len(keys), wanted + 1))
    with ThreadPoolExecutor(threads) as pool:
        for done in [
            pool.submit(
                _sort_buckets,
                edges[a : b + 1],
                *dealt,
                keys,
                merits,
                best,
                steps,
                merit_low,
                key_bits,
            )
            for a, b in pairwise(shares)
        ]:
            done.result()
    return dealt


@inlined
def _digit(key: int, merit: float, best: float, unit: float, low: int, width: int) -> int:
    """Some bits from `low` on, of the key, or, with a unit, of the steps below the best merit."""
    value = np.uint64((best - merit) * unit) if unit > 0 else np.uint64(key)
    return int((value >> np.uint64(low)) & np.uint64((1 << width) - 1))


@compiled
def _deal(
    keys: NDArray[np.uint64],
    merits: NDArray[np.float64],
    best: float,
    unit: float,
    low: int,
    width: int,
    to_keys: NDArray[np.uint64],
    to_merits: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Move pairs in order of one digit, keeping the order of equal ones; where each digit ends."""
    places = np.zeros(1 << width, dtype=np.int64)
    for pair in range(len(keys)):
        places[_digit(keys[pair], merits[pair], best, unit, low, width)] += 1
    total = 0
    for digit in range(len(places)):
        count = places[digit]
        places[digit] = total
        total += count
    for pair in range(len(keys)):
        digit = _digit(keys[pair], merits[pair], best, unit, low, width)
        to_keys[places[digit]] = keys[pair]
        to_merits[places[digit]] = merits[pair]
        places[digit] += 1
    return places


@compiled
def _sort_buckets(
    edges: NDArray[np.int64],
    keys: NDArray[np.uint64],
    merits: NDArray[np.float64],
    spare_keys: NDArray[np.uint64],
    spare_merits: NDArray[np.float64],
    best: float,
    steps: float,
    merit_bits: int,
    key_bits: int,
) -> None:
    """Sort each bucket by key, then by the last `merit_bits` bits of the merit's steps."""
    for bucket in range(len(edges) - 1):
        mine = slice(edges[bucket], edges[bucket + 1])
        if mine.stop - mine.start <= FEW:
            _sort_few(keys[mine], merits[mine])
            continue
        here, there = (keys[mine], merits[mine]), (spare_keys[mine], spare_merits[mine])
        for low in range(0, key_bits, DIGIT_BITS):
            _deal(*here, best, 0.0, low, DIGIT_BITS, *there)
            here, there = there, here
        for low in range(0, merit_bits, DIGIT_BITS):
            _deal(*here, best, steps, low, DIGIT_BITS, *there)
            here, there = there, here
        keys[mine], merits[mine] = here


@compiled
def _sort_few(keys: NDArray[np.uint64], merits: NDArray[np.float64]) -> None:
    for pair in range(1, len(keys)):
        key, merit = keys[pair], merits[pair]
        place = pair
        while place > 0 and (
            merits[place - 1] < merit or (merits[place - 1] == merit and keys[place - 1] > key)
        ):
            keys[place], merits[place] = keys[place - 1], merits[place - 1]
            place -= 1
        keys[place], merits[place] = key, merit
