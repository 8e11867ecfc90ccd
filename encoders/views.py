"""The views that a scheme can ask for, each from one value of an attribute to its tokens.

A view is named `attribute.view/version`. Once a scheme that uses it is published, its tokens
never change: a better rule is a new version beside the old one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from encoders import births, names
from encoders.codes import normalise_sex
from encoders.dates import ABSENT, Birth, parse_birth
from encoders.gazetteer import country_codes
from encoders.gazetteer.place import Place, codes
from encoders.places import plain_word

Tokens = Iterable[str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an attribute reads, and whether its columns are one value or a bag of values.

    Attributes:
        columns: The canonical columns that it reads.
        read: Gives the attribute's value from the cells: from each cell alone where `pooled`,
            from all cells of the row together where not.
        pooled: Whether every cell is a value of its own, whose tokens are put together, so that
            values that have changed columns still meet.
    """

    columns: tuple[str, ...]
    read: Callable[..., Any]
    pooled: bool


_BIRTH_COLUMNS = ("birth_date", "age", "age_on", "calendar")


def _birth(*cells: str | None) -> Birth:
    return parse_birth(*cells)[0]


def _birth_to_the_day(*cells: str | None) -> Birth:
    """What is known of a birth where its day is; a pass that needs it compares whole dates only."""
    birth = _birth(*cells)
    return birth if birth.precision == "day" else ABSENT


_NAME_COLUMNS = ("given_name", "father_name", "grandfather_name", "family_name")

ATTRIBUTES = {
    "name": Attribute(
        (*_NAME_COLUMNS, "other_names"),
        names.Name,
        pooled=True,
    ),
    "mother": Attribute(("mother_name",), names.Name, pooled=True),
    "given": Attribute(("given_name",), names.Name, pooled=True),
    "family": Attribute(_NAME_COLUMNS, names.family_name, pooled=False),
    "first_and_last": Attribute(_NAME_COLUMNS, names.first_and_last, pooled=False),
    "birth": Attribute(_BIRTH_COLUMNS, _birth, pooled=False),
    "birth_day": Attribute(_BIRTH_COLUMNS, _birth_to_the_day, pooled=False),
    "sex": Attribute(("sex",), lambda cell: normalise_sex(cell)[0], pooled=True),
    "place": Attribute(("birth_place", "residence", "last_seen_place"), Place, pooled=True),
    "nationality": Attribute(("nationality",), country_codes, pooled=True),
}


def _of_names_parts(view: Callable[[str], Tokens]) -> Callable[[names.Name], Tokens]:
    return lambda name: [token for part in name.parts for token in view(part)]


def _of_pieces(view: Callable[[str], Tokens]) -> Callable[[names.Name], Tokens]:
    return lambda name: [token for piece in name.pieces for token in view(piece)]


def _bigrams_of(parts: Iterable[str]) -> Tokens:
    return [token for part in parts for token in names.bigrams(part)]


def _romanised_bigrams(piece: str) -> Tokens:
    letters = names.romanised(piece)
    return names.bigrams(letters) if letters else ()


def _romanised_skeleton(piece: str) -> Tokens:
    letters = names.romanised(piece)
    return names.skeleton_pairs(letters) if letters else ()


def _word_bigrams(place: Place) -> Tokens:
    return _bigrams_of(filter(None, map(plain_word, place.words)))


def _word_sounds(place: Place) -> Tokens:
    words = (word for word in place.words if not word.isdecimal())
    return [unit for word in words for unit in names.sound_model(1).units_of(word)]


VIEWS: dict[str, Callable[[Any], Tokens]] = {
    "name.bigrams/1": _of_names_parts(names.bigrams),
    "name.skeleton/1": _of_names_parts(names.skeleton_pairs),
    "name.phonetic/1": _of_names_parts(names.phonetic),
    "name.bigrams/2": _of_pieces(_romanised_bigrams),
    "name.skeleton/2": _of_pieces(_romanised_skeleton),
    "name.sounds/1": _of_pieces(lambda piece: names.sound_model(1).units_of(piece)),
    "name.lexicon/1": _of_pieces(lambda piece: names.lexicon(1).entries_of(piece)),
    "given.skeleton_key/1": names.given_key,
    "family.skeleton_key/1": names.family_key,
    "first_and_last.skeleton_key/1": names.whole_key,
    "birth.year/1": births.years,
    "birth.near_year/1": lambda birth: births.years(birth, margin=1),
    "birth.year_digits/1": births.year_digits,
    "birth.swapped_year/1": births.swapped_year,
    "birth.decade/1": births.decades,
    "birth.month/1": births.month,
    "birth.day/1": births.day,
    "birth.day_and_month/1": births.day_and_month,
    "birth.day_month/1": births.day_of_year,
    "birth.date/1": births.whole_date,
    "birth.near_day/1": births.near_days,
    "sex.code/1": lambda code: (code,) if code else (),
    "place.bigrams/1": lambda place: _bigrams_of(place.parts),
    "place.bigrams/2": _word_bigrams,
    "place.sounds/1": _word_sounds,
    "place.codes/1": codes,
    "place.unknown/1": lambda place: _bigrams_of(place.location.unknown),
    "nationality.code/1": lambda countries: countries,
}
