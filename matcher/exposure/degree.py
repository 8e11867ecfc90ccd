"""The informative degree: its estimate from a sample, its uncertainty, and at another size.

The degree is p (n - 1), where p is the chance that two records visibly resemble each other. From
the neighbours of k records among n, p is estimated by a U-statistic. A record weighs 1/k + 1/n in
it when it is in the sample, and 1/n when it is not, so that by Hoeffding's decomposition ("A class
of statistics with asymptotically normal distribution", Annals of Mathematical Statistics 19(3),
1948, section 5) its variance is about ζ (1/k + 3/n) + p / pairs, ζ being the variance of the
chance that one record has to resemble another. The interval is the exact one of a Poisson count
(Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28, 1936) of that relative
variance.

p does not depend on how many records are held, so that the degree grows in proportion to them: as
long as those to come resemble those that were measured.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtr

from matcher.exposure.neighbours import SIGMAS

CONFIDENCE = 0.95

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Degree:
    """How many other records a record visibly resembles, on average.

    Attributes:
        value: The estimate.
        low: Lower end of its interval of 95 %.
        high: Upper end.
        by_chance: What as many records would show at most if no two had anything in common.
    """

    value: float
    low: float
    high: float
    by_chance: float


def degrees(
    counts: Counts, size: int, at_sizes: tuple[int, ...], looks: int = 1
) -> tuple[Degree, ...]:
    """Estimate the informative degree of any number of such records.

    Args:
        counts: Shape (k,), k at least 1: the neighbours of k records among `size`.
        size: How many records there are, at least 2.
        at_sizes: Numbers of records.
        looks: How many scores of a pair were looked at, of which one had to be beyond `SIGMAS`.

    Returns:
        The degree at each of them.
    """
    others = size - 1
    share = float(counts.mean()) / others
    low, high = _interval(counts, size, share)
    chance = looks * float(ndtr(-SIGMAS))
    return tuple(
        Degree(
            value=share * (wanted - 1),
            low=low * (wanted - 1),
            high=min(1.0, high) * (wanted - 1),
            by_chance=chance * (wanted - 1),
        )
        for wanted in at_sizes
    )


def _interval(counts: Counts, size: int, share: float) -> tuple[float, float]:
    sampled, others = len(counts), size - 1
    pairs = sampled * others - sampled * (sampled - 1) / 2
    tail = (1 - CONFIDENCE) / 2
    if share == 0:
        return 0.0, float(-np.log(tail)) / pairs
    between = max(0.0, float(counts.var()) / others**2 - share / others)
    variance = between * (1 / sampled + 3 / size) + share / pairs
    equivalent = share**2 / variance  # the Poisson count that is as uncertain
    return (
        share * float(gammaincinv(equivalent, tail)) / equivalent,
        share * float(gammaincinv(equivalent + 1, 1 - tail)) / equivalent,
    )
