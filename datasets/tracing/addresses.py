"""Streets and numbers: where a household lived at home, and where it arrived.

They are shared by the household, so an address that agrees tells relatives from strangers, and not
from each other.
"""

from typing import NamedTuple

import numpy as np

from datasets.tracing.dice import Bools, Dice, Ints, Texts
from datasets.tracing.families import FATHER_B, PLACES_IN_FAMILY, People
from datasets.tracing.lexicon import Lexicon
from datasets.tracing.name_parts import Side

_LAST_NUMBER = 120
_SHARE_WRITTEN: dict[Side, float] = {"request": 0.5, "register": 0.8}  # of those at home
_FATES = ("no", "whole", "no_number", "wrong_number")
_FATE_WEIGHTS = (0.0, 0.75, 0.15, 0.10)


class Streets(NamedTuple):
    """The streets of n people, named after persons, and the numbers of their houses.

    Attributes:
        street: Ids of names.
        number: From 1.
    """

    street: Ints
    number: Ints

    def take(self, rows: Ints) -> "Streets":
        """Give those of these rows, in this order."""
        return Streets(self.street[rows], self.number[rows])


def streets(dice: Dice, lexicon: Lexicon, people: People) -> Streets:
    """Draw where every household lived.

    Args:
        dice: The source of chance.
        lexicon: Names.
        people: Whole families, as `datasets.tracing.families.found` makes them; the brothers A and
            B have households of their own.
    """
    household = 2 * np.arange(len(people) // PLACES_IN_FAMILY)[:, None]
    household = (household + (np.arange(PLACES_IN_FAMILY) >= FATHER_B)).reshape(-1)
    households = 2 * (len(people) // PLACES_IN_FAMILY)
    culture = people.culture[::PLACES_IN_FAMILY].repeat(2)
    street = lexicon.draw(culture, "male", dice.unit(households))
    number = dice.whole(1, _LAST_NUMBER, households)
    return Streets(street[household], number[household])


def written(
    dice: Dice,
    lexicon: Lexicon,
    lived: Streets,
    residence: Texts,
    at_home: Bools,
    scripts: Ints,
    *,
    side: Side,
) -> tuple[Texts, dict[str, Texts]]:
    """Write residences, many of those at home with street and number.

    Args:
        dice: The source of chance.
        lexicon: Names with their spellings.
        lived: Where the person of each row lived at home.
        residence: What is written so far, a place or "".
        at_home: Where that is the home.
        scripts: In which script, a number of `SCRIPTS`.
        side: Written by whom.

    Returns:
        The residences; and what happened, as `address` (no, whole, no_number, wrong_number).
    """
    size = len(residence)
    fate = dice.choice(_FATE_WEIGHTS, size)
    street = lexicon.spellings.pick(lived.street, scripts, dice.unit(size))
    drawn = dice.whole(1, _LAST_NUMBER, size)
    fate = np.where(at_home & dice.share(_SHARE_WRITTEN[side], size), fate, 0)
    number = np.where(fate == _FATES.index("wrong_number"), drawn, lived.number)
    texts = [
        place if not kind else f"{name}, {place}" if kind == 2 else f"{name} {house}, {place}"
        for place, kind, name, house in zip(
            residence, fate.tolist(), street, number.tolist(), strict=True
        )
    ]
    return np.array(texts, dtype=object), {"address": np.array(_FATES, dtype=object)[fate]}
