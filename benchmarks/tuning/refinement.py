"""`python -m benchmarks.tuning.refinement OUT` measures the weights of refinement.

On generated tracing sets: candidates of the first stage, compared as refinement compares them, with
the truth known. Pieces of names are weighed first, those of one person against those of two drawn
at random; then all outcomes of all attributes together, by logistic regression on the candidates.
The log odds, less those of a true pair among *all* pairs compared, are the log likelihood ratio, as
in `benchmarks.tuning.calibration`.

Weights are held to what any caseload must have, so that the generator's habits are not learnt: a
better outcome never weighs less than a worse one, nor a rarer name less than a common one, nor a
better score of the passes less than a worse one. And what the generator never does is done to a few
records first (`benchmarks.tuning.roughening`).
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.rehearsal import default_agreement, rehearse
from benchmarks.tuning.calibration import FALSE_PER_PAIR
from benchmarks.tuning.roughening import roughened
from datasets import tracing
from encoders.keys import Keys
from encoders.records import Records
from encoders.refining.answering import attribute_cells
from matcher.decisions.evidence import Bands
from matcher.decisions.information import LITTLE
from matcher.decisions.refinement.comparison import Cells, Compared, common_bits, compare
from matcher.decisions.refinement.outcomes import NAMES, OUTCOMES
from matcher.decisions.refinement.pieces import PieceWeights
from matcher.decisions.refinement.weights import RefinementModel, Rising, best_bands
from matcher.formats.attributes import FREQUENCY_CLASSES, PIECE
from matcher.formats.files import written_whole
from matcher.formats.vocabulary import BANDS

REQUESTS, REGISTER, SEEDS = 8_000, 60_000, (31, 32)

TOP = 20
"""Candidates of each request that are learnt from."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_RANDOM_PAIRS = 40_000
_WEIGHED_ON = ("given_1", "father", "family_1")
_BIGRAM_KNOTS = (1, 3, 5, 7, 9, 11, 13)
_PASSES_KNOTS = (0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0)
_SOUND_KNOTS = (6, 9, 12, 15, 18, 21, 24, 27, 30)
_PENALTY = 1.0  # on the squares of steps: where nothing was seen, no step
_LN2 = float(np.log(2))

# Outcomes from worst to best, where there is such an order; others are fitted freely.
_NAME_ORDER = ("unlike", "hardly alike", "little alike", "rather alike", "alike", "very alike",
               "same letters")  # fmt: skip
_PLACE_ORDER = (
    ("other country", "same country", "same region", "same town", "alike address",
     "very alike address", "same address"),
    ("other words", "alike in words", "same words"),
)  # fmt: skip
_ORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "given": (_NAME_ORDER, ("in the other's family name", "swapped")),
    **dict.fromkeys(NAMES[1:], (_NAME_ORDER, ("alike elsewhere", "same elsewhere"))),
    "birth_year": (
        (
            "far",
            "three to six years",
            "a digit",
            "two years",
            "one year",
            "within an estimate",
            "same",
        ),
    ),
    "birth_day": (
        ("other", "same day of another month", "a day apart", "day and month swapped", "same"),
        ("other day of the same month", "same month"),
    ),
    "sex": (("other", "same"),),
    "nationality": (("other", "same"),),
    "birth_place": _PLACE_ORDER,
    "residence": _PLACE_ORDER,
    "separation": (
        (
            "years apart",
            "two years apart",
            "a year apart",
            "other months of a year",
            "months apart",
            "same month",
            "days apart",
            "same day",
        ),
    ),
    "separation_place": _PLACE_ORDER,
}


@dataclass(frozen=True, eq=False, repr=False)
class Labelled:
    """Candidates of one set, their cells, and which of them are one person.

    Attributes:
        left: Cells of the requests.
        right: Cells of the registered persons.
        passes: Shape (n,), float64: scores by the passes, in bits.
        true: Shape (n,), bool.
        truths: Number of true pairs, candidates or not.
        pairs: Number of pairs compared.
    """

    left: Cells
    right: Cells
    passes: Floats
    true: Mask
    truths: int
    pairs: int


