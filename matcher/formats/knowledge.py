"""How much is known of a person, as one byte: what the linkage unit has to know of a fingerprint.

A filter is filled up to a floor, so it doesn't show how little lies in it; without this byte two
records that both hold one given name and one year would look like two that hold all there is. The
byte says which kinds of facts there are and never what they are, coarsely: three name parts are
as good as seven.

    bits 0-1  name parts: none, one, two, three or more
    bits 2-3  birth: not known, an age or a decade, a year (or a month), a day
    bit 4     sex
    bit 5     a place
    bit 6     the mother's name
    bit 7     a nationality
"""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["name", "birth", "sex", "place", "mother", "nationality"]
"""A kind of fact."""

Knowledge = npt.NDArray[np.uint8]
"""One byte for each person, as the module draws it."""

MOST_PARTS: Final = 3
"""More name parts than these are not told apart."""

BIRTH_VAGUE, BIRTH_YEAR, BIRTH_DAY = 1, 2, 3
"""How well a birth is known, from the least; 0 is not at all."""

_FLAGS: Final[dict[Kind, int]] = {"sex": 4, "place": 5, "mother": 6, "nationality": 7}
_WIDTH: Final[dict[Kind, tuple[int, int]]] = {
    "name": (0, 3),
    "birth": (2, 3),
    **{kind: (at, 1) for kind, at in _FLAGS.items()},
}

KINDS: Final = tuple(_WIDTH)
"""The kinds of facts, in the order of their bits."""


def pack(
    name_parts: npt.NDArray[np.int64],
    birth: npt.NDArray[np.int64],
    flags: Mapping[Kind, npt.NDArray[np.bool_]],
) -> Knowledge:
    """Put together what is known of n persons.

    Args:
        name_parts: How many name parts, at least 0; all above `MOST_PARTS` count as that many.
        birth: 0 to `BIRTH_DAY`.
        flags: For sex, place, mother and nationality whether they are known.

    Returns:
        Shape (n,), uint8.
    """
    packed = np.minimum(name_parts, MOST_PARTS) | birth << 2
    for kind, at in _FLAGS.items():
        packed = packed | flags[kind].astype(np.int64) << at
    known: Knowledge = packed.astype(np.uint8)
    return known


def level_of(known: Knowledge, kind: Kind) -> Knowledge:
    """Give how much is known of one kind of fact: 0 to 3 for name and birth, else 0 or 1."""
    at, most = _WIDTH[kind]
    level: Knowledge = known >> np.uint8(at) & np.uint8(most)
    return level


def shared(one: Knowledge, other: Knowledge) -> Knowledge:
    """Give what is known of both of two persons: of every kind the lesser level."""
    both = np.zeros(np.broadcast(one, other).shape, dtype=np.uint8)
    for kind, (at, _) in _WIDTH.items():
        both |= np.minimum(level_of(one, kind), level_of(other, kind)) << np.uint8(at)
    return both


def mask_of(kinds: frozenset[Kind]) -> int:
    """Give the byte that has all bits of these kinds of facts and no others."""
    return sum(_WIDTH[kind][1] << _WIDTH[kind][0] for kind in kinds)
