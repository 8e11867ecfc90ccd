"""The attributes that a refinement compares: what a cell of each holds, and where.

A cell is one plain byte and then the parts of its kind, one after another. A part of `bits` is a
filter in which every draw sets a bit; a part of `words` holds 16 bits for every draw. A value
always makes all the draws of its kind: where it has few tokens each is drawn several times
(`bits`), or the rest is filled at random (`words`), so that no cell tells how long a name is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PIECES: Final = ("given_1", "given_2", "father", "grandfather", "family_1", "family_2", "other_1",
                 "other_2")  # fmt: skip
"""Fields of the pieces of a person's own name. All are under one key, so that a name that changed
its place is still seen. The plain byte is the frequency class of the piece."""

MOTHERS: Final = ("mother_1", "mother_2")
"""Fields of the pieces of the mother's name."""

PLACES: Final = ("birth_place", "residence", "last_seen_place")
"""Fields of places, all under one key. The plain byte is one of `KNOWN_OF_PLACE`."""

PRECISIONS: Final = ("day", "month", "year", "decade", "age")
"""How precisely a birth is known: the plain byte of `birth`."""

SEPARATION_PRECISIONS: Final = ("day", "month", "year", "decade")
"""How precisely the day of a separation is known: the plain byte of `separation`."""

KNOWN_OF_PLACE: Final = ("text", "country", "town", "address")
"""How much is known of a place: words alone, its country, its town, or a town and an address."""

FREQUENCY_CLASSES: Final = 6
"""Classes of a name's frequency, from 0, very common, to 5, unheard of."""

YEAR_MARGIN: Final = 3
"""A birth has words for the years it can be in and so many before and after."""

SEPARATION_MARGINS: Final = {"years": 1, "months": 1, "days": 3}
"""Likewise a separation for years, for months, and for days, as far as each is known."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a cell.

    Attributes:
        name: What it is called.
        draws: How many draws it has.
        bits: The length of its filter, a power of 2; 0 where each draw is a word of its own.
    """

    name: str
    draws: int
    bits: int = 0

    @property
    def width(self) -> int:
        """Its length in bytes."""
        return self.bits // 8 if self.bits else 2 * self.draws


@dataclass(frozen=True, slots=True)
class Kind:
    """What a cell holds behind its plain byte.

    Attributes:
        parts: Its parts, in their order.
        plain: How many values the plain byte may have.
    """

    parts: tuple[Part, ...]
    plain: int = 1

    @property
    def width(self) -> int:
        """The length of a cell in bytes."""
        return 1 + sum(part.width for part in self.parts)

    @property
    def draws(self) -> int:
        """How many draws a value makes."""
        return sum(part.draws for part in self.parts)

    def starts(self) -> Iterator[tuple[Part, int]]:
        """Give each part and the byte that it begins at."""
        at = 1
        for part in self.parts:
            yield part, at
            at += part.width

    def slice_of(self, name: str) -> slice:
        """Give the bytes of a part."""
        part, start = next(found for found in self.starts() if found[0].name == name)
        return slice(start, start + part.width)


PIECE: Final = Kind(
    (
        Part("bigrams", 16, 128),
        Part("sounds", 48, 256),
        Part("whole", 1),
        Part("skeleton", 1),
        Part("phonetic", 1),
        Part("lexicon", 8),
    ),
    FREQUENCY_CLASSES,
)
BIRTH: Final = Kind(
    (
        Part("years", 20),
        Part("tens", 2),
        Part("ones", 2),
        Part("swapped_year", 2),
        Part("month", 2),
        Part("day", 3),
        Part("day_and_month", 3),
        Part("near_days", 5),
    ),
    len(PRECISIONS),
)
PLACE: Final = Kind(
    (
        Part("bigrams", 32, 256),
        Part("whole", 1),
        Part("country", 2),
        Part("region", 2),
        Part("town", 2),
    ),
    len(KNOWN_OF_PLACE),
)
CODE: Final = Kind((Part("codes", 4),))

SEPARATION: Final = Kind(
    (Part("years", 12), Part("months", 4), Part("days", 10)), len(SEPARATION_PRECISIONS)
)

GROUPS: Final = ("name", "mother", "birth", "sex", "nationality", "place", "separation")
"""Fields of one group are under one key."""

FIELDS: Final[dict[str, tuple[str, Kind]]] = {
    **dict.fromkeys(PIECES, ("name", PIECE)),
    **dict.fromkeys(MOTHERS, ("mother", PIECE)),
    "birth": ("birth", BIRTH),
    "sex": ("sex", CODE),
    "nationality": ("nationality", CODE),
    **dict.fromkeys(PLACES, ("place", PLACE)),
    "separation": ("separation", SEPARATION),
}
"""For each field its group and kind, in the order of an answer's columns."""
