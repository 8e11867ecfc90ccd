"""The information floor: how much could have been told by what was compared at all.

Two records that hold one given name and one year, and agree in both, agree in all they hold; their
fingerprints can be as alike as those of two records that hold everything. So the score of a pair
is bounded by what both records know and some pass compared: when everything that was compared is
the same, the weight of evidence is at most the log2 of how seldom two persons agree in that by
chance. The bound is soft, so that of two pairs with one bound the nearer one still comes first.

How seldom two registered persons agree by chance, in bits, names by the sounds of their consonants:

| | given name | family name | mother's | year | day and month | place | nationality |
|---|---|---|---|---|---|---|---|
| FEBRL 4 | 7.0 | 7.6 | | 6.6 | 8.5 | 2.0 | |
| generated tracing set, 30,000 | 6.4 | 6.4 | 6.1 | 6.4 | 8.5 | 5.3 | 3.4 |
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.formats.knowledge import KINDS, Kind, Knowledge, level_of, mask_of, shared

Bits = npt.NDArray[np.float64]

BITS: Final[dict[Kind, tuple[float, ...]]] = {
    "name": (0.0, 7.0, 14.0, 21.0),
    "birth": (0.0, 2.0, 6.5, 15.0),
    "sex": (0.0, 1.0),
    "place": (0.0, 4.0),
    "mother": (0.0, 6.0),
    "nationality": (0.0, 2.0),
}
"""For each kind of fact and each level of knowing it, what agreement can tell at most, in bits."""

GIVEN_NAME_AND_YEAR: Final = BITS["name"][1] + BITS["birth"][2]
"""What agreement in one name part and a year of birth can tell, with all else absent."""

_KNEE: Final = 3.0  # bits below the bound from which a score is bent


def kinds_of(attributes: Iterable[str]) -> frozenset[Kind]:
    """Give the kinds of facts that a pass compares, from its attributes' names in the scheme.

    An attribute is of the kind that its name begins with, as `birth_day` is of birth; one of no
    known kind adds nothing.
    """
    begun = {name.split("_")[0] for name in attributes}
    return frozenset(kind for kind in KINDS if kind in begun)


def bound(
    left: Knowledge,
    right: Knowledge,
    compared: npt.NDArray[np.bool_],
    kinds: Sequence[frozenset[Kind]],
) -> Bits:
    """Give the most that each pair can score.

    Args:
        left: What is known of each pair's left person, uint8 of shape (pairs,).
        right: What is known of the right person.
        compared: Shape (pairs, passes), bool: the passes that both persons have.
        kinds: For each pass the kinds of facts that it compares.

    Returns:
        Shape (pairs,), float64, in bits: over all kinds of facts that some pass compared, what
        agreement at the lesser of the two levels can tell. 0 where nothing was compared.
    """
    masks = np.array([mask_of(of_pass) for of_pass in kinds], dtype=np.uint8)
    seen = np.bitwise_or.reduce(np.where(compared, masks, np.uint8(0)), axis=1)
    both = shared(left, right) & seen
    # Every byte that there can be, once.
    every = np.arange(256, dtype=np.uint8)
    told = [np.array(BITS[kind])[level_of(every, kind)] for kind in KINDS]
    most: Bits = np.sum(told, axis=0)[both]
    return most


def bounded(scores: Bits, most: Bits) -> Bits:
    """Bend scores so that none reaches its bound.

    Up to three bits below the bound a score stays as it is; from there it nears the bound as a
    hyperbola does, so that the order of scores with one bound is kept.
    """
    above = np.maximum(scores - (most - _KNEE), 0)
    return np.where(above > 0, most - _KNEE**2 / (_KNEE + above), scores)
