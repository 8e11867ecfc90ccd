"""Fingerprints seen bit by bit: in how many of n records two bits are alike, for every two bits.

What all pairs of records have in common, squared and added up, is what all pairs of bits have in
common, squared and added up: with a record as a row of +1 and -1, both are the sum of the squares
of the entries of a Gram matrix, X Xᵀ here and Xᵀ X there. There are far fewer pairs of bits, so
that all pairs of a million records cost no more than the bits of a few thousand.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from matcher.scoring.compiled import compiled
from matcher.scoring.counting import LANES
from matcher.scoring.measures import weigh
from matcher.scoring.vectors import near_lanes

Filters = npt.NDArray[np.uint64]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int32]

_WORD = 64
_CHUNK = 128 * _WORD  # records whose bits are compared at once: a group of columns fits the cache
_STRIPE = 1 << 24  # pairs of bits that are counted at once
_ANY_DISTANCE = 1 << 40


def products_of_bits(filters: Filters, *, threads: int) -> Iterator[tuple[int, Floats, Floats]]:
    """Multiply every two bits, of which one that is set counts -1 and one that is not +1.

    Memory is bounded by a stripe of bits and a chunk of records.

    Args:
        filters: Shape (n, words), uint64, n at least 1.
        threads: How many threads to use; the products are the same.

    Yields:
        By stripes of bits: the first bit of the stripe; the sum of each of its bits over all
        records, shape (stripe,); and for every bit up to the stripe's last with every bit of the
        stripe the sum of their products, shape (bits up to there, stripe), where each two bits
        stand once, the lower as row, and all else is 0. Whole numbers.
    """
    bits = _WORD * filters.shape[1]
    wide = max(LANES, _STRIPE // bits // LANES * LANES)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, bits, wide):
            last = min(first + wide, bits)
            differ = np.zeros(((last - first) // LANES, last, LANES), dtype=np.int32)
            weights = np.zeros(last - first, dtype=np.int64)
            for start in range(0, len(filters), _CHUNK):
                columns = _columns(filters[start : start + _CHUNK], -(-last // _WORD))[:last]
                weights += weigh(columns[first:])
                _count_stripe(pool, columns, first, differ)
            sums = (len(filters) - 2 * weights).astype(np.float64)
            products = (len(filters) - 2 * differ.transpose(1, 0, 2)).reshape(last, -1)
            yield first, sums, np.triu(products, 1 - first).astype(np.float64)


def _count_stripe(pool: ThreadPoolExecutor, columns: Words, first: int, differ: Counts) -> None:
    stripe = columns[first:].reshape(-1, LANES, columns.shape[1])
    groups = np.ascontiguousarray(stripe.transpose(0, 2, 1))

    def count(group: int) -> None:
        _count_group(columns, groups, group, first + (group + 1) * LANES, differ[group])

    for _ in pool.map(count, range(len(groups) - 1, -1, -1)):  # the longest first
        pass


@compiled
def _count_group(
    columns: Words, groups: npt.NDArray[np.uint64], group: int, rows: int, differ: Counts
) -> None:
    distances = np.empty(LANES, dtype=np.int64)
    for row in range(rows):
        near_lanes(columns, row, groups, group, 0, 0, _ANY_DISTANCE, distances)
        for lane in range(LANES):
            differ[row, lane] += distances[lane]


def _columns(filters: Filters, words: int) -> Words:
    """Turn records into bits: row b is bit b of every record, filled up with bits not set."""
    spare = -len(filters) % _WORD
    records = np.pad(filters[:, :words], ((0, spare), (0, 0)))
    columns = np.empty((words * _WORD, len(records) // _WORD), dtype=np.uint64)
    _transpose(records, columns)
    return columns


@compiled
def _transpose(records: Filters, columns: Words) -> None:
    """Transpose squares of 64 by 64 bits, by halves: Warren, Hacker's Delight, section 7-3."""
    square = np.empty(_WORD, dtype=np.uint64)
    for part in range(columns.shape[1]):
        for word in range(records.shape[1]):
            for row in range(_WORD):
                square[row] = records[part * _WORD + row, word]
            half, mask = 32, np.uint64(0xFFFFFFFF)
            while half:
                for row in range(_WORD):
                    if not row & half:
                        moved = ((square[row] >> np.uint64(half)) ^ square[row + half]) & mask
                        square[row + half] ^= moved
                        square[row] ^= moved << np.uint64(half)
                half >>= 1
                mask ^= mask << np.uint64(half)
            for row in range(_WORD):
                columns[word * _WORD + row, part] = square[row]
