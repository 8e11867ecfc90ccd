"""Steps that are linear over GF(2): every output bit is the XOR of some input bits.

The kernel works on 512 records at once. It turns their filters on their side, so that one vector
of 512 bits holds the same bit of all of them, and XORs whole vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numba
import numpy as np
import numpy.typing as npt

from encoders.bits import WORD, Filters, Rows
from encoders.hardening.lanes import (
    LANES,
    exchange_far,
    exchange_near,
    read_lanes,
    sum_rows,
    write_lanes,
)


@dataclass(frozen=True, slots=True, repr=False)
class XorSets:
    """Which input bits make up each output bit.

    Attributes:
        offsets: Shape (output bits + 1,), int64: output bit j is the XOR of the input bits
            `indices[offsets[j]:offsets[j + 1]]`.
        indices: Input bits, uint16.
        inverted: Shape (output bits / 64,), uint64: the output bits that are inverted after that.
    """

    offsets: npt.NDArray[np.int64]
    indices: npt.NDArray[np.uint16]
    inverted: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, sets: Sequence[Sequence[int]], inverted: Sequence[int] = ()) -> "XorSets":
        """Gather the input bits of each output bit, a multiple of 64, and what is inverted."""
        offsets = np.zeros(len(sets) + 1, dtype=np.int64)
        np.cumsum([len(inputs) for inputs in sets], out=offsets[1:])
        words = np.zeros(len(sets) // WORD, dtype=np.uint64)
        for bit in inverted:
            words[bit // WORD] |= np.uint64(1 << bit % WORD)
        indices = np.fromiter(chain.from_iterable(sets), np.uint16, int(offsets[-1]))
        return cls(offsets, indices, words)


def combine(filters: Filters, sets: XorSets) -> Filters:
    """XOR together the input bits of every output bit.

    Args:
        filters: Shape (n, words), uint64.
        sets: The input bits of each output bit.

    Returns:
        Array of shape (n, output bits / 64), dtype uint64.
    """
    out = np.empty((len(filters), len(sets.inverted)), dtype=np.uint64)
    combine_into(out, np.arange(len(filters)), filters, sets)
    return out


def combine_into(out: Filters, rows: Rows, filters: Filters, sets: XorSets) -> None:
    """Do what `combine` does, and write what comes out into `out[rows]`.

    Args:
        out: Shape (at least n, output bits / 64), uint64, C-contiguous.
        rows: Shape (n,), int64.
        filters: Shape (n, words), uint64.
        sets: The input bits of each output bit.
    """
    _combine(filters, sets.offsets, sets.indices, sets.inverted, out, rows)


@numba.njit(cache=True, nogil=True)
def _combine(filters, offsets, indices, inverted, out, rows):  # type: ignore[no-untyped-def]
    on_side = np.empty((filters.shape[1] * WORD, LANES), dtype=np.uint64)
    block = np.empty((LANES * WORD, LANES), dtype=np.uint64)
    for start in range(0, len(filters), WORD * LANES):
        _turn(filters[start : start + WORD * LANES], on_side)
        for first in range(0, out.shape[1], LANES):
            words = min(LANES, out.shape[1] - first)
            for nth in range(words * WORD):
                output = first * WORD + nth
                flip = (inverted[output // WORD] >> np.uint64(nth % WORD)) & np.uint64(1)
                begin, end = offsets[output], offsets[output + 1]
                sum_rows(block, nth, np.uint64(0) - flip, on_side, indices, begin, end)
            _turn_back(block, out, rows[start : start + WORD * LANES], first, words)


@numba.njit(cache=True)
def _turn(filters, on_side):  # type: ignore[no-untyped-def]
    """Fill `on_side`: bit r of lane l of row i is bit i of filter 64 l + r; 0 where there is none.

    Args:
        filters: Shape (up to 512, words), uint64.
        on_side: Shape (64 words, 8), uint64.
    """
    if len(filters) < WORD * LANES:
        on_side[:] = 0
    for first in range(0, filters.shape[1], LANES):
        last = min(first + LANES, filters.shape[1])
        is_whole = last - first == LANES and len(filters) == WORD * LANES
        for bit in range(WORD):
            if is_whole:
                read_lanes(on_side, filters, bit, first)
                continue
            for lane, row in enumerate(range(bit, len(filters), WORD)):
                for word in range(first, last):
                    on_side[WORD * word + bit, lane] = filters[row, word]
    for word in range(filters.shape[1]):
        _transpose(on_side, WORD * word)


@numba.njit(cache=True)
def _turn_back(block, out, rows, first, words):  # type: ignore[no-untyped-def]
    """Write some words of every filter's output, which stand on their side in `block`.

    Eight words at a time are one line of memory.
    """
    for word in range(words):
        _transpose(block, WORD * word)
    is_whole = words == LANES and len(rows) == WORD * LANES
    for bit in range(WORD):
        if is_whole:
            write_lanes(out, rows, bit, first, block)
            continue
        for lane, row in enumerate(rows[bit::WORD]):
            for word in range(words):
                out[row, first + word] = block[WORD * word + bit, lane]


@numba.njit(cache=True)
def _transpose(rows, first):  # type: ignore[no-untyped-def]
    """Transpose in each lane the 64 by 64 bits of the rows from `first` on, in place.

    Warren, Hacker's Delight, section 7-3: row i is a word, column j is the bit of value 2**j.
    """
    for row in range(first, first + 8):
        exchange_far(rows, row)
    for row in range(first, first + WORD, 8):
        exchange_near(rows, row)
