"""`python -m benchmarks.profiles.ceiling DATA OUT`: what tokens tell where nothing hides them.

A scheme lets the linkage unit see which records are near, and hardening only takes from that. Here
nothing is taken: of two records are counted, view by view, the tokens that both have and those
that one of them has, and these counts are weighed by logistic regression, fitted on other people.
At every threshold some true pairs are found, and some people resemble somebody else: about what
the best choice of weights, floors and t could come to, if nothing were lost by hashing and
hardening. Published schemes stand beside it, and the default with ever longer fingerprints and
higher t: noise falls with length, so that faint resemblances can be hidden more.

Figures go to OUT as JSON.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

from benchmarks.attacks.populations import people, records_of
from benchmarks.peers.sets import all_sets, generated
from benchmarks.profiles.space import VIEWS_TO_CHOOSE
from benchmarks.profiles.yardsticks import Yardsticks, true_pairs
from encoders.records import Records
from encoders.tokens import Tokens, Vocabulary
from matcher.formats.files import written_whole
from matcher.formats.scheme import DEFAULT_SCHEME, Pass, Scheme, published
from matcher.formats.steps import StratifiedDiffusion

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

SEED, FITTED_ON = 99, 7
CASES, REGISTERED = 4_000, 20_000
MANY_CASES = (16_000, 80_000)
POPULATION = 5_000
SEEN_BY_FORM = (1_000, 2_000)
DEGREES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0)
LONGER = ((6_144, (3, 2)), (12_288, (3, 3)), (24_576, (4, 2)), (49_152, (4, 3)), (65_536, (5, 3)))
"""Bits of a fingerprint, and t of the strata, so that about as much is found; the last is as long
as the format has them."""

_ROUNDS = 3  # of fitting, each on those strangers too whom the last one took for one person
_NEAREST = 60_000
_AT_RANDOM = 200_000
_BLOCK = 500
_SHRINKAGE = 1e-4


@dataclass(frozen=True, repr=False)
class Counted:
    """Tokens of n records: for each view a matrix of shape (n, distinct tokens), 0 or 1."""

    views: tuple[sparse.csr_matrix, ...]

    def __len__(self) -> int:
        return int(self.views[0].shape[0])

    def beside(self, other: "Counted", rows: Rows, others: Rows) -> Floats:
        """Count for pairs of rows the tokens that both have and those that one has.

        Returns:
            Shape (pairs, 2 * views): those that both have, view by view, then minus the others.
        """
        both, apart = [], []
        for one, two in zip(self.views, other.views, strict=True):
            shared = np.asarray(one[rows].multiply(two[others]).sum(axis=1)).ravel()
            sizes = np.diff(one.indptr)[rows] + np.diff(two.indptr)[others]
            both.append(shared)
            apart.append(2.0 * shared - sizes)
        return np.stack([*both, *apart], axis=1).astype(np.float64)


class Counting:
    """Counts tokens of several sets of records, so that the same token has the same column."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary(VIEWS_TO_CHOOSE)
        self._made: list[list[Tokens]] = []

    def add(self, records: Records) -> None:
        """Take records in."""
        made = self._vocabulary.tokenise(records.table).tokens
        self._made.append([made[view] for view in VIEWS_TO_CHOOSE])

    def counted(self) -> list[Counted]:
        """Give all sets, in the order they were taken in."""
        widths = [len(tokens.distinct) for tokens in self._made[-1]]
        return [
            Counted(
                tuple(_matrix(tokens, width) for tokens, width in zip(one, widths, strict=True))
            )
            for one in self._made
        ]


