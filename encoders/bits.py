"""From tokens to bit positions, and from bit positions to filters.

The positions of a token are drawn from a keyed pseudo-random function, uniformly and without
repeats, by rejection. They are never made from two hashes and their sums: those arithmetic
progressions are what attacks on bit patterns read (Christen, Ranbaduge, Vatsalan and Schnell,
"Precise and fast cryptanalysis for Bloom filter based privacy-preserving record linkage", TKDE
2019, section 3).
"""

import hashlib
from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from encoders.growing import Growing

WORD = 64
_DRAWS_PER_BLOCK = 32  # 16-bit draws in one BLAKE2b digest of 64 bytes
_SPARE_DRAWS = 8

Filters = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.uint16]
Rows = npt.NDArray[np.int64]


def token_positions(tokens: Sequence[str], key: bytes, bits: int, each: int) -> Positions:
    """Draw the bit positions of tokens.

    Draw number i of token g is the i-th 16-bit little-endian word of BLAKE2b-512(key, block
    number as four bytes little-endian, then g in UTF-8), blocks 0, 1, 2 … joined. Words at or
    beyond the largest multiple of `bits` are rejected, and so are repeats; what is left, modulo
    `bits`, are the positions, in the order drawn: a caller that wants fewer takes the first.

    Args:
        tokens: The distinct tokens.
        key: The key of one attribute in one pass, up to 64 bytes.
        bits: Length of the filter, 64 to 65,536.
        each: Positions a token, at most half of `bits`.

    Returns:
        Array of shape (tokens, each), dtype uint16; the positions of a row are distinct.
    """
    positions = np.empty((len(tokens), each), dtype=np.uint16)
    encoded = [token.encode() for token in tokens]
    pending = np.arange(len(tokens))
    blocks = -(-(each + _SPARE_DRAWS) // _DRAWS_PER_BLOCK)
    while len(pending):
        draws = _draws([encoded[i] for i in pending], key, blocks)
        rows = np.empty((len(pending), each), dtype=np.uint16)
        done = _reject(draws, bits, rows)
        positions[pending[done]] = rows[done]
        pending = pending[~done]
        blocks *= 2
    return positions


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
        fresh = [f"{self._view} {token}" for token in tokens[len(self._positions) :]]
        drawn = token_positions(fresh, self._key, len(self._own), self._each)
        self._positions.extend(drawn + np.uint16(self._own.start))
        return self._positions.rows()


def _draws(tokens: list[bytes], key: bytes, blocks: int) -> npt.NDArray[np.uint16]:
    stream = bytearray()
    keyed = [hashlib.blake2b(block.to_bytes(4, "little"), key=key) for block in range(blocks)]
    for token in tokens:
        for block in keyed:
            digest = block.copy()
            digest.update(token)
            stream += digest.digest()
    return np.frombuffer(stream, dtype="<u2").reshape(len(tokens), blocks * _DRAWS_PER_BLOCK)


@numba.njit(cache=True)
def _reject(draws, bits, rows):  # type: ignore[no-untyped-def]
    """Fill `rows` from `draws`; say which rows had draws enough."""
    limit = 65536 - 65536 % bits
    each = rows.shape[1]
    done = np.zeros(len(draws), dtype=np.bool_)
    for row in range(len(draws)):
        found = 0
        for draw in draws[row]:
            if found == each:
                break
            position = np.uint16(draw % bits)
            if draw < limit and not (rows[row, :found] == position).any():
                rows[row, found] = position
                found += 1
        done[row] = found == each
    return done


@numba.njit(cache=True, nogil=True)
def set_bits(filters, offsets, tokens, positions, each, most):  # type: ignore[no-untyped-def]
    """Set the bits of every record's tokens in its filter.

    A token sets `each` positions; where a record has so many tokens that they would set more than
    `most` together, each sets `most // tokens`, at least one. A long name so costs no more bits
    than a short one, on both sides alike.

    Args:
        filters: Shape (n, words), uint64; changed in place.
        offsets: Shape (n + 1,), int64: record i has the tokens `tokens[offsets[i]:offsets[i+1]]`.
        tokens: Row numbers of `positions`, int32, distinct within a record.
        positions: Shape (distinct tokens, at least `each`), uint16.
        each: Positions a token sets.
        most: Positions a record's tokens set together.
    """
    for record in range(len(offsets) - 1):
        count = offsets[record + 1] - offsets[record]
        if count == 0:
            continue
        share = min(each, max(1, most // count))
        for at in range(offsets[record], offsets[record + 1]):
            for position in positions[tokens[at], :share]:
                filters[record, position >> 6] |= np.uint64(1) << np.uint64(position & 63)
