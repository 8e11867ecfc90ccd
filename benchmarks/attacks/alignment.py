"""Aligning two lists of values that are one language seen twice: by frequency, then by likeness.

Frequencies give a first one-to-one assignment; its surest pairs then describe every value by its
likeness to them, as in Kuzu, Kantarcioglu, Durham and Malin, "A constraint satisfaction
cryptanalysis of Bloom filters in private record linkage", PETS 2011, section 4, where frequency
and similarity constrain an assignment together. Where that ends hangs on where it began, so it
begins again and again from a part of the best pairs so far (iterated local search: Lourenço, Martin
and Stützle, Handbook of Metaheuristics, 2003); which assignment is best the attacker can see.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

NOTHING = -1

_ROUNDS = 15
_FEWEST_SEEDS = 8
_TRUST = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # in traits against likeness; the best is kept
_STARTS = 18  # from a part of the best pairs so far
_KEPT = 0.5  # of these pairs, in each such start


@dataclass(frozen=True, repr=False)
class Values:
    """Values of which it is known how often each occurs and how two of them resemble each other.

    Attributes:
        traits: Shape (values, traits): what both sides know of a value, in like units: the
            logarithm of its frequency, and its length where that shows.
        likeness: Shape (values, values), symmetric.
    """

    traits: Floats
    likeness: Floats


def align(hidden: Values, known: Values, *, seed: int) -> Rows:
    """Assign a known value to every hidden one, each at most once.

    Args:
        hidden: What shows of the values that are to be named.
        known: What is known of those that may be their names.
        seed: Of the pairs that a start begins from.

    Returns:
        Shape (hidden values,): positions in `known`, or `NOTHING`.
    """
    apart = ((hidden.traits[:, None, :] - known.traits[None, :, :]) ** 2).sum(axis=2)
    firsts = [-apart * trust for trust in _TRUST]
    tried = [_refined(hidden, known, first) for first in firsts]
    best = max(tried, key=lambda answers: _agreement(hidden, known, answers))
    reached = _agreement(hidden, known, best)
    generator = np.random.default_rng([seed, 5])
    for start in range(_STARTS):
        named = np.flatnonzero(best != NOTHING)
        kept = named[generator.random(len(named)) < _KEPT]
        first = firsts[start % len(firsts)] + _described(hidden, known, kept, best)
        answers = _refined(hidden, known, first)
        agreement = _agreement(hidden, known, answers)
        if agreement > reached:
            best, reached = answers, agreement
    return best


def _refined(hidden: Values, known: Values, first: Floats) -> Rows:
    scores = first
    answers = assigned(scores)
    for number in range(_ROUNDS):
        named = np.flatnonzero(answers != NOTHING)
        sure = named[np.argsort(-_margins(scores, answers)[named], kind="stable")]
        seeds = sure[: max(_FEWEST_SEEDS, len(named) * (number + 1) // _ROUNDS)]
        scores = first + _described(hidden, known, seeds, answers)
        answers = assigned(scores)
    return answers


def _described(hidden: Values, known: Values, seeds: Rows, answers: Rows) -> Floats:
    """Say how well two values agree in their likeness to some hidden ones and to their answers."""
    return rows_alike(hidden.likeness[:, seeds], known.likeness[:, answers[seeds]])


def _agreement(hidden: Values, known: Values, answers: Rows) -> float:
    """Say how well the likenesses agree under an assignment, which the attacker can see."""
    rows = np.flatnonzero(answers != NOTHING)
    pairs = np.triu_indices(len(rows), 1)
    one = hidden.likeness[np.ix_(rows, rows)][pairs]
    other = known.likeness[np.ix_(answers[rows], answers[rows])][pairs]
    varies = len(rows) > 2 and one.std() > 0 and other.std() > 0
    return float(np.corrcoef(one, other)[0, 1]) if varies else 0.0


def assigned(scores: Floats) -> Rows:
    """Assign a column to every row, each at most once, so that the scores' sum is greatest."""
    answers = np.full(len(scores), NOTHING)
    rows, columns = linear_sum_assignment(scores, maximize=True)
    answers[rows] = columns
    return answers


def _margins(scores: Floats, answers: Rows) -> Floats:
    rows = np.arange(len(scores))
    others = scores.copy()
    others[rows, answers] = -np.inf
    margins: Floats = scores[rows, answers] - others.max(axis=1)
    return margins


def rows_alike(one: Floats, other: Floats) -> Floats:
    """Correlate all rows of one with all rows of the other, after every column was centred."""
    sides = []
    for side in (one, other):
        centred = side - side.mean(axis=0)
        sides.append(centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9))
    alike: Floats = sides[0] @ sides[1].T
    return alike
