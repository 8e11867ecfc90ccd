"""From a piece to learned units of sound, in which scripts and spellings of one name meet.

The model was learned from names written in many scripts (see `benchmarks.names.learning`). It maps
every n-gram of a piece's native letters, of its romanised letters and of its consonants to a small
vector; the sum of a piece's vectors says how it sounds, and the units that answer it most strongly
are the piece's tokens. Pieces that sound alike share units, whatever their scripts.

All arithmetic is on integers, and ties fall to the unit with the lower number: the same piece gives
the same units on every machine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numba
import numpy as np
import numpy.typing as npt

from encoders.names.romanising import romanised

_LONGEST = 3
_VOWELS = re.compile("[aeiouy]")
_REPEATED = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True, repr=False)
class SoundModel:
    """A learned model of sounds.

    Attributes:
        features: The row of `vectors` that each n-gram has.
        vectors: Shape (features, dimensions), int8.
        units: Shape (dimensions, units), int8: how strongly a unit answers to a dimension.
        most: How many units a piece has.
        tokens: The name of each unit.
    """

    features: dict[str, int]
    vectors: npt.NDArray[np.int8]
    units: npt.NDArray[np.int8]
    most: int
    tokens: tuple[str, ...]

    def units_of(self, piece: str) -> tuple[str, ...]:
        """Give the units that answer a piece most strongly, `most` of them, in no order of rank.

        None where the model knows none of the piece's n-grams.
        """
        rows = [self.features[gram] for gram in ngrams(piece) if gram in self.features]
        if not rows:
            return ()
        strongest = _strongest(np.array(rows), self.vectors, self.units, self.most)
        return tuple(self.tokens[unit] for unit in strongest)


@cache
def sound_model(version: int) -> SoundModel:
    """Load a published version of the model."""
    packed = (files("encoders.names") / f"sounds-{version}.npz").read_bytes()
    with np.load(BytesIO(packed), allow_pickle=False) as arrays:
        grams = arrays["features"].tobytes().decode().split("\n")
        units = arrays["units"]
        return SoundModel(
            features={gram: row for row, gram in enumerate(grams)},
            vectors=arrays["vectors"],
            units=units,
            most=int(arrays["most"]),
            tokens=tuple(map(str, range(units.shape[1]))),
        )


def ngrams(piece: str) -> set[str]:
    """Give the n-grams of a piece, one to three letters long, its ends marked `^` and `$`.

    Those of the romanised letters and of the piece's own share one space; those of the consonants
    begin with a full stop.
    """
    letters = romanised(piece)
    consonants = _REPEATED.sub(r"\1", _VOWELS.sub("", letters))
    grams = set(_ngrams(letters)) | {f".{gram}" for gram in _ngrams(consonants)}
    return grams if letters == piece else grams.union(_ngrams(piece))


def _ngrams(letters: str) -> Iterator[str]:
    marked = f"^{letters}$"
    yield from letters
    for length in range(2, _LONGEST + 1):
        for start in range(len(marked) - length + 1):
            yield marked[start : start + length]


@numba.njit(cache=True, nogil=True)
def _strongest(rows, vectors, units, most):  # type: ignore[no-untyped-def]
    dimensions, count = units.shape
    sums = np.zeros(dimensions, dtype=np.int32)
    for row in rows:
        for dimension in range(dimensions):
            sums[dimension] += vectors[row, dimension]
    # Divided so that the answers stay within 32 bits, however long the piece.
    largest = np.abs(sums).max()
    answers = np.zeros(count, dtype=np.int32)
    for dimension in range(dimensions):
        value = np.int32(np.int64(sums[dimension]) * 8191 // max(largest, 1))
        for unit in range(count):
            answers[unit] += value * np.int32(units[dimension, unit])
    least = np.partition(answers, count - most)[count - most]
    room = most - (answers > least).sum()
    chosen = np.empty(most, dtype=np.int64)
    end = 0
    for unit in range(count):
        if answers[unit] > least or (answers[unit] == least and room > 0):
            room -= answers[unit] == least
            chosen[end] = unit
            end += 1
    return chosen
