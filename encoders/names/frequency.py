"""How common a name is where it comes from, as one of six classes.

That two records share a rare name says more than that they share a common one. The class is all
that a later step learns of the name: 0 is borne by one in a hundred people of some origin or more,
5 is on no list.

| class | share of the people of an origin, at its most common |
|---|---|
| 0 | 1 % or more |
| 1 | 0.25 % |
| 2 | 0.06 % |
| 3 | on a list of an origin's usual names, or written in several scripts |
| 4 | known to the lexicon |
| 5 | unheard of |

The table (see `benchmarks.names.frequencies`) holds hashes of folded spellings in all scripts, so
that a name is as common in Arabic letters as in Latin ones. A misspelt name is mostly unheard of:
of two records' classes the lower one counts.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Literal

import numpy as np
import numpy.typing as npt

from encoders.names.known import from_planes, key_of, lexicon
from encoders.names.pieces import pieces

Kind = Literal["given", "family"]

SHARES = (0.01, 0.0025, 0.0006)
"""The least share of classes 0, 1 and 2."""

LISTED, KNOWN, UNHEARD_OF = 3, 4, 5


def frequency_class(part: str, kind: Kind) -> int:
    """Give how common a part of a name is, from 0 (very common) to 5 (unheard of).

    Args:
        part: A given or family name as written, in any script; of several pieces the rarest counts.
        kind: Which of the two it is: Ali is a common given name and a less common family name.

    Returns:
        The class; 0, which weighs least, where the part has no letters.
    """
    table = _table(1)
    return max((table.class_of(piece, kind) for piece in pieces(part)), default=0)


def frequency_classes(parts: Iterable[str], kind: Kind) -> npt.NDArray[np.uint8]:
    """Give the class of each part: shape (parts,), uint8. Callers give each distinct part once."""
    return np.array([frequency_class(part, kind) for part in parts], dtype=np.uint8)


class _Table:
    """Keys of spellings, ascending, and for each its class as a given and as a family name."""

    def __init__(self, keys: npt.NDArray[np.uint32], classes: npt.NDArray[np.uint8]) -> None:
        self._keys = keys
        self._classes = classes

    def class_of(self, piece: str, kind: Kind) -> int:
        key = np.uint32(key_of(piece))
        at = int(np.searchsorted(self._keys, key))
        if at < len(self._keys) and self._keys[at] == key:
            return int(self._classes[at, 0 if kind == "given" else 1])
        return KNOWN if lexicon(1).entries_of(piece) else UNHEARD_OF


@cache
def _table(version: int) -> _Table:
    packed = (files("encoders.names") / f"frequency-{version}.npz").read_bytes()
    with np.load(BytesIO(packed), allow_pickle=False) as arrays:
        keys = np.cumsum(from_planes(arrays["key_steps"]), dtype=np.uint32)
        return _Table(keys, np.stack([arrays["given"], arrays["family"]], axis=1))
