"""The views that a scheme can ask for, each from one value of an attribute to its tokens.

A view is named `attribute.view/version`. Once a scheme that uses it is published, its tokens
never change: a better rule is a new version beside the old one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from encoders import births, names
from encoders.codes import normalise_sex
from encoders.dates import ABSENT, Birth, parse_birth
from encoders.gazetteer import country_codes
from encoders.gazetteer.place import Place, codes
from encoders.places import plain_word

Tokens = Iterable[str]


def _as_it_is(value: Any) -> Any:
    return value


def _all_of_it(value: Any) -> tuple[Any, ...]:
    return (value,)


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an attribute reads, and whether its columns are one value or a bag of values.

    Attributes:
        columns: The canonical columns that it reads.
        parse: Gives what is known from the cells: from each cell alone where `pooled`, from all
            cells of the row together where not. Two attributes that parse alike share the work.
        pooled: Whether every cell is a value of its own, whose tokens are put together, so that
            values that have changed columns still meet.
        narrow: Gives the attribute's value from what was parsed; without it, that is the value.
    """

    columns: tuple[str, ...]
    parse: Callable[..., Any]
    pooled: bool
    narrow: Callable[[Any], Any] | None = None

    def read(self, *cells: str | None) -> Any:
        """Give the attribute's value from a cell, or from all cells of a row."""
        parsed = self.parse(*cells)
        return parsed if self.narrow is None else self.narrow(parsed)


@dataclass(frozen=True, slots=True)
class View:
    """From one value of an attribute to its tokens, by way of parts that many values share.

    Attributes:
        tokens: Gives the tokens of one part, as it was read.
        parts: Gives the parts of a value, each of which can be a key of a dictionary.
        read: Gives what the tokens are made of, from a part. Views with the same parts and the
            same reading share the work.
    """

    tokens: Callable[[Any], Tokens]
    parts: Callable[[Any], Iterable[Any]] = _all_of_it
    read: Callable[[Any], Any] = _as_it_is

    def __call__(self, value: Any) -> Tokens:
        """Give the tokens of a value, some of them perhaps more than once."""
        return [token for part in self.parts(value) for token in self.tokens(self.read(part))]


_BIRTH_COLUMNS = ("birth_date", "age", "age_on", "calendar")


def _birth(*cells: str | None) -> Birth:
    return parse_birth(*cells)[0]


def _to_the_day(birth: Birth) -> Birth:
    """What is known of a birth where its day is; a pass that needs it compares whole dates only."""
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
    "birth_day": Attribute(_BIRTH_COLUMNS, _birth, pooled=False, narrow=_to_the_day),
    "sex": Attribute(("sex",), lambda cell: normalise_sex(cell)[0], pooled=True),
    "place": Attribute(("birth_place", "residence", "last_seen_place"), Place, pooled=True),
    "nationality": Attribute(("nationality",), country_codes, pooled=True),
}


_name_parts = attrgetter("parts")
_name_pieces = attrgetter("pieces")
_place_parts = attrgetter("parts")
_place_words = attrgetter("words")


def _unknown_words(place: Place) -> Iterable[str]:
    return place.location.unknown


def _spelt_bigrams(piece: names.Spelling) -> Tokens:
    return names.bigrams(piece.letters) if piece.letters else ()


def _spelt_skeleton(piece: names.Spelling) -> Tokens:
    return names.bigrams(piece.consonants) if piece.consonants else ()


def _spelt_phonetic(piece: names.Spelling) -> Tokens:
    return names.phonetic(piece.letters)


def _whole_skeleton(piece: names.Spelling) -> Tokens:
    return (piece.consonants,) if piece.consonants else ()


def _word_bigrams(word: str) -> Tokens:
    letters = plain_word(word)
    return names.bigrams(letters) if letters else ()


def _sounds(piece: str) -> Tokens:
    return names.sound_model(1).units_of(piece)


VIEWS = {
    "name.bigrams/1": View(names.bigrams, _name_parts),
    "name.skeleton/1": View(names.skeleton_pairs, _name_parts),
    "name.phonetic/1": View(names.phonetic, _name_parts),
    "name.bigrams/2": View(_spelt_bigrams, _name_pieces, names.Spelling.of),
    "name.skeleton/2": View(_spelt_skeleton, _name_pieces, names.Spelling.of),
    "name.phonetic/2": View(_spelt_phonetic, _name_pieces, names.Spelling.of),
    "name.whole_skeleton/1": View(_whole_skeleton, _name_pieces, names.Spelling.of),
    "name.sounds/1": View(_sounds, _name_pieces),
    "name.lexicon/1": View(lambda piece: names.lexicon(1).entries_of(piece), _name_pieces),
    "name.diminutive/1": View(names.called_for, _name_pieces),
    "given.skeleton_key/1": View(names.given_key),
    "family.skeleton_key/1": View(names.family_key),
    "first_and_last.skeleton_key/1": View(names.whole_key),
    "birth.year/1": View(births.years_in, births.span),
    "birth.near_year/1": View(lambda years: births.years_in(years, margin=1), births.span),
    "birth.year_digits/1": View(births.year_digits_in, births.written_span),
    "birth.swapped_year/1": View(births.swapped_year_in, births.written_span),
    "birth.decade/1": View(births.decades_in, births.span),
    "birth.month/1": View(lambda month: (str(month),), births.months),
    "birth.day/1": View(lambda day: (str(day[1]),), births.days),
    "birth.day_and_month/1": View(lambda day: (births.unordered_day(day),), births.days),
    "birth.day_month/1": View(lambda day: (f"{day[0]}-{day[1]}",), births.days),
    "birth.date/1": View(births.whole_date),
    "birth.near_day/1": View(births.near_days),
    "sex.code/1": View(lambda code: (code,) if code else ()),
    "place.bigrams/1": View(names.bigrams, _place_parts),
    "place.bigrams/2": View(_word_bigrams, _place_words),
    "place.sounds/1": View(lambda word: () if word.isdecimal() else _sounds(word), _place_words),
    "place.codes/1": View(codes),
    "place.unknown/1": View(_word_bigrams, _unknown_words),
    "nationality.code/1": View(lambda countries: countries),
}
