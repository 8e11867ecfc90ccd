"""The information floor: how much could have been told by what was compared at all.

Two records that hold one given name and one year, and agree in both, agree in all they hold; their
fingerprints can be as alike as those of two records that hold everything. So the score of a pair
is bounded twice. By the levels of both records (`matcher.formats.knowledge`): agreement can tell no
more than the one that holds less does. And by what is public: it can tell no more than a record
that lacks nothing would by the passes that both have. The bound is soft, so that of two pairs with
one bound the nearer one still comes first.

A level says how much a record holds and not what, so two that hold different things are bounded by
the lesser sum and not by what they share. For the most part they need no such bound: what one holds
alone sets bits that the other lacks, the more the more it tells. But where what is not shared is
little, as where one has a given name and a day of birth, the other two names and a year, up to two
in five such pairs of one person come up to `possible` under `standard/2`, by 13.5 bits in common;
none to `strong` under any published scheme: none begins below what level 1 can tell (`MUCH`).
Such records are few. In a generated tracing set (under `standard/2`, 16,949 sought among 60,000) 98
pairs of two persons come up to `possible`, and would be 90 if what is shared were known; of pairs
of one person 1,283, and would be 1,260. Under `high/1` it is 78 for 77, and 1,335 for 1,328.

How seldom two registered persons agree by chance, in bits, names by the sounds of their consonants:

| | given name | family name | mother's | year | day and month | place | nationality |
|---|---|---|---|---|---|---|---|
| FEBRL 4 | 7.0 | 7.6 | | 6.6 | 8.5 | 2.0 | |
| generated tracing set, 30,000 | 6.4 | 6.4 | 6.1 | 6.4 | 8.5 | 5.3 | 3.4 |
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.formats.knowledge import BITS, Kind, Knowledge

Bits = npt.NDArray[np.float64]

LITTLE: Final = BITS["name"][1] + BITS["birth"][2] + BITS["sex"][1]
"""What agreement in a given name, a year of birth and the sex can tell, with all else absent: below
`possible` of every model, and below what an agreement may choose for it."""

MUCH: Final = 24.5
"""What agreement in all of a record of level 1 is taken to tell at most, in bits."""

_KNEE: Final = 3.0  # bits below the bound from which a score is bent


def caps(strong: float) -> Bits:
    """Say what the score of a pair stays below by the lesser of both levels, in bits.

    Whatever the bands, a pair of level 0 is weak at most, and one of level 1 possible. Level 0 ends
    at the greatest `possible` of the models that come with kinmatch, level 1 at the greatest
    `strong`. Where more than a million are registered, bands ask for more, and then level 2 lets
    through what its records' bits would not have.

    Args:
        strong: The least score of a strong candidate.
    """
    return np.array((LITTLE, min(MUCH, strong), np.inf))


def bound(
    left: Knowledge,
    right: Knowledge,
    compared: npt.NDArray[np.bool_],
    kinds: Sequence[frozenset[Kind]],
    strong: float,
) -> Bits:
    """Give the most that each pair can score.

    Args:
        left: The level of each pair's left person, uint8 of shape (pairs,).
        right: The level of the right person.
        compared: Shape (pairs, passes), bool: the passes that both persons have.
        kinds: For each pass the kinds of facts that it compares.
        strong: The least score of a strong candidate.

    Returns:
        Shape (pairs,), float64, in bits: the cap of the lesser level, or what agreement in all
        kinds of facts that some pass compared can tell, if that is less. 0 where nothing was
        compared.
    """
    compares = np.array([[kind in of_pass for kind in BITS] for of_pass in kinds], dtype=np.bool_)
    seen = compared @ compares
    at_most: Bits = np.minimum(
        caps(strong)[np.minimum(left, right)], seen @ [told[-1] for told in BITS.values()]
    )
    return at_most


def bounded(scores: Bits, most: Bits) -> Bits:
    """Bend scores so that none reaches its bound.

    Up to three bits below the bound a score stays as it is; from there it nears the bound as a
    hyperbola does, so that the order of scores with one bound is kept.
    """
    above = np.maximum(scores - (most - _KNEE), 0)
    return np.where(above > 0, most - _KNEE**2 / (_KNEE + above), scores)
