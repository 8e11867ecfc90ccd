"""Filling up filters that hold few bits, each from a keyed stream of its own record.

What two filters share then has to be a fixed number of bits before they come close, however little
each of them holds, and no filter shows by its weight how little that is.
"""

from collections.abc import Callable

import numba
import numpy as np

from encoders.bits import Filters, Rows
from encoders.contents import Contents
from encoders.keccak import RATE_BYTES, SPONGES, STATE_WORDS, permute
from encoders.packing import set_in

_RATE_WORDS = RATE_BYTES // 8


def fill_up(
    filters: Filters, key: bytes, bits: int, floor: int, contents_of: Callable[[Rows], Contents]
) -> None:
    """Set further bits in filters that have fewer than `floor`.

    The stream of a filter is SHAKE-256(key, then the record's content), in 16-bit little-endian
    words; words at or beyond the largest multiple of `bits` are rejected. What is left, modulo
    `bits`, are positions, of which those are taken that are not set.

    Args:
        filters: Shape (n, words), uint64, C-contiguous; changed in place.
        key: The key of the streams.
        bits: Length of the filter, 64 to 65,536.
        floor: Bits that are set afterwards, at most half of `bits`.
        contents_of: Gives the content of some of the n records, by row number.
    """
    missing = _missing(filters, floor)
    rows = np.flatnonzero(missing)
    if len(rows):
        octets = np.frombuffer(key, np.uint8)
        _fill(filters, rows, missing[rows], octets, *contents_of(rows), bits)


@numba.njit(cache=True, nogil=True)
def _missing(filters, floor):  # type: ignore[no-untyped-def]
    """How many bits each filter has too few."""
    missing = np.empty(len(filters), dtype=np.int64)
    for row in range(len(filters)):
        weight = 0
        for word in filters[row]:
            weight += set_in(word)
        missing[row] = max(0, floor - weight)
    return missing


@numba.njit(cache=True, nogil=True)
def _fill(filters, rows, missing, key, text, starts, stops, bits):  # type: ignore[no-untyped-def]
    """Run eight sponges side by side; one that is done takes the next row."""
    state = np.zeros((STATE_WORDS, SPONGES), dtype=np.uint64)
    at = np.full(SPONGES, -1, dtype=np.int64)  # which of the rows a sponge works on
    absorbed = np.zeros(SPONGES, dtype=np.int64)  # how many blocks of it are taken in
    following = 0
    while True:
        for sponge in range(SPONGES):
            if at[sponge] < 0 or missing[at[sponge]] <= 0:
                at[sponge] = following if following < len(rows) else -1
                following += 1
                absorbed[sponge] = 0
                state[:, sponge] = 0
            nth = at[sponge]
            if nth >= 0:
                content = text[starts[nth] : stops[nth]]
                absorbed[sponge] += _absorb(state[:, sponge], key, content, absorbed[sponge])
        if at.max() < 0:
            return
        permute(state)
        for sponge in range(SPONGES):
            nth = at[sponge]
            if nth < 0:
                continue
            size = stops[nth] - starts[nth]
            if absorbed[sponge] * RATE_BYTES > len(key) + size:
                stream = state[:_RATE_WORDS, sponge]
                missing[nth] = _set_new_bits(filters[rows[nth]], stream, bits, missing[nth])


@numba.njit(cache=True, inline="always")
def _absorb(state, key, text, number):  # type: ignore[no-untyped-def]
    """Take one block of key and text into a sponge; say how many there were to take, 1 or 0."""
    if number * RATE_BYTES > len(key) + len(text):
        return 0
    block = np.zeros(RATE_BYTES, dtype=np.uint8)
    _write_block(block, key, text, number)
    words = block.view(np.uint64)
    for place in range(_RATE_WORDS):
        state[place] ^= words[place]
    return 1


@numba.njit(cache=True, inline="always")
def _write_block(block, key, text, number):  # type: ignore[no-untyped-def]
    """Write one block of key and text, padded as SHAKE-256 does (FIPS 202, section 6.2)."""
    start = number * RATE_BYTES
    end = 0
    if start < len(key):
        end = min(len(key) - start, RATE_BYTES)
        block[:end] = key[start : start + end]
    first = start + end - len(key)
    size = min(len(text) - first, RATE_BYTES - end)
    block[end : end + size] = text[first : first + size]
    if start + end + size == len(key) + len(text) and end + size < RATE_BYTES:
        block[end + size] ^= 0x1F
        block[RATE_BYTES - 1] ^= 0x80


@numba.njit(cache=True, inline="always")
def _set_new_bits(filter_, stream, bits, count):  # type: ignore[no-untyped-def]
    """Set `count` bits that are not set, as far as the stream goes; say how many are left to set.

    Args:
        filter_: Shape (words,), uint64; changed in place.
        stream: 64-bit words of the stream.
        bits: Length of the filter.
        count: Bits to set.
    """
    limit = 65536 - 65536 % bits
    for word in stream:
        for shift in range(0, 64, 16):
            draw = np.int64((word >> np.uint64(shift)) & np.uint64(0xFFFF))
            if count <= 0:
                return count
            position = draw % bits
            bit = np.uint64(1) << np.uint64(position & 63)
            if draw < limit and not filter_[position >> 6] & bit:
                filter_[position >> 6] |= bit
                count -= 1
    return count
