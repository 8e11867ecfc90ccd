"""How much a record can tell at most, in three levels: what a batch says beside each fingerprint.

A filter is filled up to a floor, so it doesn't show how little lies in it; without this level two
records that hold one given name and one year would look like two that hold all there is. Which
kinds of facts a record holds would tell that, and tell one record from another too: some sixty
combinations occur. Decisions need less: up to which band agreement in all of a record could bring
it. So the society adds up what all that a record holds can tell (`BITS`), over the kinds of facts
that some pass of the scheme compares, and a batch says only between which `ENDS` the sum lies.

| level | bits | for example, under `standard/3` | a candidate is at most |
|---|---|---|---|
| 0 | to 20 | a given name, a year and the sex | weak, under an agreement's own bands too |
| 1 | to 26.5 | a given name, a day of birth and a place | possible |
| 2 | more | a whole name and a year | strong |

The ends are the greatest `possible` and `strong` of the models that come with kinmatch: a record
whose whole content can't pass a band's least score is of the level below. A level more would tell
those who hold next to nothing from the others of level 0; they are so few that it would name them.
"""

from collections.abc import Iterable
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["name", "birth", "sex", "place", "mother", "nationality"]
"""A kind of fact."""

Knowledge = npt.NDArray[np.uint8]
"""The level of each person, 0 to `HIGHEST`."""

BITS: Final[dict[Kind, tuple[float, ...]]] = {
    "name": (0.0, 7.0, 14.0, 21.0),
    "birth": (0.0, 2.0, 6.5, 15.0),
    "sex": (0.0, 1.0),
    "place": (0.0, 4.0),
    "mother": (0.0, 6.0),
    "nationality": (0.0, 2.0),
}
"""What agreement in each kind of fact can tell at most, in bits, by how much of it is held: of a
name none, one, two, three parts or more; of a birth nothing, an age or a decade, a year or a month,
a day; of all others nothing or something. `matcher.decisions.information` has where it was
measured."""

ENDS: Final = (20.0, 26.5)
"""The most bits that a record of each level can tell; those of the last have no end."""

HIGHEST: Final = len(ENDS)


def kinds_of(attributes: Iterable[str]) -> frozenset[Kind]:
    """Give the kinds of facts that a pass compares, from its attributes' names in the scheme.

    An attribute is of the kind that its name begins with, as `birth_day` is of birth; one of no
    known kind adds nothing.
    """
    begun = {name.split("_")[0] for name in attributes}
    return frozenset(kind for kind in BITS if kind in begun)


def level_of(told: npt.NDArray[np.float64]) -> Knowledge:
    """Give the level of n records.

    Args:
        told: What agreement in all that is compared of each record can tell at most, in bits.

    Returns:
        Shape (n,), uint8. Who can tell exactly as much as one of `ENDS` is of the level below it.
    """
    return np.searchsorted(ENDS, told).astype(np.uint8)
