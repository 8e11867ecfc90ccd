"""`python -m benchmarks.tuning.kinship OUT` measures what kin around a pair are worth.

On generated requests at two societies, where who is sought may be seeking, and brothers, sisters
and cousins seek the same people: those a matcher takes for the sought person, with all their kin
around them. So the fitted weight is what kin add to a pair's own score, and not what the pair and
its kin both tell: that the two are of one family.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from benchmarks.reciprocity import PRECISIONS, recall_at_precision
from benchmarks.rehearsal import default_agreement
from datasets import tracing
from encoders.codes import normalise_relation
from encoders.encoding import encode
from encoders.keys import Keys
from encoders.knowledge import knowledge_of
from encoders.records import Records
from matcher.decisions.candidates import Side, pairs_within_reach
from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.kin import KinModel, Support, support_of
from matcher.decisions.people import People
from matcher.formats.agreement import Agreement
from matcher.formats.files import written_whole
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

REQUESTS, SEEDS = 8_000, (31, 32)
MOST = 20.0
"""No more bits of support than these are counted: from there on it is certain that they are kin."""

_PENALTY = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Observed:
    """Pairs within reach of sought persons here and enquirers there.

    Attributes:
        own: Scores of the pairs alone, in bits, float64.
        support: What the people around them say.
        true: Whether a pair is one person.
        wanted: How many pairs of one person there are, within reach or not.
    """

    own: npt.NDArray[np.float64]
    support: Support
    true: npt.NDArray[np.bool_]
    wanted: int


def observe(made: tracing.TracingSet, agreement: Agreement, keys: Keys) -> Observed:
    """Encode the requests of both societies and look at their pairs."""
    model = EvidenceModel.of(agreement.scheme)
    here, there = (_people(f, agreement, keys) for f in (made.requests, made.reciprocal))
    left_rows, left = here.of_role("sought")
    right_rows, right = there.of_role("enquirer")
    one, other, distances = pairs_within_reach(left, right, model.reach)
    own = model.scores(distances, left.known[one], right.known[other])
    one, other = left_rows[one], right_rows[other]
    truth = made.both_ways[
        (made.both_ways["request_role"] == "sought")
        & (made.both_ways["register_role"] == "enquirer")
    ]
    wanted = pd.MultiIndex.from_frame(truth[["request_id", "register_id"]])
    pairs = pd.MultiIndex.from_arrays(
        [
            made.requests["record_id"].to_numpy()[one],
            made.reciprocal["record_id"].to_numpy()[other],
        ]
    )
    return Observed(own, support_of(here, there, one, other, model), pairs.isin(wanted), len(truth))


def _people(frame: pd.DataFrame, agreement: Agreement, keys: Keys) -> People:
    records = Records.from_frame(frame, role="sought")
    passes = encode(records, agreement, keys).passes
    relations = [normalise_relation(text or None)[0] for text in frame["relation"]]
    return People(
        Side(
            {n: (p.bits, p.present) for n, p in passes.items()},
            knowledge_of(records, agreement.scheme),
        ),
        np.array([ROLES.index(role) for role in frame["role"]], np.int8),
        np.array([RELATIONS.index(r) if r else NO_RELATION for r in relations], np.int8),
        pd.factorize(frame["case_id"])[0].astype(np.int64),
    )


def calibrate_kin(seen: Observed, description: str) -> KinModel:
    """Fit what support adds to a pair's own score, by logistic regression with that score in it.

    Args:
        seen: Pairs whose truth is known.
        description: On what it is measured, for the model's own record.
    """
    features = _features(seen)
    true = seen.true.astype(np.float64)

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        odds = features @ weights
        value = np.logaddexp(0, odds).sum() - true @ odds + _PENALTY * (weights**2).sum()
        return float(value), features.T @ (expit(odds) - true) + 2 * _PENALTY * weights

    least = [(0.01, None), (0.0, None), (0.0, None), (None, 0.0), (None, None)]
    found = minimize(loss, np.zeros(5), jac=True, method="L-BFGS-B", bounds=least).x
    # In bits of the own score, whose slope is not 1 here: the model is of registers, not of kin.
    forebears, others, nobody = (found[1:4] / found[0]).round(3).tolist()
    return KinModel(
        format="kinmatch-kin/1",
        calibrated_on=description,
        forebears=min(forebears, 1.0),
        others=min(others, 1.0),
        most=MOST,
        nobody=nobody,
    )


def _features(seen: Observed) -> npt.NDArray[np.float64]:
    forebears, others = (
        np.minimum(sums, MOST) for sums in (seen.support.forebears, seen.support.others)
    )
    nobody = seen.support.looked & (forebears + others == 0)
    return np.column_stack([seen.own, forebears, others, nobody, np.ones(len(seen.own))])


def main(out: Path, progress: Callable[[str], None] = print) -> None:
    """Fit the model on one generated set, say what it gains on another, and write it."""
    agreement = default_agreement()
    seen = []
    for seed in SEEDS:
        progress(f"comparing the requests of seed {seed}")
        made = tracing.generate(REQUESTS, REQUESTS, seed, reciprocal=REQUESTS)
        seen.append(observe(made, agreement, Keys.throwaway(agreement, seed=seed)))
    kin = calibrate_kin(
        seen[0],
        f"generated tracing set, {REQUESTS:,} requests at each of two societies, seed {SEEDS[0]}, "
        f"scheme {agreement.scheme.label}",
    )
    unseen = seen[1]
    weights, _ = kin.weigh(unseen.support)
    for precision in PRECISIONS:
        with_kin = recall_at_precision(unseen.own + weights, unseen.true, unseen.wanted, precision)
        without = recall_at_precision(unseen.own, unseen.true, unseen.wanted, precision)
        progress(f"recall at precision {precision}: {with_kin} with kin, {without} without")
    with written_whole(out) as aside:
        aside.write_text(kin.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
