"""How alike fingerprints are, and how alike an attacker expects them to be.

For hardened filters the measure is the correlation of the bits: 1 minus twice the share in which
they differ. Between unlike ones it scatters around 0 with deviation 1 / sqrt(bits).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.attacks.fingerprints import Filters, Signs, as_bits, as_signs
from encoders.hardening.response import PER_MILLE
from encoders.hardening.windowed_xor import window_sets
from matcher.formats.scheme import Pass
from matcher.formats.steps import (
    Diffusion,
    Resampling,
    Response,
    Rule90,
    Step,
    WindowedXor,
    XorFold,
)

Similarities = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

ABSENT = np.float32(np.nan)
"""The similarity of records of which one has no fingerprint under the pass."""

Block = Callable[[slice], Similarities]
"""Gives some rows of a similarity matrix: shape (rows, n)."""


@dataclass(frozen=True, repr=False)
class Likeness:
    """How alike n records are under one pass, worked out some rows at a time.

    Attributes:
        size: n.
        rows: Gives the rows of a slice; `ABSENT` where either record has no fingerprint.
    """

    size: int
    rows: Block

    def whole(self) -> Similarities:
        """Give the whole matrix, shape (n, n)."""
        return self.rows(slice(0, self.size))


def correlations(filters: Filters, present: Mask) -> Likeness:
    """Compare hardened fingerprints by the correlation of their bits.

    Args:
        filters: Shape (n, words).
        present: Shape (n,): who has a fingerprint.
    """
    signs: Signs = as_signs(filters)
    bits = np.float32(signs.shape[1])

    def rows(which: slice) -> Similarities:
        return _absent(signs[which] @ signs.T / bits, present, which)

    return Likeness(len(filters), rows)


def dice(filters: Filters, present: Mask) -> Likeness:
    """Compare unhardened filters by their Dice coefficient; two empty ones have 0."""
    bits = as_bits(filters).astype(np.float32)
    weights = bits.sum(axis=1)

    def rows(which: slice) -> Similarities:
        both = weights[which, None] + weights[None, :]
        return _absent(2 * (bits[which] @ bits.T) / np.maximum(both, 1), present, which)

    return Likeness(len(filters), rows)


def expected(tokens: sparse.csr_matrix, present: Mask, part: Pass) -> Likeness:
    """Say from plaintext how alike fingerprints will be, without any key.

    W positions set m(1 - (1 - 1/m)^W) of m bits on average (Swamidass and Baldi, J. Chem. Inf.
    Model. 47, 2007, section 2), a filter below the floor counts as filled up, and diffusion of t
    bits turns a correlation r into r^t (Armknecht, Heng and Schnell, PoPETs 2023(2), section 4);
    other steps of hardening likewise.
    Without hardening, gives the Dice coefficient of the positions.

    Args:
        tokens: What `weighted_tokens` gave for the attacker's n records.
        present: Who of them would have a fingerprint.
        part: The pass, which is no secret.
    """
    positions = np.asarray(tokens.multiply(tokens).sum(axis=1)).ravel().astype(np.float32)
    if not part.hardening:

        def plain(which: slice) -> Similarities:
            both = positions[which, None] + positions[None, :]
            shared = (tokens[which] @ tokens.T).toarray()
            return _absent(2 * shared / np.maximum(both, 1), present, which)

        return Likeness(len(positions), plain)
    left_out = np.log(np.float32(1 - 1 / part.bits))
    bare = np.minimum(np.exp(positions * left_out), np.float32(1 - part.floor / part.bits))
    positions = np.log(bare) / left_out

    def hardened(which: slice) -> Similarities:
        union = positions[which, None] + positions[None, :] - (tokens[which] @ tokens.T).toarray()
        differ = bare[which, None] + bare[None, :] - 2 * np.exp(union * left_out)
        correlation: Similarities = 1 - 2 * differ
        bits = part.bits
        for step in part.hardening:
            correlation = _after(correlation, step, bits)
            bits = step.output(bits)
        return _absent(correlation, present, which)

    return Likeness(len(positions), hardened)


def _after(correlation: Similarities, step: Step, bits: int) -> Similarities:
    """Say what is left of a correlation of filters of `bits` bits after a step of hardening.

    The XOR of t bits of correlation r has correlation r^t; what only moves bits leaves it.
    """
    match step:
        case Diffusion():
            return correlation**step.t
        case XorFold() | Rule90() | Resampling():
            return correlation**2
        case WindowedXor():
            sizes = np.bincount(np.diff(window_sets(bits, step.window).offsets)) / bits
            left = np.zeros_like(correlation)
            for t in np.flatnonzero(sizes):
                left += sizes[t] * correlation**t
            return left
        case Response():
            return correlation * (1 - step.per_mille / PER_MILLE) ** 2
        case _:
            return correlation


def _absent(similarities: Similarities, present: Mask, which: slice) -> Similarities:
    similarities[~present[which]] = ABSENT
    similarities[:, ~present] = ABSENT
    return similarities
