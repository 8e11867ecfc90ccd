"""From the cells of a record to the tokens of its fields.

The tokens belong to the format of the answers (`matcher.formats.refinement`): both societies must
make the same from the same name, so other tokens are another version of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from encoders import births
from encoders.codes import normalise_sex
from encoders.dates import Dated, parse_birth, parse_date
from encoders.gazetteer import country_codes
from encoders.gazetteer.place import Place
from encoders.names import bigrams, lexicon, phonetic, romanised, skeleton, sound_model
from encoders.names.frequency import frequency_class
from matcher.formats.attributes import (
    KNOWN_OF_PLACE,
    PRECISIONS,
    SEPARATION_MARGINS,
    SEPARATION_PRECISIONS,
    YEAR_MARGIN,
)

NameKind = Literal["given", "family"]


@dataclass(frozen=True, slots=True, repr=False)
class Value:
    """What a field holds: the plain byte, and the tokens of each part of its kind."""

    plain: int
    tokens: Mapping[str, Sequence[str]]


def own_pieces(*names: tuple[str, ...]) -> tuple[str, ...]:
    """Put the pieces of a person's own names into their fields.

    Args:
        names: The pieces of given, father's, grandfather's, family and other names.

    Returns:
        A piece for each of `PIECES`, "" where there is none. What finds no room among its own
        goes to the others; what finds none there either is left out.
    """
    given, father, grandfather, family, other = names
    others = (*other, *given[2:], *family[2:], *father[1:], *grandfather[1:])
    return (
        *_filled(given, 2),
        *_filled(father, 1),
        *_filled(grandfather, 1),
        *_filled(family, 2),
        *_filled(others, 2),
    )


def mothers_pieces(found: tuple[str, ...]) -> tuple[str, ...]:
    """Put the pieces of a mother's name into the fields `MOTHERS`: the first and the last."""
    return _filled(found if len(found) < 3 else (found[0], found[-1]), 2)


def _filled(found: Sequence[str], count: int) -> tuple[str, ...]:
    return (*found[:count], *("",) * (count - len(found)))


def piece(text: str, kind: NameKind) -> Value | None:
    """Read a piece of a name; an initial says too little to agree or differ."""
    letters = romanised(text)
    if len(text) < 2 and len(letters) < 2:
        return None
    consonants = skeleton(letters)
    tokens = {
        "bigrams": bigrams(letters) if letters else (),
        "sounds": sound_model(1).units_of(text),
        "whole": (letters or text,),
        "skeleton": (consonants,) if consonants else (),
        "phonetic": phonetic(letters),
        "lexicon": lexicon(1).entries_of(text),
    }
    return Value(frequency_class(text, kind), tokens)


def birth(*cells: str | None) -> Value | None:
    """Read a birth from `birth_date`, `age`, `age_on` and `calendar`."""
    read, _ = parse_birth(*cells)
    if read.precision == "absent":
        return None
    digits = births.year_digits(read)
    tokens = {
        "years": births.years(read, margin=YEAR_MARGIN),
        "tens": tuple(digit for digit in digits if digit.startswith("tens")),
        "ones": tuple(digit for digit in digits if digit.startswith("ones")),
        "swapped_year": births.swapped_year(read),
        "month": births.month(read),
        "day": births.day(read),
        "day_and_month": births.day_and_month(read),
        "near_days": births.near_days(read),
    }
    return Value(PRECISIONS.index(read.precision), tokens)


def sex(cell: str | None) -> Value | None:
    """Read a sex."""
    code, _ = normalise_sex(cell)
    return Value(0, {"codes": (code,)}) if code else None


def nationality(cell: str | None) -> Value | None:
    """Read a nationality, or several."""
    codes = country_codes(cell) if cell else ()
    return Value(0, {"codes": codes}) if codes else None


def place(cell: str | None) -> Value | None:
    """Read a place."""
    written = Place(cell) if cell else None
    if written is None or not written.parts:
        return None
    where = written.location
    known = "town" if where.towns else "country" if where.countries else "text"
    if where.towns and len(where.unknown) > 1:
        known = "address"
    tokens = {
        "bigrams": _each_once(pair for part in written.parts for pair in bigrams(part)),
        "whole": (" ".join(written.parts),),
        "country": where.countries,
        "region": where.regions,
        "town": where.towns,
    }
    return Value(KNOWN_OF_PLACE.index(known), tokens)


def separation(cell: str | None) -> Value | None:
    """Read the day on which people were parted: the years, months and days around it.

    Months and days stand only where they are known; a day that registration offices put where
    none is known counts as its year.
    """
    read = parse_date(cell) if cell else None
    if not isinstance(read, Dated):
        return None
    first, last = read.artefact_of or (read.earliest, read.latest)
    precision = "year" if read.artefact_of else read.precision
    ends = {
        "years": (first.year, last.year),
        "months": (12 * first.year + first.month, 12 * last.year + last.month),
        "days": (first.toordinal(), last.toordinal()),
    }
    known = {"day": 3, "month": 2, "year": 1, "decade": 1}[precision]
    tokens = {
        part: _around(*ends[part], margin) if number < known else ()
        for number, (part, margin) in enumerate(SEPARATION_MARGINS.items())
    }
    return Value(SEPARATION_PRECISIONS.index(precision), tokens)


def _around(first: int, last: int, margin: int) -> tuple[str, ...]:
    return tuple(map(str, range(first - margin, last + margin + 1)))


def _each_once(tokens: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tokens))
