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
from encoders.hardening.lanes import LANES, exchange, xor_row


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
    on_side = np.empty((filters.shape[1] * 64, LANES), dtype=np.uint64)
    block = np.empty((64, LANES), dtype=np.uint64)
    for start in range(0, len(filters), 64 * LANES):
        _turn(filters[start : start + 64 * LANES], on_side)
        for word in range(out.shape[1]):
            for bit in range(64):
                output = word * 64 + bit
                flip = (inverted[word] >> np.uint64(bit)) & np.uint64(1)
                block[bit, :] = np.uint64(0) - flip
                for at in range(offsets[output], offsets[output + 1]):
                    xor_row(block, bit, on_side, indices[at])
            _turn_back(block, out[start : start + 64 * LANES], word)


@numba.njit(cache=True)
def _turn(filters, on_side):  # type: ignore[no-untyped-def]
    """Fill `on_side`: bit r of lane l of row i is bit i of filter 64 l + r; 0 where there is none.

    Args:
        filters: Shape (up to 512, words), uint64.
        on_side: Shape (64 words, 8), uint64.
    """
    if len(filters) < 64 * LANES:
        on_side[:] = 0
    for row in range(len(filters)):
        for word in range(filters.shape[1]):
            on_side[64 * word + row % 64, row // 64] = filters[row, word]
    for word in range(filters.shape[1]):
        _transpose(on_side, 64 * word)


@numba.njit(cache=True)
def _turn_back(block, out, word):  # type: ignore[no-untyped-def]
    """Write one word of every filter's output, which stands on its side in `block`."""
    _transpose(block, 0)
    for row in range(len(out)):
        out[row, word] = block[row % 64, row // 64]


@numba.njit(cache=True)
def _transpose(rows, first):  # type: ignore[no-untyped-def]
    """Transpose in each lane the 64 by 64 bits of the rows from `first` on, in place.

    Warren, Hacker's Delight, section 7-3: row i is a word, column j is the bit of value 2**j.
    """
    width = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while width:
        for top in range(first, first + 64, 2 * width):
            for row in range(top, top + width):
                exchange(rows, row, row + width, width, mask)
        width >>= 1
        mask ^= mask << np.uint64(width)
