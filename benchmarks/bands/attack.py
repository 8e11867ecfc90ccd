"""A1 and A2 on symbols that are shared.

The likelihood of `benchmarks.attacks.soft_matching` with Poisson's law in place of a normal one,
and the ridge regression of `benchmarks.attacks.known_plaintext` with symbols shared with those
known in place of bits.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from benchmarks.attacks import known_plaintext
from benchmarks.attacks.fingerprints import weighted_tokens
from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.populations import Knowledge
from benchmarks.attacks.soft_matching import KEPT, balanced
from benchmarks.bands.banding import Banding, Shared, counted, drawn, shared_by
from encoders.records import Records

Rows = npt.NDArray[np.int64]

_ROUNDS = 120
_SCATTER = (0.2, 1.0, 5.0)  # of the first round's scores, from which each start is cooled down
_NOT_TRIED = -2
_STIFFER = 1e-6  # of a symbol, so that two who are the same do no harm
_GIVEN = 0.3  # of the people, whom the last start knows
_LEAST = np.float32(1e-3)  # symbols that any pair may share, so that no wrong guess of it rules all


def graph_matching(
    records: Records, knowledge: Knowledge, banding: Banding, seed: int
) -> dict[str, int]:
    """Attack fingerprints by who shares how much with whom.

    Args:
        records: The encoded people.
        knowledge: What the attacker holds of them.
        banding: What is hashed.
        seed: Of the keys, and of whom the last start knows.

    Returns:
        How many of the people each start names; the last one, how many of those it did not know.
    """
    counts = counted(drawn(records, banding, seed))
    expected = shared_by(knowledge.records, banding)
    return {
        name: int((answer == knowledge.truth).sum())
        for name, answer in _answers(counts, expected, knowledge.truth, seed)
    }


def known_plaintext_attack(records: Records, banding: Banding, known: int, seed: int) -> Outcome:
    """Attack fingerprints by what they share with those of people who are known.

    The regression is given coordinates whose products are the symbols shared with those known:
    what the symbols themselves, each a coordinate of its own, would have come to.
    """
    symbols = drawn(records, banding, seed)
    order = np.random.default_rng([seed, 2]).permutation(len(records))  # as the attack draws them
    shared = np.stack([(symbols == symbols[one]).sum(axis=1) for one in order[:known]], axis=1)
    lower = linalg.cholesky(shared[order[:known]] + _STIFFER * np.eye(known), lower=True)
    coordinates = linalg.solve_triangular(lower, shared.T.astype(np.float64), lower=True).T
    tokens = [weighted_tokens(records, stratum.tokens) for stratum in banding.strata]
    return known_plaintext.attack(
        coordinates.astype(np.float32), sparse.csr_matrix(sparse.hstack(tokens)), known,
        seed=seed, target=banding.name,
    )  # fmt: skip


def _answers(
    counts: Shared, expected: Shared, truth: Rows, seed: int
) -> Iterator[tuple[str, Rows]]:
    """Match from nothing, and from a share of the people who are known, and stay so."""
    expected = np.maximum(expected, _LEAST)
    np.fill_diagonal(expected, 0)
    likelier = np.log(expected / _LEAST, where=expected > 0, out=np.zeros_like(expected))
    shared = sparse.csr_matrix(counts)
    nobody = np.zeros(len(truth), dtype=np.bool_)
    known = np.random.default_rng([seed, 6]).random(len(truth)) < _GIVEN
    starts = [(f"from {scatter:g}", nobody, scatter) for scatter in _SCATTER]
    for name, given, scatter in (*starts, (f"{_GIVEN:.0%} known", known, _SCATTER[0])):
        shares = np.full(counts.shape, 1 / len(counts), dtype=np.float32)
        scores, heat = shares, 0.0
        for number in range(_ROUNDS):
            shares[given] = 0
            shares[given, truth[given]] = 1
            scores = shared @ (shares @ likelier) - shares.sum(axis=0) @ expected
            heat = heat or max(1.0, scatter * float(scores.std(axis=1).mean()))
            cooled = np.float32(heat ** (1 - number / (_ROUNDS - 1)))
            shares = KEPT * shares + (1 - KEPT) * balanced(scores / cooled)
        answer: Rows = scores.argmax(axis=1)
        answer[given] = _NOT_TRIED
        yield name, answer
