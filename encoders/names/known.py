"""Names that are known across scripts, by the entries of a table.

The table holds hashes of spellings instead of the spellings: that makes a public list compact, and
hides nothing. A spelling may belong to several entries (a given name and a family name that are
written alike somewhere), and then has all of them.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, repr=False)
class Lexicon:
    """A table of known names.

    Attributes:
        keys: Shape (n,), uint32: `key_of` the spellings, ascending, with repeats.
        entries: Shape (n,), uint32: an entry that the spelling belongs to.
    """

    keys: npt.NDArray[np.uint32]
    entries: npt.NDArray[np.uint32]

    def entries_of(self, piece: str) -> tuple[str, ...]:
        """Give the entries of a piece as tokens, in ascending order; none where it is unknown."""
        key = np.uint32(key_of(piece))
        first, end = np.searchsorted(self.keys, key), np.searchsorted(self.keys, key, side="right")
        return tuple(map(str, self.entries[first:end].tolist()))


def key_of(piece: str) -> int:
    """The first four bytes of the piece's BLAKE2b, little-endian.

    Among a few hundred thousand keys, one unknown name in ten thousand or more is taken for a
    known one.
    """
    return int.from_bytes(hashlib.blake2b(piece.encode(), digest_size=4).digest(), "little")


@cache
def lexicon(version: int) -> Lexicon:
    """Load a published version of the table."""
    packed = (files("encoders.names") / f"lexicon-{version}.npz").read_bytes()
    with np.load(BytesIO(packed), allow_pickle=False) as arrays:
        steps = from_planes(arrays["key_steps"])
        return Lexicon(np.cumsum(steps, dtype=np.uint32), from_planes(arrays["entries"]))


def to_planes(numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Lay numbers out byte by byte, all lowest bytes first, as they compress best."""
    return np.ascontiguousarray(numbers.astype("<u4").view(np.uint8).reshape(-1, 4).T)


def from_planes(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Give the numbers that `to_planes` laid out."""
    return np.ascontiguousarray(planes.T).view("<u4").ravel().astype(np.uint32)
