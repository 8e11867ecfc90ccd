"""The measures: what a score is, and how many common bits it asks for.

With `i` the number of bits that two filters have in common and `s` the sum of their weights
(a filter's weight is the number of its bits that are set), one pass over the intersections gives
all three:

========  =====================  =========================
measure   score                  common bits that reach it
========  =====================  =========================
dice      2 i / s                i >= score s / 2
jaccard   i / (s - i)            i >= score s / (1 + score)
hamming   s - 2 i (a distance)   i >= (s - score) / 2
========  =====================  =========================

Two empty filters have nothing in common: 0 / 0 counts as 0 for dice and jaccard.

A score is one correctly rounded float64 division of two integers, and it is compared with the
caller's threshold as it is. So a threshold written as the decimal of a fraction means that
fraction: 0.8 and the quotient 4/5 round to the same float, and a pair exactly on the threshold
is in.

Inside the core a **merit** stands for the score, so that higher is always better: the score
itself, or minus the distance.
"""

from enum import IntEnum

from matcher.scoring.compiled import compiled


class Measure(IntEnum):
    """A measure's number inside kernels."""

    dice = 0
    jaccard = 1
    hamming = 2


DICE, JACCARD = int(Measure.dice), int(Measure.jaccard)

# Least common bits are rounded up from floats. They err by far less than this, and a bound that
# is too low by one costs a look at the exact merit, never a pair.
SLACK = 1e-6


@compiled
def merit_of(measure: int, common: int, weights: int) -> float:
    """The merit of a pair with `common` bits in common and `weights` bits set in both together."""
    if measure == DICE:
        return 2.0 * common / weights if weights > 0 else 0.0
    if measure == JACCARD:
        return 1.0 * common / (weights - common) if weights > common else 0.0
    return float(2 * common - weights)


@compiled
def least_common(measure: int, merit: float, weights: int) -> int:
    """A lower bound, hardly ever lower than exact, on the common bits that reach a merit.

    It never falls as `weights` rises, so the bound of the lightest of several filters holds for
    all of them.
    """
    if measure == DICE:
        bits = merit * weights / 2
    elif measure == JACCARD:
        bits = merit * weights / (1 + merit)
    else:
        bits = (merit + weights) / 2
    whole = int(bits - SLACK)
    return whole if whole >= bits - SLACK else whole + 1


def merit_from_score(measure: Measure, score: float) -> float:
    """The merit that stands for a score; the same turns a merit back into its score."""
    return -score if measure == Measure.hamming else score


def lowest_merit(measure: Measure, bits: int) -> float:
    """The merit that every pair of filters of `bits` bits reaches."""
    return -float(bits) if measure == Measure.hamming else 0.0
