"""How alike fingerprints are, and how alike an attacker expects them to be.

For hardened filters the measure is the correlation of the bits: 1 minus twice the share in which
they differ. Between unlike ones it scatters around 0 with deviation 1 / sqrt(bits).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.attacks.fingerprints import (
    Filters,
    Signs,
    as_bits,
    as_signs,
    strata_of,
    weighted_tokens,
)
from encoders.hardening.response import PER_MILLE
from encoders.hardening.windowed_xor import window_sets
from encoders.records import Records
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
from matcher.scoring import distances_at, find_pairs

Similarities = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

ABSENT = np.float32(np.nan)
"""The similarity of records of which one has no fingerprint under the pass."""

_BLOCK = 512  # rows that are compared at once
_PAIRS = 1 << 17  # pairs whose tokens are looked at, at once


class Likeness(ABC):
    """How alike n records are under one pass; `ABSENT` where either has no fingerprint.

    Attributes:
        size: n.
    """

    def __init__(self, present: Mask) -> None:
        self.size = len(present)
        self._present = present

    def whole(self) -> Similarities:
        """Give the whole matrix, shape (n, n)."""
        return self._masked(slice(None), slice(None))

    def at(self, left: Rows, right: Rows) -> Similarities:
        """Give the likeness of pairs of rows, shape (pairs,)."""
        both = self._present[left] & self._present[right]
        return np.where(both, self._pairs(left, right), ABSENT)

    def near(self, lowest: float) -> tuple[Rows, Rows]:
        """Find the pairs that are more alike than `lowest`, which is above chance.

        Returns:
            The lower and the higher rows of the pairs, by lower row, then by higher.
        """
        lower, higher = [], []
        for start in range(0, self.size, _BLOCK):
            block = self._masked(slice(start, start + _BLOCK), slice(start, None))
            row, column = np.nonzero(np.triu(block > lowest, 1))
            lower.append(start + row)
            higher.append(start + column)
        return np.concatenate(lower), np.concatenate(higher)

    def scatter(self) -> tuple[int, float]:
        """Count the pairs of different rows that have a likeness, and give its variance."""
        pairs, total, squares = 0, 0.0, 0.0
        for start in range(0, self.size, _BLOCK):
            block = self._masked(slice(start, start + _BLOCK), slice(start, None))
            above = block[np.triu(np.ones(block.shape, dtype=np.bool_), 1)]
            told = above[~np.isnan(above)].astype(np.float64)
            pairs += len(told)
            total += float(told.sum())
            squares += float((told**2).sum())
        return pairs, squares / max(1, pairs) - (total / max(1, pairs)) ** 2

    @abstractmethod
    def _block(self, rows: slice, columns: slice) -> Similarities:
        """Compare some rows with some others, whoever is present."""

    @abstractmethod
    def _pairs(self, left: Rows, right: Rows) -> Similarities:
        """Compare pairs of rows, whoever is present."""

    def _masked(self, rows: slice, columns: slice) -> Similarities:
        block = self._block(rows, columns)
        block[~self._present[rows]] = ABSENT
        block[:, ~self._present[columns]] = ABSENT
        return block


class Correlations(Likeness):
    """Hardened fingerprints, by the correlation of their bits."""

    def __init__(self, filters: Filters, present: Mask) -> None:
        """Take n filters, shape (n, words), and who has one, shape (n,)."""
        super().__init__(present)
        self._filters = filters
        self._bits = 64 * filters.shape[1]

    def near(self, lowest: float) -> tuple[Rows, Rows]:
        """As of every likeness, at the speed of the scoring core."""
        held = np.flatnonzero(self._present)
        filters = self._filters[held]
        most = int(np.ceil(self._bits * (1 - lowest) / 2))
        found = find_pairs(filters, filters, measure="hamming", threshold=most)
        left, right = held[found.left], held[found.right]
        order = np.lexsort((right, left))
        left, right = left[order], right[order]
        is_near = (left < right) & (self._pairs(left, right) > lowest)
        return left[is_near], right[is_near]

    def _block(self, rows: slice, columns: slice) -> Similarities:
        one: Signs = as_signs(self._filters[rows])
        other: Signs = as_signs(self._filters[columns])
        return one @ other.T / np.float32(self._bits)

    def _pairs(self, left: Rows, right: Rows) -> Similarities:
        differ = distances_at(self._filters, self._filters, left, right).astype(np.float32)
        correlation: Similarities = (np.float32(self._bits) - 2 * differ) / np.float32(self._bits)
        return correlation


class Dice(Likeness):
    """Unhardened filters, by their Dice coefficient; two empty ones have 0."""

    def __init__(self, filters: Filters, present: Mask) -> None:
        """Take n filters, shape (n, words), and who has one, shape (n,)."""
        super().__init__(present)
        self._filters = filters
        self._weights = as_bits(filters).sum(axis=1, dtype=np.float32)

    def _block(self, rows: slice, columns: slice) -> Similarities:
        one, other = (as_bits(self._filters[which]).astype(np.float32) for which in (rows, columns))
        return _dice(one @ other.T, self._weights[rows, None] + self._weights[None, columns])

    def _pairs(self, left: Rows, right: Rows) -> Similarities:
        both = self._weights[left] + self._weights[right]
        differ = distances_at(self._filters, self._filters, left, right).astype(np.float32)
        return _dice((both - differ) / 2, both)


class Expected(Likeness):
    """How alike fingerprints will be, told from plaintext without any key.

    W positions set m(1 - (1 - 1/m)^W) of m bits on average (Swamidass and Baldi, J. Chem. Inf.
    Model. 47, 2007, section 2), a filter below the floor counts as filled up, and diffusion of t
    bits turns a correlation r into r^t (Armknecht, Heng and Schnell, PoPETs 2023(2), section 4);
    other steps of hardening likewise.
    Without hardening it is the Dice coefficient of the positions.
    """

    def __init__(self, tokens: sparse.csr_matrix, present: Mask, part: Pass) -> None:
        """Reckon with a pass, which is no secret.

        Args:
            tokens: What `weighted_tokens` gave for the attacker's n records.
            present: Who of them would have a fingerprint.
            part: The pass.
        """
        super().__init__(present)
        self._tokens, self._part = tokens, part
        positions = np.asarray(tokens.multiply(tokens).sum(axis=1)).ravel().astype(np.float32)
        self._left_out = np.log(np.float32(1 - 1 / part.bits))
        bare = np.exp(positions * self._left_out)
        if part.hardening:
            bare = np.minimum(bare, np.float32(1 - part.floor / part.bits))
            positions = np.log(bare) / self._left_out
        self._positions, self._bare = positions, bare

    def _block(self, rows: slice, columns: slice) -> Similarities:
        shared: Similarities = (self._tokens[rows] @ self._tokens[columns].T).toarray()
        return self._told(
            shared,
            self._positions[rows, None] + self._positions[None, columns],
            self._bare[rows, None] + self._bare[None, columns],
        )

    def _pairs(self, left: Rows, right: Rows) -> Similarities:
        told = []
        for first, last in pairwise([*range(0, len(left), _PAIRS), len(left)]):
            one, other = left[first:last], right[first:last]
            shared = self._tokens[one].multiply(self._tokens[other]).sum(axis=1)
            told.append(
                self._told(
                    np.asarray(shared, dtype=np.float32).ravel(),
                    self._positions[one] + self._positions[other],
                    self._bare[one] + self._bare[other],
                )
            )
        return np.concatenate(told) if told else np.zeros(0, dtype=np.float32)

    def _told(
        self, shared: Similarities, positions: Similarities, bare: Similarities
    ) -> Similarities:
        """Say how alike two filters are of whose positions, and of whose empty bits, this is known.

        Args:
            shared: Positions that both records set.
            positions: Positions of both, added up.
            bare: Shares of the bits that stay empty, added up.
        """
        if not self._part.hardening:
            return _dice(shared, positions)
        differ = bare - 2 * np.exp((positions - shared) * self._left_out)
        correlation: Similarities = (1 - 2 * differ).astype(np.float32, copy=False)
        return _after_all(correlation, self._part.hardening, self._part.bits)


class Xored(Likeness):
    """How alike the XORs of several filters will be: their correlations multiply."""

    def __init__(
        self, filters: Sequence[Likeness], present: Mask, steps: Sequence[Step], bits: int
    ) -> None:
        """Take how alike each will be, and the steps that follow on their XOR of so many bits."""
        super().__init__(present)
        self._filters, self._steps, self._bits = filters, steps, bits

    def _block(self, rows: slice, columns: slice) -> Similarities:
        return self._xored([one._block(rows, columns) for one in self._filters])

    def _pairs(self, left: Rows, right: Rows) -> Similarities:
        return self._xored([one._pairs(left, right) for one in self._filters])

    def _xored(self, told: Sequence[Similarities]) -> Similarities:
        return _after_all(reduce(np.multiply, told), self._steps, self._bits)


def expected(records: Records, present: Mask, part: Pass) -> Likeness:
    """Say how alike the fingerprints of records will be under a pass, without any key.

    Args:
        records: The attacker's n records.
        present: Who of them would have a fingerprint.
        part: The pass, which is no secret.
    """
    layers = [Expected(weighted_tokens(records, one), present, one) for one in strata_of(part)]
    if len(layers) == 1:
        return layers[0]
    stratified, *steps = part.hardening
    return Xored(layers, present, steps, stratified.output(part.bits))


def _dice(shared: Similarities, both: Similarities) -> Similarities:
    coefficient = 2 * shared / np.maximum(both, 1)
    return coefficient.astype(np.float32, copy=False)


def _after_all(correlation: Similarities, steps: Sequence[Step], bits: int) -> Similarities:
    for step in steps:
        correlation = _after(correlation, step, bits)
        bits = step.output(bits)
    return correlation


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
