"""What the same tokens find without hardening and without salts: the price of protection.

The scheme is the default but for `hardening = []` and `salt = []`. It has no evidence model, so the
ranking rule is one of its own, as strong as we could make it: of every pass the exact `NEAREST`
best by Dice of each request are looked at, and a pair is weighed by logistic regression over the
Dice similarities of all its passes, linear between knots and never falling, fitted on a generated
tracing set with another seed. On the same knots, an absent pass has a weight of its own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.peers.sets import LabelledSet, generated
from benchmarks.rehearsal import default_agreement
from encoders.encoding import Fingerprints, encode
from encoders.keys import Keys
from encoders.records import Records
from matcher.formats.scheme import Scheme
from matcher.scoring import distances_at, find_pairs

NEAREST = 20
"""How many of a request's nearest are looked at in each pass."""

TRAINED_ON = (4_000, 20_000, 7)
"""Cases, registered persons and seed of the set that the weights are fitted on."""

_KNOTS = np.array([0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
_PENALTY = 1e-3
_ABSENT = -1.0

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Side = dict[str, Fingerprints]


@dataclass(frozen=True, eq=False, repr=False)
class _Looked:
    """Pairs of rows and their similarity in each pass, `_ABSENT` where one lacks the pass."""

    left: Rows
    right: Rows
    dice: Floats


def without_protection(scheme: Scheme) -> Scheme:
    """Give the same passes and tokens, unhardened and unsalted, under another name."""
    passes = [
        part.model_copy(
            update={
                "hardening": (),
                "attributes": tuple(
                    attribute.model_copy(update={"salt": ()}) for attribute in part.attributes
                ),
            }
        )
        for part in scheme.passes
    ]
    return Scheme(name="unhardened", version=1, passes=tuple(passes))


@dataclass(frozen=True, eq=False, repr=False)
class Unhardened:
    """A scheme without protection, and the weights of its similarities.

    Attributes:
        scheme: The scheme.
        weights: Of each pass's features, and the constant at the end.
    """

    scheme: Scheme
    weights: Floats

    @classmethod
    def fitted(cls, scheme: Scheme) -> "Unhardened":
        """Fit the weights for a scheme that protects nothing."""
        labelled = generated(*TRAINED_ON)
        looked = _look(scheme, labelled)
        is_true = _is_true(looked, labelled)
        return cls(scheme, _logistic(_features(looked.dice), is_true))

    def link(self, labelled: LabelledSet) -> pd.DataFrame:
        """Find `request_id, register_id, score` (natural log odds) of every pair looked at."""
        looked = _look(self.scheme, labelled)
        return pd.DataFrame(
            {
                "request_id": labelled.requests["record_id"].to_numpy()[looked.left],
                "register_id": labelled.register["record_id"].to_numpy()[looked.right],
                "score": _features(looked.dice) @ self.weights[:-1] + self.weights[-1],
            }
        )


def _look(scheme: Scheme, labelled: LabelledSet) -> _Looked:
    agreement = default_agreement(scheme)
    keys = Keys.throwaway(agreement, seed=0)
    left, right = (
        encode(Records.from_frame(frame, role=role), agreement, keys).passes
        for frame, role in ((labelled.requests, "sought"), (labelled.register, "registered"))
    )
    width = len(labelled.register)
    near = np.concatenate([_nearest(left[name], right[name], width) for name in left])
    rows = np.divmod(np.unique(near), width)
    dice = [_dice(left[name], right[name], *rows) for name in left]
    return _Looked(*rows, np.stack(dice, axis=1))


def _nearest(left: Fingerprints, right: Fingerprints, width: int) -> Rows:
    left_rows, right_rows = np.flatnonzero(left.present), np.flatnonzero(right.present)
    found = find_pairs(left.bits[left_rows], right.bits[right_rows], measure="dice", top=NEAREST)
    nearest: Rows = left_rows[found.left] * width + right_rows[found.right]
    return nearest


def _dice(left: Fingerprints, right: Fingerprints, rows: Rows, others: Rows) -> Floats:
    differing = distances_at(left.bits, right.bits, rows, others)
    set_bits = [np.bitwise_count(side.bits).sum(axis=1, dtype=np.int64) for side in (left, right)]
    total = set_bits[0][rows] + set_bits[1][others]
    both = left.present[rows] & right.present[others]
    return np.where(both, 1 - differing / np.maximum(total, 1), _ABSENT)


def _is_true(looked: _Looked, labelled: LabelledSet) -> npt.NDArray[np.bool_]:
    width = len(labelled.register)
    left = pd.Index(labelled.requests["record_id"]).get_indexer(labelled.truth["request_id"])
    right = pd.Index(labelled.register["record_id"]).get_indexer(labelled.truth["register_id"])
    return np.isin(looked.left * width + looked.right, left.astype(np.int64) * width + right)


def _features(dice: Floats) -> Floats:
    """How far each similarity goes beyond each knot up to the next, and whether it is absent."""
    widths = np.diff([*_KNOTS, 1.0])
    columns = []
    for similarity in dice.T:
        absent = similarity == _ABSENT
        beyond = np.clip(similarity[:, None] - _KNOTS, 0, widths)
        columns += [np.where(absent[:, None], 0, beyond), absent[:, None]]
    return np.concatenate(columns, axis=1)


def _logistic(features: Floats, is_true: npt.NDArray[np.bool_]) -> Floats:
    """Fit log odds that never fall with a similarity; absence may weigh anything."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = features @ weights[:-1] + weights[-1]
        value = np.logaddexp(0, odds).sum() - odds[is_true].sum()
        error = expit(odds) - is_true
        slope = np.r_[features.T @ error, error.sum()] + 2 * _PENALTY * weights
        return float(value + _PENALTY * (weights**2).sum()), slope

    per_pass = len(_KNOTS) + 1
    bounds = [
        (None, None) if column % per_pass == per_pass - 1 else (0, None)
        for column in range(features.shape[1])
    ]
    found = minimize(loss, np.zeros(features.shape[1] + 1), jac=True, method="L-BFGS-B",
                     bounds=[*bounds, (None, None)], options={"maxiter": 1000})  # fmt: skip
    weights: Floats = found.x
    return weights
