"""The views that a scheme can ask for, each from one value of an attribute to its tokens.

A view is named `attribute.view/version`. Once a scheme that uses it is published, its tokens
never change: a better rule is a new version beside the old one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from encoders import births, names
from encoders.birth_columns import BIRTH_COLUMNS, Births
from encoders.codes import normalise_sex
from encoders.dates import ABSENT, Birth, parse_birth
from encoders.distinct import ManyAtOnce
from encoders.gazetteer import country_codes
from encoders.gazetteer.place import Place, codes
from encoders.places import PLAIN_WORDS, plain_word, words_of_word
from encoders.records import NAME_COLUMNS
from encoders.words import WordByWord

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
        reader: Gives a function that tells what is known from a cell, or from all cells of a row
            for an attribute of births. It is asked for one for each vocabulary, so that what the
            function remembers of what it read ends with that. Attributes with the same reader
            share the work.
        of_births: For an attribute of births, which of them it takes. Any other has a bag of
            values: every cell is one, and the tokens of all are put together, so that values that
            have changed columns still meet.
    """

    columns: tuple[str, ...]
    reader: Callable[[], Callable[..., Any]]
    of_births: Callable[[Births], Births] | None = None

    @property
    def pooled(self) -> bool:
        """Whether every cell is a value of its own."""
        return self.of_births is None

    def read(self, *cells: str | None) -> Any:
        """Give the attribute's value from a cell, or from all cells of a row."""
        return self.reader()(*cells)


@dataclass(frozen=True, slots=True)
class View:
    """From one value of an attribute to its tokens, by way of parts that many values share.

    Attributes:
        tokens: Gives the tokens of one part, as it was read.
        parts: Gives the parts of a value, each of which can be a key of a dictionary.
        read: Gives what the tokens are made of, from a part. Views with the same parts and the
            same reading share the work.
        of_births: For a view of births, what of them it looks at: births that are alike in that
            are one value.
        spelt: For a view of letter pairs, gives the text whose pairs are the tokens, in letters a
            to z, A to Z and digits; so the pairs of many parts can be made at once.
    """

    tokens: Callable[[Any], Tokens]
    parts: Callable[[Any], Iterable[Any]] = _all_of_it
    read: Callable[[Any], Any] = _as_it_is
    of_births: Callable[[Births], Births] = Births.all_of_it
    spelt: Callable[[Any], str] | None = None

    def __call__(self, value: Any) -> Tokens:
        """Give the tokens of a value, some of them perhaps more than once."""
        return [token for part in self.parts(value) for token in self.tokens(self.read(part))]


def _birth(*cells: str | None) -> Birth:
    return parse_birth(*cells)[0]


def _birth_to_the_day(*cells: str | None) -> Birth:
    """A birth whose day is known; a pass that needs it compares whole dates only."""
    birth = _birth(*cells)
    return birth if birth.precision == "day" else ABSENT


def _sex(cell: str) -> str | None:
    return normalise_sex(cell)[0]


def _names() -> Callable[[str], names.Name]:
    return names.Name


ATTRIBUTES = {
    "name": Attribute(NAME_COLUMNS, _names),
    "mother": Attribute(("mother_name",), _names),
    "given": Attribute(("given_name",), _names),
    "birth": Attribute(BIRTH_COLUMNS, lambda: _birth, Births.all_of_it),
    "birth_day": Attribute(BIRTH_COLUMNS, lambda: _birth_to_the_day, Births.to_the_day),
    "sex": Attribute(("sex",), lambda: _sex),
    "place": Attribute(("birth_place", "residence", "last_seen_place"), lambda: Place),
    "nationality": Attribute(("nationality",), lambda: country_codes),
}


_name_parts = attrgetter("parts")
_name_pieces = WordByWord(attrgetter("pieces"), names.pieces_of_word, names.PLAIN_WORDS)
_letters = attrgetter("letters")
_consonants = attrgetter("consonants")
_spelt = ManyAtOnce(names.Spelling.of, names.Spelling.of_many)
_place_parts = attrgetter("parts")
_place_words = WordByWord(attrgetter("words"), words_of_word, PLAIN_WORDS)


def _unknown_words(place: Place) -> Iterable[str]:
    return place.location.unknown


def _spelt_phonetic(piece: names.Spelling) -> Tokens:
    return names.phonetic(piece.letters)


def _whole_skeleton(piece: names.Spelling) -> Tokens:
    return (piece.consonants,) if piece.consonants else ()


def _sounds(piece: str) -> Tokens:
    return names.sound_model(1).units_of(piece)


def _in_pairs(
    spelt: Callable[[Any], str],
    parts: Callable[[Any], Iterable[Any]],
    read: Callable[[Any], Any] = _as_it_is,
) -> View:
    def tokens(part: Any) -> Tokens:
        text = spelt(part)
        return names.bigrams(text) if text else ()

    return View(tokens, parts, read, spelt=spelt)


def _of_years(
    tokens: Callable[[Any], Tokens], parts: Callable[[Birth], Iterable[Any]] = births.span
) -> View:
    return View(tokens, parts, of_births=Births.years)


def _of_days(
    tokens: Callable[[Any], Tokens], parts: Callable[[Birth], Iterable[Any]] = births.days
) -> View:
    return View(tokens, parts, of_births=Births.days)


VIEWS = {
    "name.bigrams/1": View(names.bigrams, _name_parts),
    "name.skeleton/1": View(names.skeleton_pairs, _name_parts),
    "name.phonetic/1": View(names.phonetic, _name_parts),
    "name.bigrams/2": _in_pairs(_letters, _name_pieces, _spelt),
    "name.skeleton/2": _in_pairs(_consonants, _name_pieces, _spelt),
    "name.phonetic/2": View(_spelt_phonetic, _name_pieces, _spelt),
    "name.whole_skeleton/1": View(_whole_skeleton, _name_pieces, _spelt),
    "name.sounds/1": View(_sounds, _name_pieces),
    "name.lexicon/1": View(lambda piece: names.lexicon(1).entries_of(piece), _name_pieces),
    "name.diminutive/1": View(names.called_for, _name_pieces),
    "birth.year/1": _of_years(births.years_in),
    "birth.near_year/1": _of_years(lambda years: births.years_in(years, margin=1)),
    "birth.year_digits/1": _of_years(births.year_digits_in, births.written_span),
    "birth.swapped_year/1": _of_years(births.swapped_year_in, births.written_span),
    "birth.decade/1": _of_years(births.decades_in),
    "birth.month/1": _of_days(lambda month: (str(month),), births.months),
    "birth.day/1": _of_days(lambda day: (str(day[1]),)),
    "birth.day_and_month/1": _of_days(lambda day: (births.unordered_day(day),)),
    "birth.day_month/1": _of_days(lambda day: (f"{day[0]}-{day[1]}",)),
    "sex.code/1": View(lambda code: (code,) if code else ()),
    "place.bigrams/1": View(names.bigrams, _place_parts),
    "place.bigrams/2": _in_pairs(plain_word, _place_words),
    "place.codes/1": View(codes),
    "place.unknown/1": _in_pairs(plain_word, _unknown_words),
    "nationality.code/1": View(lambda countries: countries),
}
