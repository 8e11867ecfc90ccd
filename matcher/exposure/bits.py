"""What the bits of fingerprints show of themselves: how even, how independent, how heavy.

The measures are those of Vatsalan, Christen, O'Keefe and Verykios, "An evaluation framework for
privacy-preserving record linkage", Journal of Privacy and Confidentiality 6(1), 2014, and of
Franke, Sehili, Rohde and Rahm, "Evaluation of hardening techniques for privacy-preserving record
linkage", EDBT 2021, which has the Gini coefficient.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.scoring.measures import weigh

Filters = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint8]

_BLOCK = 4096
_BITS_CORRELATED = 512


@dataclass(frozen=True)
class BitFigures:
    """Figures of the bits of n fingerprints of one pass.

    Attributes:
        length: Length of a fingerprint.
        entropy: Mean entropy of a bit over the records, in bits: 1 where half have it set.
        gini: Gini coefficient of the bits' frequencies: 0 where all are equally frequent.
        correlation: Mean absolute correlation of two bits, of the first 512, less what n records
            show by chance.
        weight: Mean number of bits set.
        weight_spread: Its standard deviation, divided by that of independent bits: about 1 where
            a fingerprint does not show how much it holds.
    """

    length: int
    entropy: float
    gini: float
    correlation: float
    weight: float
    weight_spread: float


def bit_figures(filters: Filters) -> BitFigures:
    """Look at the bits of fingerprints; memory is bounded by a block of them.

    Args:
        filters: Shape (n, words), uint64, n at least 1.
    """
    frequency, correlation = _frequency_and_correlation(filters)
    weights = weigh(filters)
    independent = np.sqrt((frequency * (1 - frequency)).sum())
    return BitFigures(
        length=64 * filters.shape[1],
        entropy=float(_entropy(frequency).mean()),
        gini=_gini(frequency),
        correlation=correlation,
        weight=float(weights.mean()),
        weight_spread=float(weights.std() / max(independent, 1e-12)),
    )


def unpacked(filters: Filters) -> Bits:
    """Give each bit of fingerprints of shape (n, words), shape (n, 64 * words): 0 or 1."""
    little = np.ascontiguousarray(filters.astype("<u8", copy=False))
    return np.unpackbits(little.view(np.uint8), axis=1, bitorder="little")


def _frequency_and_correlation(filters: Filters) -> tuple[Floats, float]:
    """Give the share of records that have each bit, and the mean correlation of two bits."""
    size, bits = len(filters), 64 * filters.shape[1]
    sums = np.zeros(bits)
    products = np.zeros((min(bits, _BITS_CORRELATED),) * 2)
    for start in range(0, size, _BLOCK):
        block = unpacked(filters[start : start + _BLOCK])
        sums += block.sum(axis=0, dtype=np.int64)
        some = block[:, :_BITS_CORRELATED].astype(np.float32)  # whole numbers: exact
        products += some.T @ some
    frequency = sums / size
    return frequency, _correlation(products / size, frequency[: len(products)], size)


def _correlation(products: Floats, frequency: Floats, size: int) -> float:
    spread = np.sqrt(frequency * (1 - frequency))
    varying = spread > 0
    if varying.sum() < 2:
        return 0.0
    covariance = products - np.outer(frequency, frequency)
    between = covariance[np.ix_(varying, varying)] / np.outer(spread[varying], spread[varying])
    pairs = np.abs(between[np.triu_indices(len(between), 1)])
    by_chance = np.sqrt(2 / (np.pi * size))  # the mean of |N(0, 1/n)|
    return float(pairs.mean() - by_chance)


def _entropy(frequency: Floats) -> Floats:
    sides = np.stack([frequency, 1 - frequency])
    logs = np.log2(sides, out=np.zeros_like(sides), where=sides > 0)
    entropy: Floats = -(sides * logs).sum(axis=0)
    return entropy


def _gini(values: Floats) -> float:
    """Half the mean absolute difference of two values, divided by the mean."""
    ascending = np.sort(values)
    ranks = np.arange(1, len(values) + 1)
    total = ascending.sum()
    if total == 0:
        return 0.0
    return float((2 * ranks - len(values) - 1) @ ascending / (len(values) * total))
