"""Measuring an evidence model without labels, by expectation maximisation.

The pairs of requests and register are a mixture: some are one person, nearly all are two. After
Fellegi and Sunter (1969, section 3.3.1), and Winkler's use of EM for it (Proceedings of the Section
on Survey Research Methods, 1988), each pair gets a probability of being one person, the weights are
fitted to these, and so on until nothing changes. Two things differ from the textbook:

- What two persons' fingerprints look like is not guessed along with the rest, but seen: no two rows
  of one register are one person, so pairs within the register are pairs of two, relatives and
  namesakes among them. A register in which people stand twice makes weights too small.
- The weights of all passes are fitted together (`benchmarks.tuning.calibration`), so passes that
  tell the same are not counted twice; the textbook takes them for independent.

How many pairs of one person lie beyond reach is not seen, so the weights are of those within; they
are too large by the logarithm of that share, some tenths of a bit.

What it can't do: relatives of the people sought are nearer than chance, and oftener in the register
than any two of its rows are related, so some are taken for the people themselves. On the generated
tracing set (`standard/1`, 6,000 requests, 20,000 registered; tested on another seed) it counts
seven times the pairs that there are, and recall at precision 0.95, 0.9 and 0.8 is 0.22, 0.30 and
0.35, where the model that was fitted to labels has 0.27, 0.32 and 0.40. Use it where there are no
labels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from benchmarks.tuning.calibration import (
    KNOTS,
    Counted,
    Odds,
    counted,
    fit,
    model_of,
    reach_of,
    require_pairs,
    with_bands,
)
from benchmarks.tuning.scales import scales_of
from matcher.decisions.candidates import Side, pairs_within_reach
from matcher.decisions.evidence import EvidenceModel
from matcher.formats.errors import ParameterError
from matcher.formats.scheme import Scheme

_MOST_ROUNDS = 60
_SETTLED = 1e-3  # of the number of pairs of one person, from one round to the next


@dataclass(frozen=True, eq=False, repr=False)
class Unlabelled:
    """Two encoded sides of which nothing else is known.

    Attributes:
        left: The side of requests.
        right: The side of registered persons, each of them once.
    """

    left: Side
    right: Side


def calibrate_unlabelled(
    scheme: Scheme,
    sides: Unlabelled,
    description: str,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> EvidenceModel:
    """Measure an evidence model from two sides without knowing who is who.

    Args:
        scheme: The scheme that the sides were encoded with.
        sides: What to measure on.
        description: On what it is measured, for the model's own record.
        progress: Told what is being done.

    Raises:
        ParameterError: There are too few pairs within the register to measure bands on, or no
            more near pairs between the sides than chance gives.
    """
    pairs = len(sides.left) * len(sides.right)
    within = len(sides.right) * (len(sides.right) - 1) // 2
    require_pairs(within)
    scales = scales_of(scheme, [(sides.left, sides.right)])
    reach = reach_of(scales)
    progress("comparing the sides")
    mixed = counted(scales, pairs_within_reach(sides.left, sides.right, reach)[2])
    progress("comparing the register with itself")
    one, other, distances = pairs_within_reach(sides.right, sides.right, reach)
    apart = one < other
    distances = distances[apart]
    two = counted(scales, distances)
    expected = Counted(two.features, two.counts * (pairs / within))
    odds, count = _settled(mixed, expected, progress)
    prior = float(np.log(count / (pairs - count)))
    model = model_of(scheme, scales, odds.curves(scales, prior), description)
    known = sides.right.known
    return with_bands(
        model, model.scores(distances, known[one[apart]], known[other[apart]]), within
    )


def _settled(
    mixed: Counted, expected: Counted, progress: Callable[[str], None]
) -> tuple[Odds, float]:
    """Fit again and again, until the number of pairs of one person changes no more.

    Args:
        mixed: The pairs between the sides.
        expected: How many pairs of two persons there would be with which features.
        progress: Told of every round.

    Returns:
        The odds that a pair between the sides is of one person, and how many there are.
    """
    one_person = _more_than_by_chance(mixed, expected)
    count = float(one_person @ mixed.counts)
    if count < 1:
        raise ParameterError(
            "The sides have no more near pairs than chance gives, so there is nothing to learn "
            "from; give sides that share people, or labelled pairs."
        )
    odds = None
    for number in range(1, _MOST_ROUNDS + 1):
        progress(f"round {number}: about {count:,.0f} pairs of one person")
        odds = fit(Counted(mixed.features, mixed.counts * one_person), expected, odds)
        one_person = expit(odds.of(mixed.features))
        before, count = count, float(one_person @ mixed.counts)
        if abs(before - count) < _SETTLED * count:
            return odds, count
    raise ParameterError(
        f"After {_MOST_ROUNDS} rounds the number of pairs of one person still changes; give larger "
        "sides, or labelled pairs."
    )


def _more_than_by_chance(mixed: Counted, expected: Counted) -> npt.NDArray[np.float64]:
    """Begin with how many more pairs there are as near, in their nearest pass, than by chance."""
    seen, chance = (_nearest(one.features) for one in (mixed, expected))
    steps = np.unique(np.r_[seen, chance])
    many, few = (
        np.bincount(np.searchsorted(steps, at), one.counts, len(steps))
        for at, one in ((seen, mixed), (chance, expected))
    )
    # Counted from the nearest on, so that the share falls with the distance, whatever the noise.
    share = 1 - np.cumsum(few[::-1]) / np.maximum(np.cumsum(many[::-1]), 1)
    falling = np.minimum.accumulate(np.clip(share, 0, 1))[::-1]
    started: npt.NDArray[np.float64] = falling[np.searchsorted(steps, seen)]
    return started


def _nearest(features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each row's nearest pass goes beyond the first knot."""
    each = len(KNOTS) + 1  # a pass's features, the last of which is absence
    per_pass = features.reshape(len(features), features.shape[1] // each, each)[:, :, :-1]
    nearest: npt.NDArray[np.float64] = per_pass.sum(axis=2).max(axis=1)
    return nearest
