"""A1 and A2 on hardened fingerprints: all resemblances at once, those below chance's level too.

`edge_matching` looks at the few pairs that stand out. But every pair of fingerprints says a little:
its correlation scatters by 1 / sqrt(bits) around what plaintext lets expect. All pairs together say
the more the more records there are: what is known of a matching grows with their square, and what
there is to find out hardly faster than their number. Here every fingerprint is shared out over all
persons, each share is made from the shares of all others by that likelihood, and the shares harden
from round to round: softassign (Gold and Rangarajan, "A graduated assignment algorithm for graph
matching", IEEE PAMI 18(4), 1996), with a normal likelihood for its objective.

Where that ends is chance, so it begins three times. A beginning of which a part is right is best
kept, and so not heated much; one that is mostly wrong has to be given up, and so begins hot, where
all shares are nearly even: of 1,000 people under standard/3 (seed 0) the first names 14, the others
239 and 143.

Who knows some of the people for certain has the best beginning (`match_others`).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.attacks.similarity import Likeness, Similarities

Rows = npt.NDArray[np.int64]
Shown = npt.NDArray[np.generic]

_MILD, _HOT = np.geomspace(3, 1, 40), np.geomspace(20, 1, 120)
"""What log-likelihoods are divided by, round by round; 1 is the likelihood's own."""

KEPT = 0.5  # of a share, from one round to the next
_BALANCED = 8  # times that rows and columns are made to sum to what they must, in each round
_CONTRADICTED = -7.0  # log-likelihood of an answer that something shown speaks against
_IMPOSSIBLE = -1e6  # log-likelihood of an answer other than what is known
_LEAST = 1e-30
_LOWEST = -60.0  # log-likelihood below the best from which on a share is nothing


def match(
    hidden: Sequence[Likeness],
    known: Sequence[Likeness],
    bits: Sequence[int],
    first: Rows,
    shown: tuple[Shown, Shown] | None = None,
) -> Iterator[Rows]:
    """Match two populations, from a first matching on, kept or given up, and from nothing.

    Args:
        hidden: How alike the n fingerprints are, pass by pass.
        known: How alike the attacker expects the m persons known to be, pass by pass.
        bits: Length of a fingerprint under each pass, which the noise follows from.
        first: Shape (n,): a first answer for each fingerprint, or -1.
        shown: What a batch says in the open of each fingerprint, and what it would say of each
            person known, shape (n,) and (m,); None if the attacker hasn't got that.

    Yields:
        For each start, shape (n,): the attacker's row for each fingerprint, the likeliest.
    """
    seen, expected = ([_whole(one) for one in side] for side in (hidden, known))
    apart = _contradictions(hidden, known, shown)
    nothing = np.full_like(first, -1)
    for start, heats in ((first, _MILD), (first, _HOT), (nothing, _HOT)):
        yield _matched(seen, expected, bits, _begun(start, apart), apart, heats)


def match_others(
    hidden: Sequence[Likeness], known: Sequence[Likeness], bits: Sequence[int], given: Rows
) -> Rows:
    """Match two populations of which some are known for certain.

    Args:
        hidden: How alike the n fingerprints are, pass by pass.
        known: How alike the attacker expects the m persons known to be, pass by pass.
        bits: Length of a fingerprint under each pass, which the noise follows from.
        given: Shape (n,): who a fingerprint is known to be, or -1.

    Returns:
        Shape (n,): the attacker's row for each fingerprint, the likeliest.
    """
    seen, expected = ([_whole(one) for one in side] for side in (hidden, known))
    apart = _contradictions(hidden, known, None)
    rows = np.flatnonzero(given >= 0)
    apart[rows] = _IMPOSSIBLE
    apart[:, given[rows]] = _IMPOSSIBLE
    apart[rows, given[rows]] = 0
    return _matched(seen, expected, bits, _begun(given, apart), apart, _MILD)


def _matched(
    seen: Sequence[Similarities],
    expected: Sequence[Similarities],
    bits: Sequence[int],
    shares: Similarities,
    apart: Similarities,
    heats: npt.NDArray[np.float64],
) -> Rows:
    squares = [one**2 for one in expected]
    for heat in heats:
        scores = apart.copy()
        for one, other, square, length in zip(seen, expected, squares, bits, strict=True):
            # -(seen - expected)^2 / 2 without seen^2, which is the same for all persons.
            told = one @ (shares @ other) - shares.sum(axis=0) @ square / 2
            scores += np.float32(length) * told
        shares = KEPT * shares + (1 - KEPT) * balanced(scores / np.float32(heat))
    answers: Rows = scores.argmax(axis=1)
    return answers


def _whole(likeness: Likeness) -> Similarities:
    whole = np.nan_to_num(likeness.whole())
    np.fill_diagonal(whole, 0)
    return whole


def _present(likeness: Likeness) -> npt.NDArray[np.bool_]:
    rows = np.arange(likeness.size)
    return ~np.isnan(likeness.at(rows, rows))


def _contradictions(
    hidden: Sequence[Likeness], known: Sequence[Likeness], shown: tuple[Shown, Shown] | None
) -> Similarities:
    """Give the log-likelihood of every answer by what a batch shows of a fingerprint, shape (n, m).

    That is which passes it lacks, and what is said in the open.
    """
    sides = [(_present(one), _present(other)) for one, other in zip(hidden, known, strict=True)]
    apart = np.zeros((hidden[0].size, known[0].size), dtype=np.float32)
    for one, other in [*sides, shown] if shown else sides:
        apart += np.float32(_CONTRADICTED) * (one[:, None] != other)
    return apart


def _begun(first: Rows, apart: Similarities) -> Similarities:
    """Give whole shares to the first answers, and by contradictions alone where there is none."""
    shares = balanced(apart.copy())
    answered = np.flatnonzero(first >= 0)
    answered = answered[apart[answered, first[answered]] == 0]
    shares[answered] = 0
    shares[answered, first[answered]] = 1
    return shares


def balanced(scores: Similarities) -> Similarities:
    """Make shares of log-likelihoods: those of a fingerprint sum to 1, those of all persons alike.

    It is Sinkhorn's scaling (Annals of Mathematical Statistics 35, 1964).
    """
    scores -= scores.max(axis=1, keepdims=True)
    shares = np.exp(np.maximum(scores, np.float32(_LOWEST)))
    alike = np.float32(len(shares) / shares.shape[1])
    for _ in range(_BALANCED):
        shares *= alike / np.maximum(shares.sum(axis=0), np.float32(_LEAST))
        shares /= shares.sum(axis=1, keepdims=True)
    return shares
