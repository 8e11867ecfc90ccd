"""The exposure meter: what a set of fingerprints gives away to who holds it, keys unknown.

The measure that counts is the informative degree: how many other records of the set a record
visibly resembles. Graph matching lives on these resemblances (Schäfer, Armknecht and Heng, "R+R:
Revisiting graph matching attacks on privacy-preserving record linkage", ACSAC 2024), and their
number grows in proportion to the records held. The further measures are those of Vatsalan and
others, "An evaluation framework for privacy-preserving record linkage", JPC 6(1), 2014, section 4.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.attacks.fingerprints import Filters, as_bits
from matcher.formats.errors import ParameterError

SIGMAS = 5.0
"""Deviations from chance beyond which a resemblance is informative: by chance alone one pair in
3.5 million is so alike."""

_BLOCK = 1024
_BITS_COMPARED = 512

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Exposure:
    """What n fingerprints of one pass give away.

    Attributes:
        records: n.
        bits: Length of a fingerprint.
        informative_degree: Other records that a record resembles beyond `SIGMAS`, on average.
        most_neighbours: The most that any record has.
        share_with_neighbours: The share of records that have any.
        extrapolated_to: The size of population that the next figure is for.
        extrapolated_degree: The informative degree at that size, in proportion.
        prosecutor_risk: One divided by the number of records that can't be told from the record
            that is easiest to know, itself included: 1 where some record is like no other.
        marketer_risk: The mean of the same over all records.
        duplicates: Records whose very fingerprint another has too.
        smallest_group: Size of the smallest group of one fingerprint.
        bit_entropy: Mean entropy of a bit over the records, in bits: 1 where half have it set.
        bit_gini: Gini coefficient of the bits' frequencies: 0 where all are equally frequent.
        bit_correlation: Mean absolute correlation of two bits, of the first 512, less what n
            records show by chance.
        weight_mean: Mean number of bits set.
        weight_spread: Its standard deviation, divided by that of independent bits: about 1 where
            a fingerprint does not show how much it holds.
    """

    records: int
    bits: int
    informative_degree: float
    most_neighbours: int
    share_with_neighbours: float
    extrapolated_to: int
    extrapolated_degree: float
    prosecutor_risk: float
    marketer_risk: float
    duplicates: int
    smallest_group: int
    bit_entropy: float
    bit_gini: float
    bit_correlation: float
    weight_mean: float
    weight_spread: float

    def as_data(self) -> dict[str, Any]:
        """Give the figures as data for JSON."""
        rounded = {name: round(float(value), 6) for name, value in asdict(self).items()}
        counts = ("records", "bits", "most_neighbours", "extrapolated_to", "duplicates")
        return rounded | {name: getattr(self, name) for name in (*counts, "smallest_group")}


def measure(filters: Filters, extrapolated_to: int) -> Exposure:
    """Measure what fingerprints of one pass give away.

    Args:
        filters: Shape (n, words), uint64: fingerprints of n different persons, n at least 2.
        extrapolated_to: The number of records to state the informative degree for.

    Raises:
        ParameterError: There are fewer than two fingerprints.
    """
    size = len(filters)
    if size < 2:
        raise ParameterError("Exposure needs at least two fingerprints.")
    bits = as_bits(filters)
    neighbours = informative_neighbours(bits)
    groups = np.unique(filters, axis=0, return_counts=True)[1]
    frequency = bits.mean(axis=0, dtype=np.float64)
    weights = bits.sum(axis=1, dtype=np.int64)
    independent = np.sqrt((frequency * (1 - frequency)).sum())
    return Exposure(
        records=size,
        bits=bits.shape[1],
        informative_degree=float(neighbours.mean()),
        most_neighbours=int(neighbours.max()),
        share_with_neighbours=float((neighbours > 0).mean()),
        extrapolated_to=extrapolated_to,
        extrapolated_degree=float(neighbours.mean() * (extrapolated_to - 1) / (size - 1)),
        prosecutor_risk=float(1 / (1 + neighbours.min())),
        marketer_risk=float((1 / (1 + neighbours)).mean()),
        duplicates=int(groups[groups > 1].sum()),
        smallest_group=int(groups.min()),
        bit_entropy=float(_entropy(frequency).mean()),
        bit_gini=_gini(frequency),
        bit_correlation=_bit_correlation(bits),
        weight_mean=float(weights.mean()),
        weight_spread=float(weights.std() / max(independent, 1e-12)),
    )


def informative_neighbours(bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Count for each record the others that it resembles beyond `SIGMAS`.

    What two filters of weights a and b share by chance is hypergeometric: on average ab/m of m
    bits, with variance ab(m - a)(m - b) / (m²(m - 1)).

    Args:
        bits: Shape (n, m), 0 or 1.

    Returns:
        Shape (n,).
    """
    size, m = bits.shape
    values = bits.astype(np.float32)
    weights = values.sum(axis=1)
    spread = np.sqrt(weights * (m - weights) / (m * np.sqrt(m - 1.0))).astype(np.float32)
    counts = np.empty(size, dtype=np.int64)
    for start in range(0, size, _BLOCK):
        block = slice(start, start + _BLOCK)
        excess = values[block] @ values.T - weights[block, None] * (weights / np.float32(m))
        near = excess > SIGMAS * spread[block, None] * spread
        near[np.arange(near.shape[0]), np.arange(start, start + near.shape[0])] = False
        counts[block] = near.sum(axis=1)
    return counts


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


def _bit_correlation(bits: npt.NDArray[np.uint8]) -> float:
    values = bits[:, :_BITS_COMPARED].astype(np.float64)
    varying = values[:, values.std(axis=0) > 0]
    if varying.shape[1] < 2:
        return 0.0
    correlation = np.atleast_2d(np.corrcoef(varying, rowvar=False))
    pairs = np.abs(correlation[np.triu_indices(len(correlation), 1)])
    by_chance = np.sqrt(2 / (np.pi * len(bits)))  # the mean of |N(0, 1/n)|
    return float(pairs.mean() - by_chance)
