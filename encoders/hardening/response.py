"""Randomised response: some bits of every record's filter are replaced by the throw of a coin.

With probability f a bit is replaced by 0 or 1, which are equally likely; so it is flipped with
probability f / 2 (Alaggan, Gambs and Kermarrec, "BLIP: non-interactive differentially-private
similarity computation on Bloom filters", SSS 2012; with coins as here, Schnell and Borgs,
"Randomized response and balanced Bloom filters for privacy preserving record linkage", ICDMW 2016).
Two filters at Hamming fraction d come to (1 - (1 - f)² (1 - 2d)) / 2.

A record's coins are drawn once and for all, from a keyed stream over its whole row: who encoded it
again and again with new coins would average them away. A record that is changed has new coins.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from encoders.bits import Filters

PER_MILLE = 1000
_DRAWS = 1 << 16


def respond(filters: Filters, seeds: Sequence[bytes], per_mille: int) -> None:
    """Flip bits of filters.

    Bit j is flipped where word j of the record's stream is less than `per_mille` * 65,536 / 2,000,
    rounded down. The stream is the 16-bit little-endian words of SHAKE-256(seed).

    Args:
        filters: Shape (n, words), uint64; changed in place.
        seeds: For each filter the seed of its stream.
        per_mille: f in thousandths.
    """
    bits = 64 * filters.shape[1]
    limit = per_mille * _DRAWS // (2 * PER_MILLE)
    for row, seed in enumerate(seeds):
        draws = np.frombuffer(hashlib.shake_256(seed).digest(2 * bits), dtype="<u2")
        flips = np.packbits(draws < limit, bitorder="little")
        filters[row] ^= flips.view("<u8")