def measure(
    seeds: Sequence[int] = SEEDS,
    requests: int = REQUESTS,
    register: int = REGISTER,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> RefinementModel:
    """Measure a model on generated sets; same arguments, same model.

    Args:
        seeds: A set is generated from each.
        requests: Requests of each set.
        register: Registered persons of each set.
        progress: Told what is being done.
    """
    sets, pieces = [], None
    for seed in seeds:
        progress(f"seed {seed}: comparing")
        made = tracing.generate(requests, register, seed, detailed=True)
        sought = made.requests[made.requests["role"] == "sought"].reset_index(drop=True)
        registered = roughened(made.register, seed)
        if pieces is None:
            progress("weighing pieces of names")
            pieces = _weigh_pieces(sought, registered, made.truth, seed)
        sets.append(_labelled(sought, registered, made.truth, seed))
    assert pieces is not None  # noqa: S101 - there is a seed
    progress("fitting")
    compared = [compare(pieces, one.left, one.right) for one in sets]
    intercept, passes, outcomes, classes = _fit(sets, compared)
    model = RefinementModel(
        format="kinmatch-refinement-model/1",
        calibrated_on=(
            f"generated tracing sets, {requests:,} requests, {register:,} registered, seeds "
            f"{', '.join(map(str, seeds))}"
        ),
        pieces=pieces,
        intercept=intercept,
        passes=passes,
        outcomes=outcomes,
        classes=classes,
        bands=_bands(np.empty((2, 0)), 1, register),  # measured last, on the scores
    )
    false = [
        np.stack([model.scores(c, one.passes), best_bands(c)])[:, ~one.true]
        for c, one in zip(compared, sets, strict=True)
    ]
    bands = _bands(np.hstack(false), sum(one.pairs for one in sets), register)
    return model.model_copy(update={"bands": bands})


def _labelled(
    sought: pd.DataFrame, registered: pd.DataFrame, truth: pd.DataFrame, seed: int
) -> Labelled:
    sides = _records(sought, registered)
    done = rehearse(*sides, top=TOP, seed=seed, refine=False)
    pairs = done.pairs
    rows = _rows(sought, registered, pairs)
    true = pd.MultiIndex.from_frame(pairs[["request_id", "register_id"]]).isin(
        pd.MultiIndex.from_frame(truth[["request_id", "register_id"]])
    )
    cells = _cells(sides, rows, seed)
    passes = pairs["score"].to_numpy() - done.weights["kin"].to_numpy()
    return Labelled(*cells, passes, true, len(truth), len(sought) * len(registered))


def _records(sought: pd.DataFrame, registered: pd.DataFrame) -> tuple[Records, Records]:
    return (
        Records.from_frame(sought, role="sought"),
        Records.from_frame(registered, role="registered"),
    )


def _rows(sought: pd.DataFrame, registered: pd.DataFrame, pairs: pd.DataFrame) -> tuple[Ints, Ints]:
    return (
        pd.Index(sought["record_id"]).get_indexer(pairs["request_id"]),
        pd.Index(registered["record_id"]).get_indexer(pairs["register_id"]),
    )


def _cells(
    sides: tuple[Records, Records], rows: tuple[Ints, Ints], seed: int
) -> tuple[Cells, Cells]:
    agreement = default_agreement()
    keys = Keys.throwaway(agreement, seed=seed)
    names = np.random.default_rng(seed).integers(0, 256, (len(rows[0]), 16), dtype=np.uint8)
    left, right = (
        attribute_cells(side, of_side, names, names, keys, society)
        for side, of_side, society in zip(sides, rows, agreement.parties, strict=True)
    )
    return left, right


def _weigh_pieces(
    sought: pd.DataFrame, registered: pd.DataFrame, truth: pd.DataFrame, seed: int
) -> PieceWeights:
    """Weigh the views of pieces, on one person's names and on two persons' drawn at random."""
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, len(side), _RANDOM_PAIRS) for side in (sought, registered))
    rows = tuple(
        np.concatenate(both) for both in zip(_rows(sought, registered, truth), drawn, strict=True)
    )
    true = np.arange(len(rows[0])) < len(truth)
    left, right = _cells(_records(sought, registered), (rows[0], rows[1]), seed)
    counts, labels = [], []
    for name in _WEIGHED_ON:
        both = left[name][1] & right[name][1]
        cells = left[name][0][both], right[name][0][both]
        counts.append(np.stack([common_bits(PIECE, part.name, *cells) for part in PIECE.parts], 1))
        labels.append(true[both])
    return _piece_weights(np.concatenate(counts).astype(np.int64), np.concatenate(labels))


