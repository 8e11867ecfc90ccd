"""Measuring what a scheme's distances mean: the evidence model, from labelled data.

A pair's score is the log likelihood ratio of its distances. Among the pairs within reach it is
fitted by logistic regression, whose log odds are that ratio plus the log odds of a true pair before
anything is known; subtracting these, over *all* pairs compared, leaves the ratio, because leaving
out the pairs beyond reach scales neither density (Prentice and Pyke, Biometrika 66, 1979).

Each pass enters as a curve, linear between knots and falling with the distance, and all curves are
fitted together, so that passes which tell the same share its weight. What it means that a pass is
absent is fitted likewise, and then taken as the curve's zero.

Bands are the least scores at which pairs of two persons come up no more often than a stated rate.

Nearness is measured in standard deviations below the distance of two people
(`benchmarks.tuning.scales`). A pair is looked at from `REACH_SIGMA` of them on, but not where no
pass alone says that it is likelier one person: that is how far filters reach that nothing diffuses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.tuning.scales import Scale, Scales, scales_of
from matcher.decisions.candidates import Side, distances_of, pairs_within_reach
from matcher.decisions.evidence import ABSENT, Bands, Curve, Distances, EvidenceModel
from matcher.decisions.information import LITTLE, MUCH
from matcher.formats.errors import ParameterError
from matcher.formats.knowledge import Knowledge, kinds_of
from matcher.formats.scheme import Scheme

REACH_SIGMA = 4.0
"""How far below two people's distance, in its standard deviations, a pass must come at least."""

FALSE_PER_PAIR: Final[dict[Literal["strong", "possible"], float]] = {
    "strong": 1e-9,
    "possible": 1e-7,
}
"""For each band how often a pair of two persons may come up to it, of all pairs compared. What is
weak has no such rate: the evidence is for one person rather than two, and that is all."""

REGISTERED = 1_000_000
"""Up to so many registered persons the rates above are what is wanted: at most one request in a
thousand with a strong candidate that is somebody else."""

_FEWEST_PAIRS = round(1 / FALSE_PER_PAIR["possible"])
_LEAST_POSSIBLE = LITTLE + 0.5

KNOTS = (3.0, 4.0, 5.0, 6.5, 9.0, 13.0, 20.0, 30.0)
"""Where a curve may bend, in standard deviations below the distance of two people."""

_LEAST_SLOPE = 0.02  # bits a standard deviation: nearer is always a little better
_PENALTY = 1e-3  # on the squares of slopes: where nothing was seen, no slope
_LN2 = float(np.log(2))


@dataclass(frozen=True, eq=False, repr=False)
class Labelled:
    """Two encoded sides and the pairs of rows that are one person.

    Attributes:
        left: The side of requests.
        right: The side of registered persons.
        pairs: Shape (n, 2), int64: left and right rows that are one person.
    """

    left: Side
    right: Side
    pairs: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class _Observed:
    """What was seen in one labelled set or several.

    Attributes:
        true: Distances of the true pairs, shape (pairs, passes).
        false: Distances of the pairs within reach that are not true.
        known: The levels of the left and right persons of the pairs that are not true.
        pairs: How many pairs there are in all.
    """

    true: Distances
    false: Distances
    known: tuple[Knowledge, Knowledge]
    pairs: int


