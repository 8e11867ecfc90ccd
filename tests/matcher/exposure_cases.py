"""Filters whose exposure is measured."""

import numpy as np

Passes = dict[str, tuple[np.ndarray, np.ndarray]]


def random_filters(n: int, bits: int, share: float = 0.5, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).random((n, bits)) < share
    return np.packbits(drawn, axis=1, bitorder="little").view(np.uint64)


def everybody(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return filters, np.ones(len(filters), dtype=np.bool_)
