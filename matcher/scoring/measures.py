"""The measures: what a score is, and how far apart two filters may be to reach it.

With `d` the distance of two filters (the number of bits in which they differ) and `s` the sum of
their weights (a filter's weight is the number of its bits that are set), they have (s - d) / 2
bits in common, so one pass over the distances gives all three:

========  =====================  =============================
measure   score                  distance that reaches it
========  =====================  =============================
dice      (s - d) / s            d <= (1 - score) s
jaccard   (s - d) / (s + d)      d <= (1 - score) / (1 + score) s
hamming   d                      d <= score
========  =====================  =============================

Two empty filters have nothing in common: 0 / 0 counts as 0 for dice and jaccard.

A score is one correctly rounded float64 division of two integers, and it is compared with the
caller's threshold as it is. So a threshold written as the decimal of a fraction means that
fraction: 0.8 and the quotient 4/5 round to the same float, and a pair exactly on the threshold
is in.

Inside the core a **merit** stands for the score, so that higher is always better: the score
itself, or minus the distance.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.compiled import compiled, inlined
from matcher.scoring.vectors import popcount


@compiled
def weigh(filters: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The number of bits set in each row."""
    weights = np.zeros(len(filters), dtype=np.int64)
    for row in range(len(filters)):
        for word in range(filters.shape[1]):
            weights[row] += popcount(filters[row, word])
    return weights


class Measure(IntEnum):
    """A measure's number inside kernels."""

    dice = 0
    jaccard = 1
    hamming = 2


DICE, JACCARD = int(Measure.dice), int(Measure.jaccard)

# The most distance is rounded down from a float that errs by far less than this. A bound that is
# too high by one costs a look at the exact merit, never a pair.
SLACK = 1e-6


@inlined
def merit_of(measure: int, distance: int, weights: int) -> float:
    """The merit of a pair at a distance, with `weights` bits set in both together."""
    if measure == DICE:
        return (weights - distance) / weights if weights > 0 else 0.0
    if measure == JACCARD:
        return (weights - distance) / (weights + distance) if weights > 0 else 0.0
    return -float(distance)


@inlined
def most_distance(measure: int, merit: float, weights: int) -> int:
    """An upper bound, hardly ever higher than exact, on the distances that reach a merit.

    It never falls as `weights` rises, so the bound of the heaviest of several filters holds for
    all of them.
    """
    if measure == DICE:
        return int((1.0 - merit) * weights + SLACK)
    if measure == JACCARD:
        return int((1.0 - merit) / (1.0 + merit) * weights + SLACK)
    return int(-merit)


@inlined
def reach(measure: int, merit: float, weight: int, lightest: int, heaviest: int) -> int:
    """How far a filter may be from others to reach a merit; -1 when no distance is near enough.

    Args:
        measure: The number of a measure.
        merit: What is to be reached.
        weight: The filter's weight.
        lightest: The least weight of the others; filters differ in as many bits as their weights.
        heaviest: The greatest weight of the others.
    """
    most = most_distance(measure, merit, weight + heaviest)
    return most if most >= weight - heaviest and most >= lightest - weight else -1


def merit_from_score(measure: Measure, score: float) -> float:
    """The merit that stands for a score; the same turns a merit back into its score."""
    return -score if measure == Measure.hamming else score


def lowest_merit(measure: Measure, bits: int) -> float:
    """The merit that every pair of filters of `bits` bits reaches."""
    return -float(bits) if measure == Measure.hamming else 0.0
