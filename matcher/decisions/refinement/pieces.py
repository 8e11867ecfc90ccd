"""How likely two pieces of names are one name, as a grade.

The views of a piece overlap: a name that agrees in its letters agrees in its sounds. So their
weights were fitted together (`benchmarks.tuning.refinement`), on pieces of one person against those
of two people drawn at random; the sum is a weight of evidence in bits, and a grade is where it lies
among `EDGES`. How common a name is does not count here, but with the attribute.
"""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from matcher.formats.attributes import PIECE
from matcher.formats.cells import Octets

Grades = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]

EDGES: Final = (-4.0, -1.0, 2.0, 5.0, 7.0)
"""Bits from which on a pair of pieces has grade 1, 2 … 5."""

ALIKE: Final = 3
"""The grade from which on two pieces are taken for one name."""

SAME: Final = 6
"""The grade of pieces whose letters a to z are the same."""

NOTHING: Final = -1
"""Stands for a grade where one of the two pieces is absent."""

_ONES_OF_BYTE = np.bitwise_count(np.arange(256, dtype=np.uint8)).astype(np.int64)
_BIGRAMS, _SOUNDS = (part.draws + 1 for part in PIECE.parts[:2])


class PieceWeights(BaseModel):
    """What the views of two pieces weigh, in bits.

    Attributes:
        constant: Where nothing is common.
        bigrams: For each number of common bits.
        sounds: Likewise.
        skeleton: Where the consonants are the same.
        phonetic: Where the Metaphone codes are.
        lexicon: Where the pieces have an entry of the lexicon in common.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    constant: float
    bigrams: tuple[float, ...] = Field(min_length=_BIGRAMS, max_length=_BIGRAMS)
    sounds: tuple[float, ...] = Field(min_length=_SOUNDS, max_length=_SOUNDS)
    skeleton: float
    phonetic: float
    lexicon: float


def grades(
    weights: PieceWeights, left: Octets, has_left: Mask, right: Octets, has_right: Mask
) -> Grades:
    """Grade every piece of one side against every piece of the other.

    Args:
        weights: What the views weigh.
        left: Shape (n, p, width), uint8: p pieces of each candidate's one record.
        has_left: Shape (n, p), bool.
        right: Shape (n, q, width): those of the other.
        has_right: Shape (n, q).

    Returns:
        Shape (n, p, q), int8: 0 to `SAME`, or `NOTHING`.
    """
    starts = np.array([PIECE.slice_of(part.name).start for part in PIECE.parts])
    singles = np.array([weights.skeleton, weights.phonetic, weights.lexicon])
    found: Grades = _grades(
        left,
        has_left,
        right,
        has_right,
        starts,
        weights.constant,
        np.array(weights.bigrams),
        np.array(weights.sounds),
        singles,
        np.array(EDGES),
    )
    return found


@numba.njit(cache=True, nogil=True)
def _ones(left, right, start, size):  # type: ignore[no-untyped-def]
    count = 0
    for at in range(start, start + size):
        count += _ONES_OF_BYTE[left[at] & right[at]]
    return count


@numba.njit(cache=True, nogil=True)
def _shares(left, right, start, size):  # type: ignore[no-untyped-def]
    for one in range(start, start + size, 2):
        for other in range(start, start + size, 2):
            if left[one] == right[other] and left[one + 1] == right[other + 1]:
                return True
    return False


@numba.njit(cache=True, nogil=True)
def _grades(  # type: ignore[no-untyped-def]
    left, has_left, right, has_right, starts, constant, bigrams, sounds, singles, edges
):
    n, p, width = left.shape
    q = right.shape[1]
    found = np.full((n, p, q), -1, dtype=np.int8)
    for row in range(n):
        for i in range(p):
            if not has_left[row, i]:
                continue
            one = left[row, i]
            for j in range(q):
                if not has_right[row, j]:
                    continue
                other = right[row, j]
                if _shares(one, other, starts[2], 2):
                    found[row, i, j] = len(edges) + 1
                    continue
                weight = constant
                common = _ones(one, other, starts[0], starts[1] - starts[0])
                weight += bigrams[min(common, len(bigrams) - 1)]
                common = _ones(one, other, starts[1], starts[2] - starts[1])
                weight += sounds[min(common, len(sounds) - 1)]
                for view in range(3):
                    end = starts[view + 4] if view < 2 else width
                    if _shares(one, other, starts[view + 3], end - starts[view + 3]):
                        weight += singles[view]
                grade = 0
                for edge in edges:
                    grade += weight >= edge
                found[row, i, j] = grade
    return found
