"""What the search measures at every step, in a second or two: who comes within reach of whom.

True pairs within reach bound recall from above. Pairs of other people that stand out, and what all
resemblances together say, bound what graph matching can hold on to. All are cheap, so a search can
take many steps; what it arrives at is then measured in full (`benchmarks.profiles.measuring`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma

import numpy as np
import numpy.typing as npt

from benchmarks.attacks.evidence import told
from benchmarks.attacks.fingerprints import encoded_by
from benchmarks.attacks.populations import people, records_of
from benchmarks.peers.sets import LabelledSet
from benchmarks.tuning.calibration import REACH_SIGMA
from benchmarks.tuning.scales import Scale
from encoders.encoding import Fingerprints
from encoders.records import Records
from matcher.formats.scheme import Pass, Scheme
from matcher.scoring import distances_at, find_pairs

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

STANDS_OUT = 5.0
"""Standard deviations below a random pair's distance from which a pair is told from noise."""

EVIDENCE_AT = 1_000
"""The people for whom it is said how much all resemblances tell."""

_MOST_PAIRS = 2000  # true pairs of a set that are looked at


@dataclass(frozen=True)
class Figures:
    """How a scheme does.

    Attributes:
        within_reach: For each labelled set the share of true pairs of which a pass is in reach.
        degree: Pairs of two people that stand out under any pass, twice, for each person.
        evidence: What all resemblances say over what there is to find out, at `EVIDENCE_AT` people
            (`benchmarks.attacks.evidence`).
    """

    within_reach: dict[str, float]
    degree: float
    evidence: float


@dataclass(frozen=True, repr=False)
class _Seen:
    """One pass: which true pairs are within reach, and which pairs of other people stand out."""

    near: dict[str, Mask]
    standing_out: Rows
    told: float


class Yardsticks:
    """Labelled sets and a population, and what was measured of every pass seen so far."""

    def __init__(self, sets: Sequence[LabelledSet], population: int, seed: int) -> None:
        self._pairs = {one.name: true_pairs(one, seed) for one in sets}
        self._people = records_of(people(population, seed))
        self._few = records_of(people(EVIDENCE_AT, seed))
        self._seed = seed
        self._seen: dict[str, _Seen] = {}

    def measure(self, passes: Sequence[Pass]) -> Figures:
        """Measure passes together: a pair counts where any of them brings it up."""
        seen = [self._see(part) for part in passes]
        standing_out = np.unique(np.concatenate([one.standing_out for one in seen]))
        return Figures(
            {
                name: float(np.logical_or.reduce([one.near[name] for one in seen]).mean())
                for name in self._pairs
            },
            2 * len(standing_out) / len(self._people),
            sum(one.told for one in seen) / lgamma(EVIDENCE_AT + 1),
        )

    def _see(self, part: Pass) -> _Seen:
        key = part.model_dump_json()
        if key not in self._seen:
            scheme = Scheme(name="searched", version=1, passes=(part,))

            def encoded(records: Records) -> Fingerprints:
                return encoded_by(records, scheme, self._seed).passes[part.name]

            self._seen[key] = _Seen(
                {
                    name: _near(encoded(left), encoded(right), part)
                    for name, (left, right) in self._pairs.items()
                },
                _standing_out(encoded(self._people), part),
                told(self._few, encoded(self._few).present, part),
            )
        return self._seen[key]


def true_pairs(labelled: LabelledSet, seed: int) -> tuple[Records, Records]:
    """Take true pairs of a set, two thousand at most, row by row beside each other."""
    truth = labelled.truth
    if len(truth) > _MOST_PAIRS:
        truth = truth.sample(_MOST_PAIRS, random_state=seed)
    left, right = (
        Records.from_frame(frame.set_index("record_id").loc[ids].reset_index(), role=role)
        for frame, ids, role in (
            (labelled.requests, truth["request_id"], "sought"),
            (labelled.register, truth["register_id"], "registered"),
        )
    )
    return left, right


def _near(left: Fingerprints, right: Fingerprints, part: Pass) -> Mask:
    both = left.present & right.present
    rows = np.flatnonzero(both)
    near = np.zeros(len(both), dtype=np.bool_)
    reach = Scale.of_diffused(part).below(REACH_SIGMA)
    near[rows] = distances_at(left.bits, right.bits, rows, rows) <= reach
    return near


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
