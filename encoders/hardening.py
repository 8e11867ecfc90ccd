"""Hardening: what keeps a filter from telling an attacker which filters resemble it.

Linear diffusion, after Armknecht, Heng and Schnell, "Strengthening privacy-preserving record
linkage using diffusion", PoPETs 2023(2), section 4: output bit j is the XOR of t input bits. Two
filters at Hamming fraction d become two at about (1 - (1 - 2d)^t) / 2, so that all that is not
close looks random.
"""

import hashlib

import numba
import numpy as np
import numpy.typing as npt

from encoders.bits import Filters

IndexSets = npt.NDArray[np.uint16]


def diffusion_sets(key: bytes, bits: int, t: int, output_bits: int) -> IndexSets:
    """Draw the input bits of every output bit.

    The sets are dealt from a pool of all `bits` input bits in a keyed random order; an empty pool
    is filled and shuffled anew. So every input bit is used equally often, give or take one. A set
    that spans a refill takes no input bit twice: it leaves the repeat for the next set.

    Args:
        key: The pass's diffusion key.
        bits: Length of the filter before diffusion, at most 65,536.
        t: Input bits of one output bit, at most `bits`.
        output_bits: Length of the filter after diffusion.

    Returns:
        Array of shape (output_bits, t), dtype uint16.
    """
    sets = np.empty((output_bits, t), dtype=np.uint16)
    pool: list[int] = []
    refills = 0
    for row in range(output_bits):
        taken: list[int] = []
        left: list[int] = []
        while len(taken) < t:
            if not pool:
                pool = _permutation(key, refills, bits)
                refills += 1
            drawn = pool.pop()
            (left if drawn in taken else taken).append(drawn)
        pool.extend(left)
        sets[row] = taken
    return sets


def _permutation(key: bytes, number: int, size: int) -> list[int]:
    """Fisher and Yates's shuffle, drawing 32-bit words from SHAKE-256 by rejection."""
    order = list(range(size))
    stream = hashlib.shake_256(key + number.to_bytes(4, "little")).digest(16 * size)
    draws = iter(np.frombuffer(stream, dtype="<u4").tolist())
    for i in range(size - 1, 0, -1):
        limit = 2**32 - 2**32 % (i + 1)
        j = next(draw for draw in draws if draw < limit) % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def diffuse(filters: Filters, sets: IndexSets) -> Filters:
    """XOR together the input bits of every output bit.

    Args:
        filters: Shape (n, words), uint64.
        sets: What `diffusion_sets` gave; their number is a multiple of 64.

    Returns:
        Array of shape (n, output bits / 64), dtype uint64.
    """
    out = np.empty((len(filters), len(sets) // 64), dtype=np.uint64)
    _diffuse(filters, sets, out)
    return out


@numba.njit(cache=True, nogil=True)
def _diffuse(filters, sets, out):  # type: ignore[no-untyped-def]
    """Work on 64 records at once: word i of `sliced` holds input bit i of all of them."""
    n, words = filters.shape
    sliced = np.empty(words * 64, dtype=np.uint64)
    block = np.empty(64, dtype=np.uint64)
    for start in range(0, n, 64):
        size = min(64, n - start)
        for word in range(words):
            for lane in range(64):
                block[lane] = filters[start + lane, word] if lane < size else np.uint64(0)
            _transpose(block)
            sliced[word * 64 : word * 64 + 64] = block
        for word in range(out.shape[1]):
            for lane in range(64):
                bit = np.uint64(0)
                for index in sets[word * 64 + lane]:
                    bit ^= sliced[index]
                block[lane] = bit
            _transpose(block)
            for lane in range(size):
                out[start + lane, word] = block[lane]


@numba.njit(cache=True)
def _transpose(block):  # type: ignore[no-untyped-def]
    """Transpose a 64 by 64 bit matrix in place (Warren, Hacker's Delight, section 7-3).

    Row i is word i, column j is the bit of value 2**j.
    """
    width = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while width:
        row = 0
        while row < 64:
            swap = ((block[row] >> np.uint64(width)) ^ block[row + width]) & mask
            block[row] ^= swap << np.uint64(width)
            block[row + width] ^= swap
            row = (row + width + 1) & ~width
        width >>= 1
        mask ^= mask << np.uint64(width)
