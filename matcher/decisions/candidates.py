"""Finding candidates: the pairs that the passes bring together, weighed and ordered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from matcher.decisions.evidence import ABSENT, DECIMALS, Distances, EvidenceModel, Weights
from matcher.formats.knowledge import Knowledge
from matcher.formats.vocabulary import BANDS
from matcher.scoring import distances_at, find_pairs

Filters = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
Fingerprints = tuple[Filters, Mask]
"""Those of one pass: uint64 of shape (n, words), and whether each person has one, bool, (n,)."""


Around = Callable[[Rows, Rows], tuple[Weights, Mask]]
"""Given left and right rows, gives what the people around each pair weigh in bits, float64, and
whether there were any on both sides, bool."""


@dataclass(frozen=True, eq=False, repr=False)
class Side:
    """n persons on one side of a comparison.

    Attributes:
        passes: The fingerprints of each pass.
        known: How much each person's record can tell, uint8 of shape (n,), the levels of
            `matcher.formats.knowledge`.
    """

    passes: Mapping[str, Fingerprints]
    known: Knowledge

    def __len__(self) -> int:
        return len(self.known)


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Pairs of rows with all that is weighed of them.

    Attributes:
        left: Row numbers of the left side, int64 of shape (n,).
        right: Row numbers of the right side.
        distances: Hamming distances in bits, int32 of shape (n, passes), in the model's order of
            passes; `ABSENT` where one of the two records lacks the pass.
        kin: What the people around each pair weigh, in bits, float64; 0 where nobody could meet.
        has_kin: Whether there were people around it who could meet, bool.
        scores: Scores in bits, float64: of the passes, and of kin.
    """

    left: Rows
    right: Rows
    distances: Distances
    kin: Weights
    has_kin: Mask
    scores: Weights

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, rows: Rows) -> Self:
        """Give the pairs at these positions, in this order."""
        return type(self)(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True, eq=False, repr=False)
class Candidates(Pairs):
    """Pairs that are possibly one person: best score first, then left, then right row.

    Attributes:
        bands: Positions in `BANDS`, int8.
    """

    bands: npt.NDArray[np.int8]


def find_candidates(
    left: Side,
    right: Side,
    model: EvidenceModel,
    *,
    top: int,
    register: int,
    around: Around = lambda left_rows, _: _nobody_around(left_rows),
    threads: int | None = None,
) -> Candidates:
    """Compare two sides and keep the best candidates of every left row.

    A pair is looked at where at least one pass is within the model's reach; all its passes are
    then weighed together. Where they say that it is likelier one person than two, the people around
    it are asked too; they make no candidate alone.

    Args:
        left: The side whose rows are to have at most `top` candidates each.
        right: The other side.
        model: What the distances mean.
        top: Candidates kept for a left row; of equal scores those with the lowest right rows.
        register: With how many persons each left row is compared in all; bands depend on it.
        around: Given left and right rows of pairs, gives what the people around each pair weigh,
            and whether there were any; nobody unless given (`matcher.decisions.kin`).
        threads: How many threads to use; all processors if None. The result is the same.
    """
    found = likely_pairs(left, right, model, around=around, threads=threads)
    left_rows, right_rows, scores = found.left, found.right, found.scores
    bands = model.bands_of(scores, register)
    order = np.lexsort((right_rows, left_rows, -scores))
    order = order[bands[order] < len(BANDS)]
    order = order[_place_in_group(left_rows[order]) < top]
    return Candidates(
        left_rows[order],
        right_rows[order],
        found.distances[order],
        found.kin[order],
        found.has_kin[order],
        scores[order],
        bands[order],
    )


def likely_pairs(
    left: Side,
    right: Side,
    model: EvidenceModel,
    *,
    around: Around = lambda left_rows, _: _nobody_around(left_rows),
    threads: int | None = None,
) -> Pairs:
    """Compare two sides and give every pair that comes up to the least band.

    Args:
        left: One side.
        right: The other side.
        model: What the distances mean.
        around: As for `find_candidates`.
        threads: How many threads to use; all processors if None. The result is the same.

    Returns:
        The pairs by left row, then right row.
    """
    left_rows, right_rows, distances = pairs_within_reach(left, right, model.reach, threads)
    own = model.scores(distances, left.known[left_rows], right.known[right_rows])
    likely = np.flatnonzero(own >= model.bands.weak)
    left_rows, right_rows = left_rows[likely], right_rows[likely]
    kin, has_kin = around(left_rows, right_rows)
    scores = np.round(own[likely] + kin, DECIMALS)
    pairs = Pairs(left_rows, right_rows, distances[likely], kin, has_kin, scores)
    return pairs.take(np.flatnonzero(scores >= model.bands.weak))


def _nobody_around(rows: Rows) -> tuple[Weights, Mask]:
    return np.zeros(len(rows)), np.zeros(len(rows), np.bool_)


def pairs_within_reach(
    left: Side, right: Side, reach: Mapping[str, int], threads: int | None = None
) -> tuple[Rows, Rows, Distances]:
    """Find the pairs of which at least one pass is within reach, with all their distances.

    Args:
        left: One side.
        right: The other side.
        reach: For each pass the greatest distance at which a pair is looked at.
        threads: How many threads to use; all processors if None. The result is the same.

    Returns:
        Left rows and right rows, in their order, and the distances as in `Candidates`, in the
        order of `reach`.
    """
    near = [
        _near_in_pass(left.passes[name], right.passes[name], most, threads)
        for name, most in reach.items()
    ]
    left_rows, right_rows = np.divmod(_ascending(np.concatenate(near)), max(1, len(right)))
    return left_rows, right_rows, distances_of(left, right, left_rows, right_rows, reach, threads)


def distances_of(
    left: Side,
    right: Side,
    left_rows: Rows,
    right_rows: Rows,
    passes: Iterable[str],
    threads: int | None = None,
) -> Distances:
    """Give the distances of some pairs, as in `Candidates`, in the order of `passes`."""
    columns = [
        _distances(left.passes[name], right.passes[name], left_rows, right_rows, threads)
        for name in passes
    ]
    return np.stack(columns, axis=1)


def _near_in_pass(left: Fingerprints, right: Fingerprints, reach: int, threads: int | None) -> Rows:
    """Pairs that one pass brings together, each as left row times right rows plus right row."""
    left_rows, right_rows = (np.flatnonzero(present) for _, present in (left, right))
    found = find_pairs(
        left[0][left_rows],
        right[0][right_rows],
        measure="hamming",
        threshold=reach,
        threads=threads,
    )
    return left_rows[found.left] * max(1, len(right[0])) + right_rows[found.right]


def _ascending(numbers: Rows) -> Rows:
    """Give each number once, in order: `np.unique`, which is several times slower on millions."""
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _distances(
    left: Fingerprints,
    right: Fingerprints,
    left_rows: Rows,
    right_rows: Rows,
    threads: int | None,
) -> npt.NDArray[np.int32]:
    both = left[1][left_rows] & right[1][right_rows]
    distances = np.full(len(left_rows), ABSENT, dtype=np.int32)
    distances[both] = distances_at(
        left[0], right[0], left_rows[both], right_rows[both], threads=threads
    )
    return distances


def _place_in_group(groups: Rows) -> Rows:
    """For each entry how many earlier entries have the same value."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(groups) else order
    place = np.empty(len(groups), dtype=np.int64)
    lengths = np.diff(np.r_[starts, len(groups)])
    place[order] = np.arange(len(groups)) - np.repeat(starts, lengths)
    return place