def _piece_weights(counts: Ints, true: Mask) -> PieceWeights:
    views = [part.name for part in PIECE.parts]

    def steps(knots: Sequence[int], values: Ints) -> Floats:
        beyond: Floats = (values[:, None] - np.array(knots)) / (knots[1] - knots[0])
        return np.clip(beyond, 0, 1)

    singles = np.minimum(
        counts[:, [views.index(v) for v in ("skeleton", "phonetic", "lexicon")]], 1
    )
    features = np.hstack(
        [
            steps(_BIGRAM_KNOTS, counts[:, views.index("bigrams")]),
            steps(_SOUND_KNOTS, counts[:, views.index("sounds")]),
            singles,
        ]
    )
    weights, constant = _logistic(
        features, true.astype(np.float64), (~true).astype(np.float64), np.zeros(features.shape[1]),
        penalty=1e-2,
    )  # fmt: skip
    constant -= float(np.log(true.sum() / (~true).sum()))
    bits = weights / _LN2

    def curve(view: str, knots: Sequence[int], weights: Floats) -> tuple[float, ...]:
        most = next(part.draws for part in PIECE.parts if part.name == view)
        values = steps(knots, np.arange(most + 1)) @ weights
        return tuple(np.round(values, 3).tolist())

    first, last = len(_BIGRAM_KNOTS), len(_BIGRAM_KNOTS) + len(_SOUND_KNOTS)
    skeleton, phonetic, lexicon = np.round(bits[last:], 3).tolist()
    return PieceWeights(
        constant=round(constant / _LN2, 3),
        bigrams=curve("bigrams", _BIGRAM_KNOTS, bits[:first]),
        sounds=curve("sounds", _SOUND_KNOTS, bits[first:last]),
        skeleton=skeleton,
        phonetic=phonetic,
        lexicon=lexicon,
    )


def _fit(
    sets: Sequence[Labelled], compared: Sequence[Compared]
) -> tuple[float, Rising, dict[str, dict[str, float]], dict[str, tuple[float, ...]]]:
    """Fit the weights of the passes' score and of all outcomes and classes together."""
    rows = np.concatenate([np.hstack([one.outcomes, one.classes]) for one in compared])
    # In halves of a bit, so that many candidates are alike.
    passes = np.concatenate([np.round(2 * one.passes) / 2 for one in sets])
    true = np.concatenate([one.true for one in sets])
    distinct, which = np.unique(np.column_stack([rows, passes]), axis=0, return_inverse=True)
    trues, falses = (
        np.bincount(which.ravel(), label, len(distinct)).astype(np.float64)
        for label in (true, ~true)
    )
    steps = _Steps()
    features = np.hstack([steps.of(distinct[:, :-1]), _risen(distinct[:, -1])])
    least = np.append(steps.least(), np.zeros(len(_PASSES_KNOTS) - 1))
    weights, constant = _logistic(features, trues, falses, least)
    truths, pairs = sum(one.truths for one in sets), sum(one.pairs for one in sets)
    intercept = constant - float(np.log(truths / (pairs - truths)))
    of_passes = weights[1 - len(_PASSES_KNOTS) :] / _LN2
    rising = Rising(
        scores=_PASSES_KNOTS, bits=tuple(np.round(np.cumsum(np.append(0, of_passes)), 3).tolist())
    )
    outcomes, classes = steps.as_weights(weights[: 1 - len(_PASSES_KNOTS)] / _LN2)
    return round(intercept / _LN2, 3), rising, outcomes, classes


def _risen(passes: Floats) -> Floats:
    """Give how far each score goes from each knot towards the next, 0 to 1."""
    knots = np.array(_PASSES_KNOTS)
    risen: Floats = np.clip((passes[:, None] - knots[:-1]) / np.diff(knots), 0, 1)
    return risen


