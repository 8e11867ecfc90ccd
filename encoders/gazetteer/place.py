"""One place as written, and the tokens of what the gazetteer knows of it."""

from dataclasses import dataclass
from functools import cached_property

from encoders.gazetteer import Location, locate
from encoders.places import place_parts, words_without_article

_REGION_TOKENS, _TOWN_TOKENS = 2, 4


@dataclass(frozen=True, repr=False)
class Place:
    """A place as written, from which every view is made; it is looked up once.

    Attributes:
        text: The cell.
    """

    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The romanised parts, as `encoders.places.place_parts` gives them."""
        return place_parts(self.text)

    @property
    def words(self) -> tuple[str, ...]:
        """The words in their own script, as `encoders.places.words_without_article` gives them."""
        return words_without_article(self.text)

    @cached_property
    def location(self) -> Location:
        """What the gazetteer knows."""
        return locate(self.text)


def codes(place: Place) -> tuple[str, ...]:
    """A token for each country, two for each region and four for each town.

    So two towns of one region share three of seven, and two of one country one.
    """
    where = place.location
    return (
        *(f"country {code}" for code in where.countries),
        *(f"region {code} {i}" for code in where.regions for i in range(_REGION_TOKENS)),
        *(f"town {code} {i}" for code in where.towns for i in range(_TOWN_TOKENS)),
    )
