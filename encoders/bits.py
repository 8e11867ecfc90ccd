"""From tokens to bit positions, and from bit positions to filters.

The positions of a token are drawn from a keyed pseudo-random function, uniformly and without
repeats, by rejection. They are never made from two hashes and their sums: those arithmetic
progressions are what attacks on bit patterns read (Christen, Ranbaduge, Vatsalan and Schnell,
"Precise and fast cryptanalysis for Bloom filter based privacy-preserving record linkage", TKDE
2019, section 3).
"""

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.blake2 import BLOCK_BYTES, DIGEST_WORDS, begin, compress
from encoders.growing import Growing, Ids
from encoders.packing import join, take_over

WORD = 64
_NUMBER_BYTES = 4
_MOST_PATTERN_WORDS = 1 << 17  # 1 MiB, which near memory holds

Filters = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.uint16]
Rows = npt.NDArray[np.int64]


def token_positions(
    tokens: Sequence[str], key: bytes, bits: int, each: int, view: str = ""
) -> Positions:
    """Draw the bit positions of tokens.

    Draw number i of token g is the i-th 16-bit little-endian word of BLAKE2b-512(key, block
    number as four bytes little-endian, then g in UTF-8), blocks 0, 1, 2 … joined. Words at or
    beyond the largest multiple of `bits` are rejected, and so are repeats; what is left, modulo
    `bits`, are the positions, in the order drawn: a caller that wants fewer takes the first.

    Args:
        tokens: The distinct tokens.
        key: The key of one attribute in one pass, 1 to 64 bytes.
        bits: Length of the filter, 64 to 65,536.
        each: Positions a token, at most half of `bits`.
        view: What every token begins with, beside what is given of it.

    Returns:
        Array of shape (tokens, each), dtype uint16; the positions of a row are distinct.
    """
    positions = np.empty((len(tokens), each), dtype=np.uint16)
    text, ends = text_and_ends(pa.array(tokens, pa.large_string()))
    octets = np.frombuffer(view.encode(), np.uint8)
    _draw(np.frombuffer(key, np.uint8), octets, text, ends, bits, positions)
    return positions


def text_and_ends(texts: Any) -> tuple[npt.NDArray[np.uint8], Rows]:
    """Give texts end to end, for kernels.

    Args:
        texts: A `pyarrow` array of n strings or bytes, none of them null.

    Returns:
        Bytes, and ends of shape (n + 1,), int64: text i is `bytes[ends[i]:ends[i + 1]]`.
    """
    large = texts.cast(pa.large_binary())
    _, offsets, data = large.buffers()
    ends = np.frombuffer(offsets, np.int64) if offsets else np.zeros(1, np.int64)
    text = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    return text, ends[large.offset : large.offset + len(large) + 1]


class PositionTable:
    """The positions of tokens under one view, each token's drawn when it is first met.

    Args:
        view: The view's name, hashed before each token with a space between.
        key: As for `token_positions`.
        own: The bits of the filter that the positions are drawn from.
        each: As for `token_positions`.
    """

    def __init__(self, view: str, key: bytes, own: range, each: int) -> None:
        self._view = view
        self._key = key
        self._own = own
        self._each = each
        self._positions = Growing((each,), np.uint16)

    def of(self, tokens: Sequence[str]) -> Positions:
        """Give the positions of tokens.

        Args:
            tokens: Distinct tokens; those that were given before, in the same order, and perhaps
                more after them.

        Returns:
            Array of shape (tokens, each), dtype uint16, of bits of `own`; it is not changed later.
        """
        fresh = tokens[len(self._positions) :]
        drawn = token_positions(fresh, self._key, len(self._own), self._each, f"{self._view} ")
        self._positions.extend(drawn + np.uint16(self._own.start))
        return self._positions.rows()


