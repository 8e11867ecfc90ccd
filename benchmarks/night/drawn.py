"""Batches of drawn fingerprints, which come within reach of each other as encoded ones do.

Under `standard/3`, in a generated tracing set of 60,000 registered, each person sought comes within
the model's reach of some 350 for each million registered; nearly all are strangers who resemble
them. So strangers share a group here, and a quarter of the new are met again.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Rows, write_batch
from matcher.formats.knowledge import HIGHEST
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import NO_RELATION, ROLES

_GROUPS: Final = 8_300
# Of 32 bits so many are flipped: two of a group are then some 2,880 of 6,144 bits apart, about as
# far as the model reaches, and a person's two records 2,304.
_STRANGERS, _SELF = 12, 12
_MET_AGAIN: Final = 4

_Bits = npt.NDArray[np.uint64]


class Drawn:
    """Draws batches, the same from the same seed in the same order.

    Attributes:
        met_again: For each pass, the people of the first batch whom a later one may name again.
    """

    def __init__(self, scheme: Scheme, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._scheme = scheme
        self._bases = {
            part.name: self._words((_GROUPS, part.output_bits // 64)) for part in scheme.passes
        }
        self.met_again: dict[str, _Bits] = {}

    def write(
        self, path: Path, agreement: Agreement, society: str, role: str, count: int, *, again: bool
    ) -> None:
        """Write a batch of one role.

        Args:
            path: The file.
            agreement: Its agreement.
            society: Whose.
            role: The role of all.
            count: How many.
            again: Whether a quarter of them are people of the first batch that was written.
        """
        fingerprints = {}
        for part in self._scheme.passes:
            bits = self._people(part.name, count, part.output_bits // 64)
            if again:
                known = self.met_again[part.name][: count // _MET_AGAIN]
                bits[: len(known)] = known ^ self._flips(_SELF, known.shape)
            self.met_again.setdefault(part.name, bits)
            fingerprints[part.name] = (bits, np.ones(count, np.bool_))
        rows = Rows(
            references=self._references(count),
            roles=np.full(count, ROLES.index(role), np.int8),
            relations=np.full(count, NO_RELATION, np.int8),
            known=np.full(count, HIGHEST, np.uint8),
            cases=np.zeros((count, 16), np.uint8),
            has_case=np.zeros(count, np.bool_),
            fingerprints=fingerprints,
            marks=self._words((count, 2)).view(np.uint8),
        )
        nonce = self._words((2,)).tobytes()
        write_batch(path, society=society, agreement=agreement, groups=[rows], mark_nonce=nonce)

    def _references(self, count: int) -> npt.NDArray[np.uint8]:
        high = np.sort(self._words((count,)))
        pairs = np.stack([high, self._words((count,))], axis=1)
        return pairs.astype(">u8").view(np.uint8).reshape(-1, 16)

    def _people(self, name: str, count: int, words: int) -> _Bits:
        groups = len(self._bases[name]) * self._random.random(count) ** 2
        return self._bases[name][groups.astype(np.int64)] ^ self._flips(_STRANGERS, (count, words))

    def _words(self, shape: tuple[int, ...]) -> _Bits:
        return self._random.integers(0, 2**64, shape, dtype=np.uint64)

    def _flips(self, of_32: int, shape: tuple[int, ...]) -> _Bits:
        """Words in which each bit is set with a probability of `of_32` / 32."""
        flips = np.zeros(shape, np.uint64)
        for place in range(5):
            drawn = self._words(shape)
            flips = flips | drawn if of_32 >> place & 1 else flips & drawn
        return flips
