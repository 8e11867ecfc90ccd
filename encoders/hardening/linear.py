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

from encoders.bits import WORD, Filters

_LANES = 8  # words of 64 records: one vector of 512 bits


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
    _combine(filters, sets.offsets, sets.indices, sets.inverted, out)
    return out


@numba.njit(cache=True, nogil=True)
def _combine(filters, offsets, indices, inverted, out):  # type: ignore[no-untyped-def]
    n, words = filters.shape
    on_side = np.empty((words * 64, _LANES), dtype=np.uint64)
    results = np.empty((64, _LANES), dtype=np.uint64)
    block = np.empty(64, dtype=np.uint64)
    for start in range(0, n, 64 * _LANES):
        _turn(filters, start, on_side, block)
        for word in range(out.shape[1]):
            for bit in range(64):
                output = word * 64 + bit
                flip = np.uint64(0) - ((inverted[word] >> np.uint64(bit)) & np.uint64(1))
                for lane in range(_LANES):
                    results[bit, lane] = flip
                for at in range(offsets[output], offsets[output + 1]):
                    index = indices[at]
                    for lane in range(_LANES):
                        results[bit, lane] ^= on_side[index, lane]
            _turn_back(results, out, start, word, block)


@numba.njit(cache=True)
def _turn(filters, start, on_side, block):  # type: ignore[no-untyped-def]
    """Fill `on_side`: bit r of lane l of row i is bit i of record `start` + 64 l + r, or 0."""
    n, words = filters.shape
    for lane in range(_LANES):
        first = start + 64 * lane
        size = max(0, min(64, n - first))
        for word in range(words):
            for row in range(64):
                block[row] = filters[first + row, word] if row < size else np.uint64(0)
            _transpose(block)
            for bit in range(64):
                on_side[word * 64 + bit, lane] = block[bit]


@numba.njit(cache=True)
def _turn_back(results, out, start, word, block):  # type: ignore[no-untyped-def]
    """Write one word of every record's output."""
    for lane in range(_LANES):
        first = start + 64 * lane
        size = max(0, min(64, len(out) - first))
        if size == 0:
            return
        for bit in range(64):
            block[bit] = results[bit, lane]
        _transpose(block)
        for row in range(size):
            out[first + row, word] = block[row]


@numba.njit(cache=True)
def _transpose(block):  # type: ignore[no-untyped-def]
    """Transpose a 64 by 64 bit matrix in place (Warren, Hacker's Delight, section 7-3).

    Row i is word i, column j is the bit of value 2**j.
    """
    width = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while width:
        for top in range(0, 64, 2 * width):
            for row in range(top, top + width):
                swap = ((block[row] >> np.uint64(width)) ^ block[row + width]) & mask
                block[row] ^= swap << np.uint64(width)
                block[row + width] ^= swap
        width >>= 1
        mask ^= mask << np.uint64(width)