def calibrate(
    scheme: Scheme,
    labelled: Sequence[Labelled],
    description: str,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> EvidenceModel:
    """Measure an evidence model.

    Args:
        scheme: The scheme that the sides were encoded with.
        labelled: The sets to measure on; their pairs are pooled.
        description: On what it is measured, for the model's own record.
        progress: Told what is being done.

    Raises:
        ParameterError: There is no true pair to learn from, or too few pairs to measure bands on.
    """
    if not any(len(one.pairs) for one in labelled):
        raise ParameterError("No true pair was given: a model needs labelled pairs to learn from.")
    scales = scales_of(scheme, [(one.left, one.right) for one in labelled])
    reach = reach_of(scales)
    observed = []
    for number, one in enumerate(labelled, 1):
        progress(f"comparing set {number} of {len(labelled)}")
        observed.append(_observe(one, reach))
    seen = _pooled(observed)
    require_pairs(seen.pairs)
    progress("fitting")
    model = model_of(scheme, scales, _fit_labelled(scales, seen), description)
    return with_bands(model, model.scores(seen.false, *seen.known), seen.pairs)


def require_pairs(pairs: int) -> None:
    """Refuse to measure bands on few pairs.

    Raises:
        ParameterError: There are too few.
    """
    if pairs < _FEWEST_PAIRS:
        raise ParameterError(
            f"The sets have {pairs:,} pairs; give at least {_FEWEST_PAIRS:,}, since on fewer "
            "it can't be seen how often two persons come up as possible."
        )


def reach_of(scales: Scales) -> dict[str, int]:
    """Give for each pass the greatest distance at which a pair may be looked at."""
    return {name: scale.below(REACH_SIGMA) for name, scale in scales.items()}


def model_of(
    scheme: Scheme,
    scales: Scales,
    fitted: tuple[float, dict[str, Curve]],
    description: str,
) -> EvidenceModel:
    """Make a model of fitted curves, whose bands are yet to be measured (`with_bands`)."""
    intercept, curves = fitted
    return EvidenceModel(
        format="kinmatch-model/1",
        scheme=scheme.label,
        calibrated_on=description,
        reach={
            name: _likelier_one(curves[name], intercept, most)
            for name, most in reach_of(scales).items()
        },
        compares={
            part.name: tuple(sorted(kinds_of(attribute.name for attribute in part.attributes)))
            for part in scheme.passes
        },
        intercept=intercept,
        curves=curves,
        bands=Bands(
            strong=_LEAST_POSSIBLE + 1,
            possible=_LEAST_POSSIBLE,
            weak=0,
            false_per_pair=FALSE_PER_PAIR,
            registered=REGISTERED,
        ),
    )


def _likelier_one(curve: Curve, intercept: float, most: int) -> int:
    """Give the greatest distance up to `most` at which a pass alone weighs for one person."""
    distances = np.arange(most + 1)
    likelier = intercept + np.interp(distances, curve.distances, curve.bits) >= 0
    return int(np.flatnonzero(likelier).max(initial=0))


def with_bands(
    model: EvidenceModel, scores: npt.NDArray[np.float64], pairs: float
) -> EvidenceModel:
    """Give a model the bands that keep the rates of `FALSE_PER_PAIR` on the pairs seen.

    What is possible is above all that a given name, a year and the sex can tell, and what is strong
    not below what can be told of who holds little (`matcher.decisions.information`): no set of
    pairs has all the ways in which two records may share less than each of them holds.

    Args:
        model: The model.
        scores: Its scores of the pairs of two persons that are within reach.
        pairs: How many pairs of two persons there were, within reach or not.
    """
    falling = np.append(np.sort(scores)[::-1], 0.0)

    def least(rate: float, above: float) -> float:
        allowed = int(rate * pairs)
        seen = float(np.ceil(falling[min(allowed, len(falling) - 1)] * 2 + 0.001) / 2)
        return max(seen, above + 0.5)  # in halves of a bit

    possible = least(FALSE_PER_PAIR["possible"], LITTLE)
    strong = max(MUCH, least(FALSE_PER_PAIR["strong"], possible))
    bands = model.bands.model_copy(update={"possible": possible, "strong": strong})
    return model.model_copy(update={"bands": bands})


def _observe(one: Labelled, reach: Mapping[str, int]) -> _Observed:
    left, right, distances = pairs_within_reach(one.left, one.right, reach)
    truth = one.pairs[:, 0] * len(one.right) + one.pairs[:, 1]
    false = ~np.isin(left * len(one.right) + right, truth)
    true_left, true_right = np.ascontiguousarray(one.pairs.T)
    return _Observed(
        true=distances_of(one.left, one.right, true_left, true_right, reach),
        false=distances[false],
        known=(one.left.known[left[false]], one.right.known[right[false]]),
        pairs=len(one.left) * len(one.right),
    )


def _pooled(observed: Sequence[_Observed]) -> _Observed:
    left, right = zip(*(one.known for one in observed), strict=True)
    return _Observed(
        np.concatenate([one.true for one in observed]),
        np.concatenate([one.false for one in observed]),
        (np.concatenate(left), np.concatenate(right)),
        sum(one.pairs for one in observed),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Counted:
    """Pairs within reach by their features (`features_of`), each kind of pair once.

    Attributes:
        features: Shape (rows, features), float64, distinct rows.
        counts: How many pairs have them, float64, at least 0; with EM no whole numbers.
    """

    features: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]


def counted(scales: Scales, distances: Distances) -> Counted:
    """Count pairs by their features."""
    rows, counts = np.unique(features_of(scales, distances), axis=0, return_counts=True)
    return Counted(rows, counts.astype(np.float64))


@dataclass(frozen=True, eq=False, repr=False)
class Odds:
    """Fitted log odds of pairs: linear in their features.

    Attributes:
        weights: One for each feature, and the constant, in natural units, float64.
    """

    weights: npt.NDArray[np.float64]

    def of(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give the log odds of rows of features."""
        odds: npt.NDArray[np.float64] = features @ self.weights[:-1] + self.weights[-1]
        return odds

    def curves(self, scales: Scales, prior: float) -> tuple[float, dict[str, Curve]]:
        """Give the intercept in bits, and each pass's curve.

        Args:
            scales: Of the passes.
            prior: Natural logarithm of how many pairs of one person there are, within reach or
                not, for each pair of two.
        """
        by_pass = self.weights[:-1].reshape(len(scales), -1) / _LN2
        curves = {
            name: _curve(scale, slopes_of[:-1], slopes_of[-1])
            for (name, scale), slopes_of in zip(scales.items(), by_pass, strict=True)
        }
        intercept = (self.weights[-1] - prior) / _LN2 + by_pass[:, -1].sum()
        return round(float(intercept), 3), curves


def fit(true: Counted, false: Counted, start: Odds | None = None) -> Odds:
    """Fit the log odds of all passes together.

    Args:
        true: The pairs of one person that are within reach.
        false: The pairs of two persons that are within reach.
        start: Where to begin, such as what was fitted before to nearly the same pairs.
    """
    return _logistic(
        np.concatenate([true.features, false.features]),
        np.r_[true.counts, np.zeros(len(false.counts))],
        np.r_[np.zeros(len(true.counts)), false.counts],
        start,
    )


def _fit_labelled(scales: Scales, seen: _Observed) -> tuple[float, dict[str, Curve]]:
    near = (seen.true != ABSENT) & (seen.true <= list(reach_of(scales).values()))
    odds = fit(counted(scales, seen.true[near.any(axis=1)]), counted(scales, seen.false))
    return odds.curves(scales, float(np.log(len(seen.true) / (seen.pairs - len(seen.true)))))


def features_of(scales: Scales, distances: Distances) -> npt.NDArray[np.float64]:
    """How far each distance goes beyond each knot, up to the next, and whether it is absent.

    In steps of a quarter of a standard deviation, so that most pairs have the same features.
    """
    columns = []
    widths = np.diff([*KNOTS, np.inf])
    for column, scale in enumerate(scales.values()):
        steps = np.round(4 * scale.nearness(distances[:, column])[:, None]) / 4
        absent = distances[:, column] == ABSENT
        beyond = np.clip(steps - np.array(KNOTS), 0, widths)
        beyond[absent] = 0
        columns += [beyond, absent[:, None]]
    return np.concatenate(columns, axis=1)


def _logistic(
    features: npt.NDArray[np.float64],
    trues: npt.NDArray[np.float64],
    falses: npt.NDArray[np.float64],
    start: Odds | None,
) -> Odds:
    """Fit log odds that never fall with a feature, but for the last of each pass (absence).

    Args:
        features: Shape (rows, features).
        trues: How many true pairs have the features of a row.
        falses: How many other pairs have them.
        start: Where to begin.
    """
    per_pass = len(KNOTS) + 1
    is_absence = np.arange(features.shape[1]) % per_pass == per_pass - 1
    counts = trues + falses

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        odds = features @ weights[:-1] + weights[-1]
        value = counts @ np.logaddexp(0, odds) - trues @ odds + _PENALTY * (weights**2).sum()
        error = counts * expit(odds) - trues
        slope = np.r_[features.T @ error, error.sum()] + 2 * _PENALTY * weights
        return float(value), slope

    bounds = [(None, None) if absence else (_LEAST_SLOPE * _LN2, None) for absence in is_absence]
    begin = np.r_[np.where(is_absence, 0.0, 0.1), 0.0] if start is None else start.weights
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)],
                     options={"maxiter": 2000})  # fmt: skip
    return Odds(found.x)


def _curve(scale: Scale, slopes: npt.NDArray[np.float64], absent: float) -> Curve:
    """Write fitted slopes as a curve over the distance, whose zero is what absence weighs."""
    chance, sigma = scale.chance, scale.sigma
    knots = [knot for knot in KNOTS if knot * sigma < chance - 1]  # the last is a distance of 0
    nearness = np.r_[knots, chance / sigma]
    bits = np.r_[0, np.cumsum(slopes[: len(knots)] * np.diff(nearness))] - absent
    distances = np.round(chance - nearness * sigma).astype(int)
    return Curve(
        distances=tuple(distances[::-1].tolist()), bits=tuple(np.round(bits[::-1], 3).tolist())
    )
