"""A1, graph matching: who resembles whom says who is who.

Vidanage, Christen, Ranbaduge and Schnell, "A graph matching attack on privacy-preserving record
linkage", CIKM 2020, sections 3 and 4: the similarities among fingerprints and those among
plaintext records are one graph seen twice. A first assignment comes from similarity profiles;
the surest pairs then serve as seeds, and every record is described by its similarity to them,
round by round, with ever more seeds.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from benchmarks.attacks.similarity import Likeness, Similarities

Rows = npt.NDArray[np.int64]

STARTS = 5
"""The outcome is bimodal: it works for nearly all records or for none. The best start counts."""

_ROUNDS = 12
_NEAREST = 24  # similarities to the nearest records, in a profile
_QUANTILES = 17
_FEATURES_KEPT = 0.6  # of a profile, in all starts but the first
_FEWEST_SEEDS, _FIRST_SEEDS = 20, 0.03
_EXACT_UP_TO = 1500  # records that are assigned one to one; beyond that, each takes its best
_LEAST = 1e-9


def match(
    hidden: Sequence[Likeness], known: Sequence[Likeness], *, seed: int, lowest: float = 0.0
) -> Iterator[Rows]:
    """Match two populations by their similarities.

    Args:
        hidden: How alike the n fingerprints are, pass by pass.
        known: How alike the attacker expects the m persons known to be, pass by pass.
        seed: Of the starts.
        lowest: What is less alike than this is noise, and does not count.

    Yields:
        For each of `STARTS` starts the attacker's row for each fingerprint, shape (n,).
    """
    profile_hidden, profile_known = _profiles(hidden), _profiles(known)
    graph_hidden, graph_known = _joined(hidden, lowest), _joined(known, lowest)
    generator = np.random.default_rng([seed, 3])
    for start in range(STARTS):
        share = _FEATURES_KEPT if start else 1.0
        features = np.flatnonzero(generator.random(profile_hidden.shape[1]) < share)
        one, other = (_standardised(p[:, features]) for p in (profile_hidden, profile_known))
        first = _nearness(one, other) / np.float32(max(1, len(features)))
        yield _refined(graph_hidden, graph_known, first)


def _profiles(passes: Sequence[Likeness]) -> Similarities:
    """Describe each record by how alike it is to its nearest and to all others, pass by pass."""
    described = []
    for one in passes:
        similarities = np.nan_to_num(one.whole(), nan=-1)
        np.fill_diagonal(similarities, -np.inf)
        falling = -np.sort(-similarities, axis=1)[:, :-1]
        size = falling.shape[1]
        at = np.linspace(0, size - 1, _QUANTILES).astype(int)
        mean = falling.mean(axis=1, keepdims=True)
        described += [falling[:, np.minimum(np.arange(_NEAREST), size - 1)], falling[:, at], mean]
    return np.hstack(described)


def _joined(passes: Sequence[Likeness], lowest: float) -> Similarities:
    joined = np.zeros((passes[0].size, passes[0].size), dtype=np.float32)
    for one in passes:
        joined += np.maximum(np.nan_to_num(one.whole()) - np.float32(lowest), 0)
    np.fill_diagonal(joined, 0)
    return joined


def _refined(hidden: Similarities, known: Similarities, scores: Similarities) -> Rows:
    first = scores
    for number in range(1, _ROUNDS + 1):
        answers, margins = _assigned(scores)
        share = _FIRST_SEEDS + (1 - _FIRST_SEEDS) * ((number - 1) / _ROUNDS) ** 1.5
        most = max(_FEWEST_SEEDS, int(share * len(hidden)))
        seeds = np.argsort(-margins, kind="stable")[:most]
        seeds = seeds[margins[seeds] >= 0]
        if not len(seeds):
            break
        scores = _correlation(hidden[:, seeds], known[:, answers[seeds]]) + np.float32(0.1) * first
    return _assigned(scores)[0]


def _assigned(scores: Similarities) -> tuple[Rows, Similarities]:
    """Assign an answer to every record, and say by how much it beats the next.

    Returns:
        The answers, and their margins: -1 where the answer has a better record, or no rival.
    """
    rows = np.arange(len(scores))
    answers = scores.argmax(axis=1)
    if max(scores.shape) <= _EXACT_UP_TO and scores.shape[0] <= scores.shape[1]:
        answers = linear_sum_assignment(scores, maximize=True)[1]
    best = scores[rows, answers]
    top = np.partition(scores, -2, axis=1)[:, -2:]
    rival = np.where(best >= top[:, 1], top[:, 0], top[:, 1])
    mutual = scores.argmax(axis=0)[answers] == rows
    return answers, np.where(mutual, best - rival, -1)


def _nearness(one: Similarities, other: Similarities) -> Similarities:
    """Give minus the squared distances of all rows of one to all rows of the other."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :]
    nearness: Similarities = 2 * one @ other.T - squares
    return nearness


def _correlation(one: Similarities, other: Similarities) -> Similarities:
    sides = [_standardised(side) for side in (one, other)]
    one, other = (side / (np.linalg.norm(side, axis=1, keepdims=True) + _LEAST) for side in sides)
    correlation: Similarities = one @ other.T
    return correlation


def _standardised(columns: Similarities) -> Similarities:
    scaled: Similarities = (columns - columns.mean(axis=0)) / (columns.std(axis=0) + _LEAST)
    return scaled.astype(np.float32)
