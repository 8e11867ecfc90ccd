"""What symbols that are shared tell of who is who, over what there is to find out.

As in `benchmarks.attacks.evidence`, but without a normal law: a pair shares so many symbols by
Poisson's, about a mean that plaintext lets expect. Taken by itself it tells the mutual information
of that number and its mean, if any pair of the people known could be it (Shannon, "A mathematical
theory of communication", Bell System Technical Journal 27, 1948, section 24). All pairs added up,
over log n!, bound the share of people who can be named by what pairs share. What three records
share of one band is not counted.
"""

from math import lgamma

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from benchmarks.bands.banding import Shared

Floats = npt.NDArray[np.float64]

_CLASSES = 3000  # of means that are taken together: a hundredth apart
_BEYOND = 10.0  # standard deviations above the largest mean up to which numbers are looked at


def evidence_over_entropy(expected: Shared) -> float:
    """Say how many times over all pairs can say who is who, at most.

    Args:
        expected: Shape (n, n): how many symbols pairs share on average, above 0 off the diagonal.
    """
    means = expected[np.triu_indices(len(expected), 1)].astype(np.float64)
    return told(means) / lgamma(len(expected) + 1)


def told(means: Floats) -> float:
    """Add up what pairs of these means tell, each taken by itself, in nats."""
    ends = np.geomspace(means.min(), means.max(), _CLASSES)
    of = np.searchsorted(ends, means)
    pairs = np.bincount(of, minlength=_CLASSES + 1).astype(np.float64)
    there = pairs > 0
    mean = np.bincount(of, weights=means, minlength=_CLASSES + 1)[there] / pairs[there]
    pairs = pairs[there]
    numbers = np.arange(int(mean.max() + _BEYOND * mean.max() ** 0.5 + 2 * _BEYOND))
    likely = numbers * np.log(mean)[:, None] - mean[:, None] - gammaln(numbers + 1)
    share = np.exp(likely)
    of_all = np.log(np.maximum(pairs @ share / pairs.sum(), np.finfo(np.float64).tiny))
    return float(pairs @ (share * (likely - of_all)).sum(axis=1))
