"""What the search measures at every step, in a second or two: who is found, and what is shown.

True pairs that are within reach, and nearer than a thousand others of the register, foretell recall
among ten. Pairs of other people that stand out, and what all resemblances together say, bound what
graph matching can hold on to. All are cheap, so a search can take many steps; what it arrives at is
then measured in full (`benchmarks.profiles.measuring`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import lgamma

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.attacks.evidence import told
from benchmarks.attacks.fingerprints import encoded_under
from benchmarks.attacks.populations import HELD_TO_LIMITS, held_in, people, records_of
from benchmarks.peers.sets import LabelledSet
from benchmarks.tuning.calibration import REACH_SIGMA
from benchmarks.tuning.scales import Scale
from encoders.encoding import Fingerprints
from encoders.records import Records
from matcher.formats.scheme import Pass
from matcher.scoring import distances_at, find_pairs

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

STANDS_OUT = 5.0
"""Standard deviations below a random pair's distance from which a pair is told from noise."""

EVIDENCE_AT = 1_000
"""The people for whom it is said how much all resemblances tell."""

_MOST_PAIRS = 2000  # true pairs of a set that are looked at
_OTHERS = 1000  # of its register, all of whom the person sought is to be nearer than


@dataclass(frozen=True)
class Figures:
    """How a scheme does.

    Attributes:
        within_reach: For each labelled set the share of true pairs of which a pass is in reach.
        found: The share of which a pass is in reach and shows the person registered nearer than
            every one of a thousand others.
        degree: Pairs of two people that stand out under any pass, twice, for each person.
        evidence: What all resemblances say over what there is to find out, at `EVIDENCE_AT` people
            (`benchmarks.attacks.evidence`). Both are of whichever register shows most, of those
            that are held to limits.
    """

    within_reach: dict[str, float]
    found: dict[str, float]
    degree: float
    evidence: float


@dataclass(frozen=True, repr=False)
class _Seen:
    """One pass: who is within reach, who is found, and which pairs of other people stand out."""

    near: dict[str, Mask]
    found: dict[str, Mask]
    standing_out: list[Rows]
    told: list[float]


class Yardsticks:
    """Labelled sets and a population, and what was measured of every pass seen so far."""

    def __init__(self, sets: Sequence[LabelledSet], population: int, seed: int) -> None:
        self._sought = {one.name: (*true_pairs(one, seed), others_of(one, seed)) for one in sets}
        self._people, self._few = (
            [records_of(held_in(register, whole)) for register in HELD_TO_LIMITS]
            for whole in (people(size, seed) for size in (population, EVIDENCE_AT))
        )
        self._seed = seed
        self._seen: dict[str, _Seen] = {}

    def measure(self, passes: Sequence[Pass]) -> Figures:
        """Measure passes together: a pair counts where any of them brings it up."""
        seen = [self._see(part) for part in passes]
        standing_out = [
            len(np.unique(np.concatenate(by_pass)))
            for by_pass in zip(*(one.standing_out for one in seen), strict=True)
        ]
        told_by = [sum(by_pass) for by_pass in zip(*(one.told for one in seen), strict=True)]
        return Figures(
            {name: _share(one.near[name] for one in seen) for name in self._sought},
            {name: _share(one.found[name] for one in seen) for name in self._sought},
            2 * max(standing_out) / len(self._people[0]),
            max(told_by) / lgamma(EVIDENCE_AT + 1),
        )

    def _see(self, part: Pass) -> _Seen:
        key = part.model_dump_json()
        if key not in self._seen:
            encoded = partial(encoded_under, part=part, seed=self._seed)
            near, found = {}, {}
            for name, (left, right, others) in self._sought.items():
                near[name], found[name] = _found(
                    encoded(left), encoded(right), encoded(others), part
                )
            self._seen[key] = _Seen(
                near,
                found,
                [_standing_out(encoded(those), part) for those in self._people],
                [told(those, encoded(those).present, part) for those in self._few],
            )
        return self._seen[key]


def true_pairs(labelled: LabelledSet, seed: int) -> tuple[Records, Records]:
    """Take true pairs of a set, two thousand at most, row by row beside each other."""
    truth = _looked_at(labelled, seed)
    left, right = (
        Records.from_frame(frame.set_index("record_id").loc[ids].reset_index(), role=role)
        for frame, ids, role in (
            (labelled.requests, truth["request_id"], "sought"),
            (labelled.register, truth["register_id"], "registered"),
        )
    )
    return left, right


def others_of(labelled: LabelledSet, seed: int) -> Records:
    """Take a thousand of a set's register, or all, who are in none of those true pairs."""
    left_out = labelled.register["record_id"].isin(_looked_at(labelled, seed)["register_id"])
    register = labelled.register[~left_out]
    taken = register.sample(min(_OTHERS, len(register)), random_state=seed)
    return Records.from_frame(taken.reset_index(drop=True), role="registered")


def _looked_at(labelled: LabelledSet, seed: int) -> pd.DataFrame:
    truth = labelled.truth
    return truth.sample(min(_MOST_PAIRS, len(truth)), random_state=seed)


def _found(
    left: Fingerprints, right: Fingerprints, others: Fingerprints, part: Pass
) -> tuple[Mask, Mask]:
    """Say which true pairs are within reach, and which of them nearer than all others are."""
    rows = np.flatnonzero(left.present & right.present)
    apart = distances_at(left.bits, right.bits, rows, rows)
    sought, held = left.bits[rows], others.bits[others.present]
    best = find_pairs(sought, held, measure="hamming", top=1)
    nearest = np.full(len(rows), part.output_bits + 1.0)
    nearest[best.left] = best.score
    near, found = np.zeros((2, len(left.present)), dtype=np.bool_)
    near[rows] = apart <= Scale.of_diffused(part).below(REACH_SIGMA)
    found[rows] = near[rows] & (apart < nearest)
    return near, found


def _share(seen: Iterable[Mask]) -> float:
    return float(np.logical_or.reduce(list(seen)).mean())


def _standing_out(held: Fingerprints, part: Pass) -> Rows:
    """Find the pairs that stand out, each as first row times all rows plus second row."""
    rows = np.flatnonzero(held.present)
    filters = held.bits[rows]
    found = find_pairs(
        filters, filters, measure="hamming", threshold=Scale.of_diffused(part).below(STANDS_OUT)
    )
    first = found.left < found.right
    pairs: Rows = rows[found.left[first]] * len(held.present) + rows[found.right[first]]
    return pairs