class _Steps:
    """Features that turn the orders of outcomes and classes into steps that are never negative."""

    def __init__(self) -> None:
        self._outcomes: list[tuple[int, list[int], bool]] = []  # attribute, its outcomes, is first
        for column, (attribute, outcomes) in enumerate(OUTCOMES.items()):
            numbers = {name: number for number, (name, _) in enumerate(outcomes)}
            chains = [[numbers.pop(name) for name in chain] for chain in _ORDERS[attribute]]
            alone = [[number] for name, number in numbers.items() if name != "absent"]
            for chain in (*chains, *alone):
                for at in range(len(chain)):
                    self._outcomes.append((column, chain[at:], at == 0))
        self._classes = [
            (len(OUTCOMES) + name, least)
            for name in range(len(NAMES))
            for least in range(1, FREQUENCY_CLASSES)
        ]

    def of(self, rows: Floats) -> Floats:
        """Give the features of rows of outcomes and classes."""
        columns = [np.isin(rows[:, column], numbers) for column, numbers, _ in self._outcomes]
        columns += [rows[:, column] >= least for column, least in self._classes]
        return np.stack(columns, axis=1).astype(np.float64)

    def least(self) -> Floats:
        """Give the least weight of each feature."""
        firsts = [-np.inf if first else 0.0 for _, _, first in self._outcomes]
        return np.array([*firsts, *(0.0 for _ in self._classes)])

    def as_weights(
        self, steps: Floats
    ) -> tuple[dict[str, dict[str, float]], dict[str, tuple[float, ...]]]:
        """Sum steps up to weights of outcomes and of classes."""
        outcomes = {}
        for column, (attribute, names) in enumerate(OUTCOMES.items()):
            outcomes[attribute] = {
                name: round(
                    sum(
                        float(step)
                        for step, (of, numbers, _) in zip(steps, self._outcomes, strict=False)
                        if of == column and number in numbers
                    ),
                    3,
                )
                for number, (name, _) in enumerate(names)
                if number
            }
        by_class = steps[len(self._outcomes) :].reshape(len(NAMES), -1)
        rising = np.round(np.cumsum(by_class, axis=1), 3).tolist()
        classes = {name: (0.0, *bits) for name, bits in zip(NAMES, rising, strict=True)}
        return outcomes, classes


def _logistic(
    features: Floats, trues: Floats, falses: Floats, least: Floats, penalty: float = _PENALTY
) -> tuple[Floats, float]:
    """Fit log odds whose weights are at least so much.

    Args:
        features: Shape (rows, features).
        trues: How many true pairs have the features of a row.
        falses: How many others have them.
        least: The least weight of each feature.
        penalty: On the squares of the weights.

    Returns:
        The weights and the constant, in natural units.
    """
    counts = trues + falses

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = features @ weights[:-1] + weights[-1]
        value = counts @ np.logaddexp(0, odds) - trues @ odds
        error = counts * expit(odds) - trues
        slope = np.r_[features.T @ error + penalty * weights[:-1], error.sum()]
        return float(value + penalty / 2 * (weights[:-1] ** 2).sum()), slope

    bounds = [(None if low == -np.inf else low, None) for low in least.tolist()]
    found = minimize(
        loss, np.zeros(features.shape[1] + 1), jac=True, method="L-BFGS-B",
        bounds=[*bounds, (None, None)], options={"maxiter": 3000},
    )  # fmt: skip
    return found.x[:-1], float(found.x[-1])


def _bands(false: Floats, pairs: int, register: int) -> Bands:
    """Find the least scores that keep the stated rates on the pairs seen, in halves of a bit.

    Args:
        false: Shape (2, n): scores of candidates that are two persons, and their best bands.
        pairs: How many pairs were compared.
        register: With how many persons each request was compared.
    """
    scores, best = false

    def least(band: Literal["strong", "possible"], above: float) -> float:
        falling = np.append(np.sort(scores[best <= BANDS.index(band)])[::-1], 0.0)
        seen = float(falling[min(int(FALSE_PER_PAIR[band] * pairs), len(falling) - 1)])
        return float(np.ceil(2 * max(seen, above) + 0.001) / 2)

    possible = least("possible", LITTLE)
    return Bands(
        strong=least("strong", possible),
        possible=possible,
        weak=0.0,
        false_per_pair=FALSE_PER_PAIR,
        registered=register,
    )


def main(out: Path) -> None:
    """Measure the model and write it."""
    model = measure(progress=print)
    with written_whole(out) as aside:
        aside.write_text(model.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