@numba.njit(cache=True, nogil=True)
def _draw(key, view, text, ends, bits, positions):  # type: ignore[no-untyped-def]
    """Fill `positions`, a row for each token, from the tokens' streams."""
    keyed = np.empty(DIGEST_WORDS, dtype=np.uint64)
    begin(keyed, key)
    stream = np.empty(DIGEST_WORDS, dtype=np.uint64)
    taken = np.empty((bits + WORD - 1) // WORD, dtype=np.uint64)
    message = np.zeros(BLOCK_BYTES, dtype=np.uint8)
    for row in range(len(positions)):
        token = text[ends[row] : ends[row + 1]]
        size = _NUMBER_BYTES + len(view) + len(token)
        if size > len(message):
            message = np.zeros(-(-size // BLOCK_BYTES) * BLOCK_BYTES, dtype=np.uint8)
        message[_NUMBER_BYTES : _NUMBER_BYTES + len(view)] = view
        message[_NUMBER_BYTES + len(view) : size] = token
        message[size:] = 0
        taken[:] = 0
        found, number = 0, 0
        while found < positions.shape[1]:
            message[:_NUMBER_BYTES].view(np.uint32)[0] = number
            stream[:] = keyed
            _take_in(stream, message, size)
            found = _accept(stream, bits, taken, positions[row], found)
            number += 1


@numba.njit(cache=True)
def _take_in(state, message, size):  # type: ignore[no-untyped-def]
    """Take a message of `size` bytes and zeros behind them into the state that is after a key."""
    words = message.view(np.uint64)
    for start in range(0, size, BLOCK_BYTES):
        end = min(start + BLOCK_BYTES, size)
        block = words[start // 8 : (start + BLOCK_BYTES) // 8]
        compress(state, block, BLOCK_BYTES + end, end == size)


@numba.njit(cache=True)
def _accept(stream, bits, taken, row, found):  # type: ignore[no-untyped-def]
    """Go on to fill a row from 16-bit words of the stream; say how many positions it has now.

    Args:
        stream: 64-bit words.
        bits: Length of the filter.
        taken: Shape (words of the filter,), uint64: the positions in the row; changed in place.
        row: Shape (each,), uint16, filled as far as `found`; changed in place.
        found: How many positions it has.
    """
    limit = np.uint32(65536 - 65536 % bits)
    for word in stream:
        for shift in range(0, 64, 16):
            draw = np.uint32((word >> np.uint64(shift)) & np.uint64(0xFFFF))
            position = draw % np.uint32(bits)
            bit = np.uint64(1) << np.uint64(position & 63)
            if draw < limit and found < len(row) and not taken[position >> 6] & bit:
                taken[position >> 6] |= bit
                row[found] = position
                found += 1
    return found


class BitSetter:
    """Sets the bits of records' tokens under one view in their filters.

    A token sets `each` positions; where a record has so many tokens that they would set more than
    `most` together, each sets `most // tokens`, at least one. A long name so costs no more bits
    than a short one, on both sides alike.

    Args:
        starts: Shape (n,), int64: record i has the tokens `tokens[starts[i]:stops[i]]`.
        stops: Shape (n,), int64.
        tokens: Row numbers of `positions`, int32, distinct within a record.
        positions: Shape (distinct tokens, each), uint16.
        most: Positions a record's tokens set together.
        own: The bits of a filter that positions are drawn from, whole words.
    """

    def __init__(
        self, starts: Rows, stops: Rows, tokens: Ids, positions: Positions, most: int, own: range
    ) -> None:
        self._words = own.start // WORD, own.stop // WORD
        self._tokens = starts, stops, tokens, positions, most
        self._patterns = _no_patterns(positions, len(own) // WORD)

    def set_bits(self, filters: Filters, records: Rows) -> None:
        """Set bits.

        Args:
            filters: Shape (k, words), uint64; changed in place.
            records: Shape (k,), int64: whose filters they are.
        """
        if self._patterns is None:
            _set_bits(filters, *self._words, records, *self._tokens)
        else:
            first, _ = self._words
            _join_patterns(filters, first, records, *self._tokens, *self._patterns)


def _no_patterns(positions: Positions, words: int) -> tuple[Any, Any, Any] | None:
    """Give room for patterns, as `_join_patterns` takes it; None where there are many tokens."""
    room = _MOST_PATTERN_WORDS // words
    if len(positions) > room:
        return None
    return (
        np.zeros(positions.shape, dtype=np.int32),
        np.zeros((1 + min(positions.size, room), words), dtype=np.uint64),
        np.ones(1, dtype=np.int64),
    )


@numba.njit(cache=True, nogil=True)
def _set_bits(  # type: ignore[no-untyped-def]
    filters, first_word, end_word, records, starts, stops, tokens, positions, most
):
    marks = np.zeros(WORD * filters.shape[1], dtype=np.uint8)
    for row in range(len(records)):
        first, last = starts[records[row]], stops[records[row]]
        if first == last:
            continue
        share = _share(last - first, positions.shape[1], most)
        for at in range(first, last):
            drawn = positions[tokens[at]]
            for nth in range(share):
                marks[drawn[nth]] = 1
        filter_ = filters[row]
        for word in range(first_word, end_word):
            take_over(filter_, marks, word)


@numba.njit(cache=True, nogil=True)
def _join_patterns(  # type: ignore[no-untyped-def]
    filters, first_word, records, starts, stops, tokens, positions, most, numbers, patterns, used
):
    """Do what `_set_bits` does, word by word where there is a pattern.

    Args:
        filters: As given.
        first_word: Where patterns belong in a filter.
        records: As given.
        starts: As given.
        stops: As given.
        tokens: As given.
        positions: As given.
        most: As given.
        numbers: Shape (tokens, each), int32: the number of what a token sets with a share, by the
            share less one; 0 where it is not made yet, and for good where there is no room.
        patterns: Shape (patterns, words), uint64; zeros where not used, and in the first one.
        used: Shape (1,): how many are used, the first one among them.
    """
    words = patterns.shape[1]
    chosen = np.empty(64, dtype=np.int64)
    for row in range(len(records)):
        first, last = starts[records[row]], stops[records[row]]
        if last - first > len(chosen):
            chosen = np.empty(2 * (last - first), dtype=np.int64)
        share = _share(last - first, positions.shape[1], most)
        for at in range(first, last):
            number = numbers[tokens[at], share - 1]
            if number == 0:
                drawn = positions[tokens[at], :share]
                if used[0] < len(patterns):
                    number = used[0]
                    used[0] += 1
                    numbers[tokens[at], share - 1] = number
                    _set(patterns[number], drawn, first_word)
                else:
                    _set(filters[row], drawn, 0)
            chosen[at - first] = number
        for word in range(0, words & ~7, 8):
            join(filters, row, first_word, patterns, chosen, last - first, word)
        for word in range(words & ~7, words):
            for nth in range(last - first):
                filters[row, first_word + word] |= patterns[chosen[nth], word]


@numba.njit(cache=True)
def _share(count, each, most):  # type: ignore[no-untyped-def]
    """How many bits each of `count` tokens of a record sets."""
    return min(each, max(1, most // max(1, count)))


@numba.njit(cache=True)
def _set(words, positions, first_word):  # type: ignore[no-untyped-def]
    for position in positions:
        words[(position >> 6) - first_word] |= np.uint64(1) << np.uint64(position & 63)