@dataclass(frozen=True)
class Weights:
    """What one token counts for that both have, and against where one has it; none below 0."""

    both: Floats
    apart: Floats

    def score(self, counts: Floats) -> Floats:
        """Weigh what `Counted.beside` gave."""
        scores: Floats = counts @ np.concatenate([self.both, self.apart])
        return scores

    def nearest(self, persons: Counted, most: int) -> tuple[Rows, Rows, Floats]:
        """Find the pairs of people with the highest scores; the lower row first."""
        scaled = [
            view * np.sqrt(both + 2 * apart)
            for view, both, apart in zip(persons.views, self.both, self.apart, strict=True)
        ]
        joined = sparse.csr_matrix(sparse.hstack(scaled))
        own = sum(
            apart * np.diff(view.indptr)
            for view, apart in zip(persons.views, self.apart, strict=True)
        )
        found: list[tuple[Rows, Rows, Floats]] = []
        for start in range(0, len(persons), _BLOCK):
            block = (joined[start : start + _BLOCK] @ joined.T).toarray()
            block -= own[start : start + _BLOCK, None] + own[None, :]
            block[np.tril_indices(len(block), start, block.shape[1])] = -np.inf
            kept = np.argpartition(block, -min(most, block.size), axis=None)[-most:]
            row, column = np.unravel_index(kept, block.shape)
            found.append((row + start, column, block[row, column]))
        rows, columns, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        best = np.argsort(-scores, kind="stable")[:most]
        return rows[best], columns[best], scores[best]


def fitted(pairs: tuple[Counted, Counted], strangers: Counted, seed: int) -> Weights:
    """Fit weights on true pairs, and on people of whom no two are one.

    Args:
        pairs: The two sides of the true pairs, row by row beside each other.
        strangers: The people.
        seed: Of the pairs of strangers that are taken at random.
    """
    generator = np.random.default_rng(seed)
    every = np.arange(len(pairs[0]))
    true = pairs[0].beside(pairs[1], every, every)
    one, other = generator.integers(len(strangers), size=(2, _AT_RANDOM))
    one, other = one[one != other], other[one != other]
    false = [strangers.beside(strangers, one, other)]
    for _ in range(_ROUNDS):
        weights = _regressed(true, np.concatenate(false))
        rows, columns, _ = weights.nearest(strangers, _NEAREST)
        false.append(strangers.beside(strangers, rows, columns))
    return weights


def _regressed(true: Floats, false: Floats) -> Weights:
    """Fit by logistic regression, true pairs and others counting alike, weights of 0 or more."""
    counts = np.concatenate([true, false])
    scale = counts.std(axis=0) + 1e-9
    counts = counts / scale
    sign = np.concatenate([np.ones(len(true)), -np.ones(len(false))])
    share = np.where(sign > 0, 0.5 / len(true), 0.5 / len(false))

    def loss(free: Floats) -> tuple[float, Floats]:
        margin = sign * (counts @ free[1:] + free[0])
        slope = -sign * share / (1 + np.exp(np.minimum(margin, 500)))
        value = float(share @ np.logaddexp(0, -margin) + _SHRINKAGE * (free[1:] @ free[1:]))
        return value, np.append(slope.sum(), counts.T @ slope + 2 * _SHRINKAGE * free[1:])

    bounds = [(None, None), *[(0, None)] * counts.shape[1]]
    free = minimize(
        loss, np.zeros(counts.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 500},
    ).x  # fmt: skip
    both, apart = np.split(free[1:] / scale, 2)
    return Weights(both, apart)


def _matrix(tokens: Tokens, width: int) -> sparse.csr_matrix:
    offsets, ids = tokens.end_to_end()
    ones = np.ones(len(ids), dtype=np.float64)
    return sparse.csr_matrix((ones, ids, offsets), shape=(len(offsets) - 1, width))


def told_by_form(size: int, rows: Rows, others: Rows) -> int:
    """Count those whose place in a graph nobody shares, whoever sees the edges and nothing else.

    By refinement of colours (Weisfeiler and Leman, 1968): people are alike while as many of every
    kind resemble them. Where that leaves two alike, no attack by form alone tells them apart but by
    chance, or by a search that it is known to miss, as in regular graphs.

    Args:
        size: People in the graph.
        rows: One end of every edge.
        others: The other end.
    """
    ends, neighbours = np.concatenate([rows, others]), np.concatenate([others, rows])
    kinds = np.zeros(size, dtype=np.int64)
    for _ in range(size):
        beside: list[list[int]] = [[] for _ in range(size)]
        for end, kind in zip(ends.tolist(), kinds[neighbours].tolist(), strict=True):
            beside[end].append(kind)
        seen: dict[tuple[int, ...], int] = {}
        told = zip(kinds.tolist(), beside, strict=True)
        finer = np.array([seen.setdefault((own, *sorted(by)), len(seen)) for own, by in told])
        if len(seen) == len(np.unique(kinds)):
            break
        kinds = finer
    return int((np.bincount(kinds) == 1).sum())


