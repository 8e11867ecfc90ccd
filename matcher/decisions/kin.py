"""Kin as support: what the other people of two cases say for or against a pair.

If a sought person of one case is the enquirer of another, then the first case's enquirer may be
whom the second seeks; a sister named here may be a sister named there. The people around a pair
are laid side by side in the best one-to-one assignment: nobody supports twice, and only people can
meet who are to the one of the pair what the other is to the other, as far as the relations say.
They support, and never make a candidate alone.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import linear_sum_assignment

from matcher.decisions.candidates import distances_of
from matcher.decisions.evidence import ABSENT, DECIMALS, EvidenceModel, digest_of
from matcher.decisions.people import People, Rows
from matcher.formats.cells import Mask
from matcher.formats.relations import DIRECT, Relations

Weights = npt.NDArray[np.float64]

MOST_OTHERS: Final = 12
"""A case with more other people than these supports nothing: it is no family but a list."""

_CHUNK: Final = 1 << 19  # pairs of people laid side by side at once


@dataclass(frozen=True, eq=False, repr=False)
class Support:
    """What the people around n pairs say.

    Attributes:
        forebears: Sum of the scores, in bits, of parents and grandparents of the pair who meet;
            their names are in the pair's own name chains, so part of this is known already.
        others: The same of all other people.
        looked: Whether there was anybody on both sides who could meet.
    """

    forebears: Weights
    others: Weights
    looked: npt.NDArray[np.bool_]


class KinModel(BaseModel):
    """What support is worth: versioned JSON with a digest.

    The weight of support is fitted to what it adds to a pair's own score
    (`benchmarks.tuning.kinship`), on families in which brothers and cousins seek too: what the
    pair has already told, the family's name above all, counts once.

    Attributes:
        format: Version of this format.
        calibrated_on: On what it was measured, in words.
        forebears: Bits for each bit by which forebears meet.
        others: Bits for each bit by which others meet.
        most: The most bits of support that are counted, of forebears and of others each.
        nobody: Bits where there are people on both sides and none meet, at most 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["kinmatch-kin/1"]
    calibrated_on: str
    forebears: float = Field(ge=0, le=1)
    others: float = Field(ge=0, le=1)
    most: float = Field(ge=0)
    nobody: float = Field(le=0)

    @classmethod
    def published(cls) -> Self:
        """Load the model that comes with kinmatch."""
        resource = files("matcher.decisions").joinpath("models", "kin-1.json")
        return cls.model_validate_json(resource.read_text(encoding="utf-8"))

    @property
    def digest(self) -> str:
        """SHA-256 of the model's canonical JSON, as `sha256:` and 64 hexadecimal digits."""
        return digest_of(self)

    def weigh(self, support: Support) -> tuple[Weights, Mask]:
        """Give the weight of support for each pair, in bits, and where there was any to look for.

        Returns:
            float64, 0 where nobody could meet; and where somebody could, bool.
        """
        met = self.forebears * np.minimum(support.forebears, self.most)
        met += self.others * np.minimum(support.others, self.most)
        weights = np.where(met > 0, met, self.nobody)
        return np.where(support.looked, np.round(weights, DECIMALS), 0.0), support.looked


def support_of(
    left: People, right: People, left_rows: Rows, right_rows: Rows, model: EvidenceModel
) -> Support:
    """Lay the people around each pair side by side.

    Args:
        left: All people of one batch.
        right: All people of another.
        left_rows: Each pair's person on the left.
        right_rows: On the right.
        model: What fingerprints' distances mean.
    """
    many = len(left_rows)
    found = Support(np.zeros(many), np.zeros(many), np.zeros(many, np.bool_))
    sizes = left.others(left_rows), right.others(right_rows)
    couples = np.where(np.maximum(*sizes) <= MOST_OTHERS, sizes[0] * sizes[1], 0)
    pairs = np.flatnonzero(couples)
    ends = np.cumsum(couples[pairs])
    for part in np.split(pairs, np.searchsorted(ends, np.arange(_CHUNK, ends[-1], _CHUNK))
                         if len(pairs) else []):  # fmt: skip
        if len(part):
            _support(left, right, left_rows, right_rows, part, couples[part], model, found)
    return found


def _support(
    left: People,
    right: People,
    left_rows: Rows,
    right_rows: Rows,
    pairs: Rows,
    couples: Rows,
    model: EvidenceModel,
    found: Support,
) -> None:
    """Find the support of some pairs that have other people on both sides."""
    pair = np.repeat(pairs, couples)
    starts = np.cumsum(couples) - couples
    number = np.arange(len(pair)) - np.repeat(starts, couples)
    ours, theirs = left_rows[pair], right_rows[pair]
    across = right.others(theirs)
    one = left.other(ours, number // across)
    other = right.other(theirs, number % across)
    mine, its = left.relation(one, ours), right.relation(other, theirs)
    can = mine.can_be(its)
    scores = np.zeros(len(pair))
    scores[can] = _scores(left, right, one[can], other[can], model)
    is_forebear = _forebears(mine) | _forebears(its)
    found.looked[pairs] = np.logical_or.reduceat(can, starts)
    meeting = np.flatnonzero(np.maximum.reduceat(scores, starts) > 0)
    for at, first, count in zip(
        pairs[meeting].tolist(), starts[meeting].tolist(), couples[meeting].tolist(), strict=True
    ):
        chosen = first + _assigned(scores[first : first + count], int(across[first]))
        forebears = is_forebear[chosen]
        found.forebears[at] = scores[chosen[forebears]].sum()
        found.others[at] = scores[chosen[~forebears]].sum()


def _scores(left: People, right: People, one: Rows, other: Rows, model: EvidenceModel) -> Weights:
    """The scores of pairs of people in bits, 0 where they are no likelier one person than two."""
    distances = distances_of(left.side, right.side, one, other, model.passes)
    scores = model.scores(distances, left.side.known[one], right.side.known[other])
    # The model is of pairs within reach; of others it is only known that they are far apart.
    within = (distances != ABSENT) & (distances <= list(model.reach.values()))
    return np.where(within.any(axis=1), np.maximum(scores, 0.0), 0.0)


def _forebears(relations: Relations) -> npt.NDArray[np.bool_]:
    """Tell who is a parent or grandparent."""
    answer: npt.NDArray[np.bool_] = (
        (relations.line == DIRECT) & (relations.up > 0) & (relations.up <= 2)
    )
    return answer


def _assigned(scores: Weights, across: int) -> Rows:
    """Give the positions of the best one-to-one assignment, of scores in rows of `across`."""
    positive = np.flatnonzero(scores)
    rows, columns = np.divmod(positive, across)
    if len(set(rows.tolist())) == len(rows) and len(set(columns.tolist())) == len(columns):
        return positive
    best = linear_sum_assignment(scores.reshape(-1, across), maximize=True)
    chosen: Rows = best[0] * across + best[1]
    return chosen[scores[chosen] > 0]
