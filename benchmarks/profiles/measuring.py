"""A scheme measured in full: what it finds, what hardening costs it, what attackers learn."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import accuracy
from benchmarks.attacks import known_plaintext
from benchmarks.attacks.fingerprints import encoded_by
from benchmarks.attacks.lab import side_by_side
from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.populations import HELD_TO_LIMITS, overlapping, people, records_of
from benchmarks.attacks.reidentification import attack
from benchmarks.peers.sets import LabelledSet
from benchmarks.peers.unhardened import Unhardened, without_protection
from benchmarks.tuning.calibration import calibrate
from benchmarks.tuning.labelled import encoded
from matcher.decisions.candidates import find_candidates
from matcher.decisions.evidence import EvidenceModel
from matcher.exposure import measure as measure_exposure
from matcher.formats.scheme import Scheme

TOP = 10
KNOWN = 500
"""Records whose plaintext and fingerprint an attacker by known plaintext holds."""


@dataclass(frozen=True)
class Sizes:
    """How many people the attacks and the exposure meter get."""

    graph: int = 1_000
    known_plaintext: int = 10_000
    exposure: int = 5_000


def measure(
    scheme: Scheme,
    sets: Sequence[LabelledSet],
    calibrated_on: LabelledSet,
    *,
    seed: int,
    sizes: Sizes | None = None,
) -> dict[str, Any]:
    """Measure a scheme.

    Args:
        scheme: The scheme; it needs no published model, since one is calibrated.
        sets: What it is measured on.
        calibrated_on: What its evidence model is calibrated on: another seed, other people.
        seed: Of keys, populations and attacks.
        sizes: How many people are attacked.

    Returns:
        Data for JSON: recall and F1 by set, attacks, of A1 one for each register that is held to
        limits, degree, bytes a record, pairs a second of one processor's time.
    """
    at = sizes or Sizes()
    model = calibrate(scheme, [encoded(calibrated_on, scheme, seed)], "for this measurement")
    bare = Unhardened.fitted(without_protection(scheme))
    found = {}
    rates = []
    for one in sets:
        pairs, rate = _candidates(one, scheme, model, seed)
        rates.append(rate)
        plain = accuracy.recall_at(bare.link(one), one.truth, TOP)
        found[one.name] = _figures(pairs, one.truth) | {"unhardened_recall_at_10": round(plain, 4)}
    held = encoded_by(records_of(people(at.exposure, seed)), scheme, seed).passes
    exposure = measure_exposure({name: (one.bits, one.present) for name, one in held.items()})
    return {
        "found": found,
        "attacks": [one.as_data() for one in _attacks(scheme, at, seed)],
        "informative_degree": exposure.as_data(),
        "bytes_a_record": sum(part.output_bits // 8 for part in scheme.passes),
        "pairs_a_second": round(float(np.median(rates))),
    }


def _attacks(scheme: Scheme, sizes: Sizes, seed: int) -> list[Outcome]:
    outcomes = []
    for register in HELD_TO_LIMITS:
        records, knowledge = overlapping(sizes.graph, sizes.graph, seed, register)
        outcomes.append(attack(records, knowledge, scheme, seed=seed, variant=f"of {register}"))
    records = records_of(people(sizes.known_plaintext, seed))
    signs, tokens = side_by_side(records, scheme, seed)
    label = f"{scheme.label} all passes"
    outcomes.append(known_plaintext.attack(signs, tokens, KNOWN, seed=seed, target=label))
    return outcomes


def _candidates(
    labelled: LabelledSet, scheme: Scheme, model: EvidenceModel, seed: int
) -> tuple[pd.DataFrame, float]:
    """Find candidates, and say how many pairs were compared in a second of processor time."""
    sides = encoded(labelled, scheme, seed)
    start = time.process_time()
    found = find_candidates(
        sides.left, sides.right, model, top=TOP, register=len(labelled.register)
    )
    seconds = time.process_time() - start
    frame = pd.DataFrame(
        {
            "request_id": labelled.requests["record_id"].to_numpy()[found.left],
            "register_id": labelled.register["record_id"].to_numpy()[found.right],
            "score": found.scores,
        }
    )
    return frame, len(labelled.requests) * len(labelled.register) / seconds


def _figures(pairs: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    links = accuracy.best_per_request(pairs)
    best = accuracy.best(links, truth).f1 if len(links) else 0.0
    return {
        "recall_at_1": round(accuracy.recall_at(pairs, truth, 1), 4),
        "recall_at_10": round(accuracy.recall_at(pairs, truth, TOP), 4),
        "best_f1": round(best, 4),
    }