def main(data: Path, out: Path) -> None:
    """Fit, find, and write."""
    sets = list(all_sets(data, CASES, REGISTERED, SEED))
    counting = Counting()
    fitted_on = true_pairs(generated(*MANY_CASES, FITTED_ON), FITTED_ON)
    for records in (*fitted_on, records_of(people(POPULATION, FITTED_ON))):
        counting.add(records)
    for one in sets:
        for records in true_pairs(one, SEED):
            counting.add(records)
    for size in (POPULATION, *SEEN_BY_FORM):
        counting.add(records_of(people(size, SEED)))
    left, right, strangers, *pairs = counting.counted()
    pairs, (others, *fewer) = pairs[: 2 * len(sets)], pairs[2 * len(sets) :]
    weights = fitted((left, right), strangers, FITTED_ON)
    curve = _curve(weights, [one.name for one in sets], pairs, others, fewer)
    yardsticks = Yardsticks(sets, POPULATION, SEED)
    schemes = {}
    for label in published():
        if not (scheme := Scheme.published(label)).unhardened:
            figures = yardsticks.measure(scheme.passes)
            schemes[label] = {"within_reach": figures.within_reach, "degree": figures.degree}
    (default,) = Scheme.published(DEFAULT_SCHEME).passes
    told = {
        "format": "kinmatch-ceiling/2", "seed": SEED, "people": POPULATION, "curve": curve,
        "schemes": schemes,
        "longer": [
            {"bits": bits, "t": t} | asdict(yardsticks.measure([longer(default, bits, t)]))
            for bits, t in LONGER
        ],
    }  # fmt: skip
    with written_whole(out) as aside:
        aside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


def longer(part: Pass, bits: int, t: Sequence[int]) -> Pass:
    """Give a pass of strata other bits and another t for each stratum."""
    (step,) = part.hardening
    assert isinstance(step, StratifiedDiffusion)  # noqa: S101 - the default has strata
    strata = tuple(
        one.model_copy(update={"t": of_one}) for one, of_one in zip(step.strata, t, strict=True)
    )
    changed = step.model_copy(update={"bits": bits, "strata": strata})
    return Pass.model_validate(part.model_copy(update={"hardening": (changed,)}).model_dump())


def _curve(
    weights: Weights,
    names: Sequence[str],
    pairs: Sequence[Counted],
    others: Counted,
    fewer: Sequence[Counted],
) -> list[dict[str, Any]]:
    """Give, at each degree, what is found of every set's true pairs, and who is told by form."""
    scores = {}
    for number, name in enumerate(names):
        left, right = pairs[2 * number : 2 * number + 2]
        every = np.arange(len(left))
        scores[name] = weights.score(left.beside(right, every, every))
    wanted = [round(degree * len(others) / 2) for degree in DEGREES]
    *_, nearest = weights.nearest(others, max(wanted))
    graphs = [weights.nearest(persons, max(wanted)) for persons in fewer]
    return [
        {
            "degree": degree,
            "found": {
                name: round(float((of > nearest[count - 1]).mean()), 4)
                for name, of in scores.items()
            },
            "told_by_form": {
                len(persons): told_by_form(
                    len(persons), *(ends[seen > nearest[count - 1]] for ends in (rows, columns))
                )
                for persons, (rows, columns, seen) in zip(fewer, graphs, strict=True)
            },
        }
        for degree, count in zip(DEGREES, wanted, strict=True)
    ]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
