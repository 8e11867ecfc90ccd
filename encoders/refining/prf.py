"""One-time keys for a candidate, and the keyed function that draws its fingerprints.

Three steps lead from an agreement's root to a bit of a refinement:

1. a key for refinement alone comes from the root by HKDF-SHA256 (`encoders.keys.Keys.derive`);
2. HKDF-Expand (RFC 5869, section 2.3) with that key, and with the candidate's identifier and nonce
   in its info string, gives every attribute of every candidate a 128-bit key of its own;
3. SipHash-2-4 under that key (Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT
   2012) draws a word for each token. What it is given is not the token but a 128-bit digest of it:
   keyed BLAKE2b under another key of the agreement, made once for each distinct token.

Without the keys SipHash's words are random, so two candidates share nothing that could be counted.
Were SipHash to fall, the linkage unit would stand before digests, whose key it does not have.
"""

import hmac

import numba
import numpy as np
import numpy.typing as npt

from matcher.formats.cells import Octets

KEY_BYTES = 16

Words = npt.NDArray[np.uint64]

_HASH_BYTES = 32


def candidate_keys(secret: bytes, identifiers: Octets, nonces: Octets, count: int) -> Words:
    """Give the one-time keys of candidates.

    Args:
        secret: The agreement's key for refinement, 32 bytes.
        identifiers: The candidates, shape (n, 16), uint8.
        nonces: Their nonces, shape (n, 16), uint8.
        count: How many keys each candidate has.

    Returns:
        Shape (n, count, 2), uint64: keys of 128 bits, two words each, lowest byte first.
    """
    blocks = -(-count * KEY_BYTES // _HASH_BYTES)
    stream = bytearray()
    for name in np.concatenate([identifiers, nonces], axis=1):
        info = b"kinmatch refinement 1" + name.tobytes()
        block = b""
        for number in range(1, blocks + 1):
            block = hmac.digest(secret, block + info + bytes([number]), "sha256")
            stream += block
    keys = np.frombuffer(bytes(stream), dtype="<u8").reshape(len(identifiers), -1, 2)
    return np.ascontiguousarray(keys[:, :count]).astype(np.uint64, copy=False)


@numba.njit(cache=True, inline="always")
def _rotated(word, bits):  # type: ignore[no-untyped-def]
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@numba.njit(cache=True)
def _round(v0, v1, v2, v3):  # type: ignore[no-untyped-def]
    v0 += v1
    v2 += v3
    v1 = _rotated(v1, 13) ^ v0
    v3 = _rotated(v3, 16) ^ v2
    v0 = _rotated(v0, 32)
    v2 += v1
    v0 += v3
    v1 = _rotated(v1, 17) ^ v2
    v3 = _rotated(v3, 21) ^ v0
    return v0, v1, _rotated(v2, 32), v3


@numba.njit(cache=True)
def siphash(key0, key1, low, high):  # type: ignore[no-untyped-def]
    """SipHash-2-4 of a message of 16 bytes; key and message as words, lowest byte first."""
    v0 = key0 ^ np.uint64(0x736F6D6570736575)
    v1 = key1 ^ np.uint64(0x646F72616E646F6D)
    v2 = key0 ^ np.uint64(0x6C7967656E657261)
    v3 = key1 ^ np.uint64(0x7465646279746573)
    for word in (low, high, np.uint64(16) << np.uint64(56)):
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
    v2 ^= np.uint64(0xFF)
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@numba.njit(cache=True, nogil=True)
def draw_cells(cells, keys, values, draws, digests, bits, filling):  # type: ignore[no-untyped-def]
    """Write one field's cells: a bit or a 16-bit word for every draw of every row's value.

    A draw that the value has no token for is filled from the same key, so that it looks like any.

    Args:
        cells: Shape (n, width), uint8, zeros; the parts of the field are written one after another.
        keys: Shape (n, 2), uint64: each row's key.
        values: Shape (n,), int64: each row's value as a row of `draws`; -1 writes nothing.
        draws: Shape (values, draws), int32: rows of `digests`, or -1 for a filling.
        digests: Shape (tokens, 2), uint64.
        bits: Shape (draws, 2), int64: for each draw where its part begins, in bytes, and the bits
            of its part's filter, a power of 2; 0 where the draw is a word of its own there.
        filling: Shape (2,), uint64: what the fillings of this side and field are drawn from.
    """
    for row in range(len(cells)):
        if values[row] < 0:
            continue
        for draw in range(draws.shape[1]):
            token = draws[values[row], draw]
            if token >= 0:
                low, high = digests[token, 0], digests[token, 1]
            else:
                low, high = filling[0], filling[1] + np.uint64(draw)
            word = siphash(keys[row, 0], keys[row, 1], low, high)
            start, size = bits[draw, 0], bits[draw, 1]
            if size:
                position = np.int64(word & np.uint64(size - 1))
                cells[row, start + (position >> 3)] |= np.uint8(1 << (position & 7))
            else:
                cells[row, start] = np.uint8(word & np.uint64(255))
                cells[row, start + 1] = np.uint8((word >> np.uint64(8)) & np.uint64(255))
