"""A1 on hardened fingerprints: match the few resemblances that are left, edge by edge.

Diffusion hides all resemblances but the close ones, so the dense similarity profiles that
`graph_matching` starts from are mostly noise. What is left is a sparse graph, of relatives and
namesakes. Each of its edges has a signature, its strength under every pass; a fingerprint edge
and a plaintext edge of like signature support each other's ends, round by round, which is max-sum
belief propagation on graph matching (Bayati, Gleich, Saberi and Wang, "Message-passing algorithms
for sparse network alignment", ACM TKDD 7(1), 2013, section 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from benchmarks.attacks.similarity import Likeness

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NOBODY = -1

_ROUNDS = 12
_LOWEST = 4.5  # deviations from chance from which a resemblance is an edge
_EXPECTED_LOWEST = 3.5  # the same for the attacker's own, where there may be less noise
_NOISE = 1.5  # deviations: diffusion's own, and that of unlucky collisions before it
_LIKE = 6.0  # edges further apart than this, in units of noise, are never the same
_MOST_LIKE = 60  # edges of the attacker's that are considered for one fingerprint edge
_UNEXPLAINED = -8.0  # log-likelihood of an edge that no edge of the attacker's explains
_SCARCE = 1e-3  # keeps an edge that is like nothing from counting as much as one like itself
_APART = -50.0  # where a pass is absent: so far from all else that absence must agree
_SURE = 0.9


@dataclass(frozen=True, repr=False)
class Matching:
    """Who the attacker takes every fingerprint for.

    Attributes:
        answer: The attacker's row for each fingerprint, or `NOBODY`.
        sure: Which answers the attacker gives more than `_SURE` probability.
    """

    answer: Rows
    sure: npt.NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class _Edges:
    """Pairs of records that resemble each other.

    Attributes:
        ends: Shape (edges, 2), the lower row first.
        signatures: Shape (edges, passes), in units of noise.
    """

    ends: Rows
    signatures: Floats


def match(hidden: Sequence[Likeness], known: Sequence[Likeness], bits: int) -> Matching:
    """Match the edges of two populations.

    Args:
        hidden: How alike the n fingerprints are, pass by pass.
        known: How alike the attacker expects the m persons known to be, pass by pass.
        bits: Length of a fingerprint, which the noise follows from.
    """
    deviation = 1 / np.sqrt(bits)
    seen = _edges(hidden, _LOWEST * deviation, _NOISE * deviation)
    own = _edges(known, _EXPECTED_LOWEST * deviation, _NOISE * deviation)
    nobody = Matching(np.full(hidden[0].size, NOBODY), np.zeros(hidden[0].size, dtype=np.bool_))
    if not len(seen.ends) or not len(own.ends):
        return nobody
    return _propagate(seen, own, hidden[0].size, known[0].size)


def _edges(passes: Sequence[Likeness], lowest: float, noise: float) -> _Edges:
    """Collect the pairs that are alike under at least one pass, with all their likenesses."""
    size = passes[0].size
    numbered = [lower * size + higher for lower, higher in (one.near(lowest) for one in passes)]
    ends = np.divmod(np.unique(np.concatenate(numbered)), size)
    signatures = np.stack([one.at(*ends) for one in passes], axis=1)
    strengths = np.clip(signatures, -noise, 1) / noise
    known = np.nan_to_num(strengths, nan=_APART).astype(np.float64)
    return _Edges(np.stack(ends, axis=1), known)


def _propagate(seen: _Edges, own: _Edges, size: int, known: int) -> Matching:
    """Let every hypothesis that two edges are one support the matching of their ends."""
    edge, other, weight = _like_edges(seen, own)
    # A hypothesis goes both ways round, and supports the matching of both its ends.
    a, b = seen.ends[edge].T
    c, d = own.ends[other].T
    match_of = np.concatenate([a * known + c, a * known + d, b * known + d, b * known + c])
    support_of = np.concatenate([b * known + d, b * known + c, a * known + c, a * known + d])
    side = np.repeat([0, 0, 1, 1], len(edge))
    weights = np.tile(weight, 4)
    matches, match_at = np.unique(match_of, return_inverse=True)
    support_at = np.searchsorted(matches, support_of)
    person, answer = matches // known, matches % known
    # Of the hypotheses by which one edge supports one match, the best counts.
    voice, voice_at = np.unique(
        (np.tile(edge, 4) * 2 + side) * known + answer[match_at], return_inverse=True
    )
    match_of_voice = np.empty(len(voice), dtype=np.int64)
    match_of_voice[voice_at] = match_at
    scores = logs = np.zeros(len(matches))
    for _ in range(_ROUNDS):
        loudest = np.full(len(voice), -np.inf)
        np.maximum.at(loudest, voice_at, weights + logs[support_at])
        gain = np.logaddexp(loudest, _UNEXPLAINED) - _UNEXPLAINED
        scores = np.zeros(len(matches))
        np.add.at(scores, match_of_voice, gain)
        logs = _log_shares(scores, person, size)
    return _best(scores, logs, person, answer, size)


def _like_edges(seen: _Edges, own: _Edges) -> tuple[Rows, Rows, Floats]:
    """Find the attacker's edges that each edge may be: the fewer there are, the more each counts.

    Returns:
        The edge, the attacker's edge, and the log-likelihood that they are one.
    """
    most = min(_MOST_LIKE, len(own.ends))
    distance, which = cKDTree(own.signatures).query(
        seen.signatures, k=np.arange(1, most + 1), distance_upper_bound=_LIKE
    )
    edge, place = np.nonzero(np.isfinite(distance))
    weight = -(distance[edge, place] ** 2) / 2
    alike = np.bincount(edge, np.exp(weight), minlength=len(seen.ends))
    return edge, which[edge, place], weight - np.log(alike[edge] + _SCARCE)


def _log_shares(scores: Floats, person: Rows, size: int) -> Floats:
    best = np.full(size, -np.inf)
    np.maximum.at(best, person, scores)
    shares = np.exp(scores - best[person])
    total = np.bincount(person, shares, minlength=size)
    logs: Floats = np.log(np.maximum(shares / total[person], 1e-12))
    return logs


def _best(scores: Floats, logs: Floats, person: Rows, answer: Rows, size: int) -> Matching:
    order = np.lexsort((-answer, scores, person))  # the best last, of equals the lowest row
    answers = np.full(size, NOBODY)
    answers[person[order]] = answer[order]
    sure = np.zeros(size, dtype=np.bool_)
    sure[person[logs > np.log(_SURE)]] = True
    return Matching(answers, sure)
