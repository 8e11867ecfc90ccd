"""Places by any of their names in any script: country, region and town, as codes.

Codes are those of ISO 3166 for countries, GeoNames' first-order divisions for regions and GeoNames'
numbers for towns. Towns have 5,000 inhabitants or more; a region is known by its towns alone, as
the source names none. The tables are read at the first look-up, in about 20 ms.

Contains data of GeoNames (geonames.org), licensed under CC BY 4.0, and of countrynames (MIT).
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow.parquet as pq

from encoders.places import place_words, plain_word

STANDS_FOR = {
    "AN": ("CW", "SX", "BQ"),
    "CGCD": ("CD", "CG"),
    "CS": ("RS", "ME"),
    "CSHH": ("CZ", "SK"),
    "CSXX": ("RS", "ME"),
    "DD": ("DE",),
    "KRKP": ("KR", "KP"),
    "SUHH": (
        *("AM", "AZ", "BY", "EE", "GE", "KG", "KZ", "LT"),
        *("LV", "MD", "RU", "TJ", "TM", "UA", "UZ"),
    ),
    "YUCS": ("BA", "HR", "ME", "MK", "RS", "SI", "XK"),
    "ZZ": (),
}
"""What the codes of former countries stand for, of names that two countries share, and of none."""

_NO_COUNTRY = "ZZ"

_LONGEST = 5
"""The most words that are taken for one name."""

_SHORT = 4
"""Letters that a word of a name must have for the name to be found among other words.

Nor do names with a number count there: those are houses and postcodes.
"""

_DIVIDERS = re.compile(r"[,;/()|\n\u060c\u061b\u3001\uff0c]")


@dataclass(frozen=True)
class Location:
    """What the gazetteer knows of a place as written.

    Attributes:
        countries: Codes of the countries that are named and of those the towns are in.
        regions: The towns' regions, as in `SY.09`.
        towns: The towns' numbers.
        unknown: The words of the place that no name was found in, as `encoders.places.place_words`
            gives them, in their order.
    """

    countries: tuple[str, ...]
    regions: tuple[str, ...]
    towns: tuple[str, ...]
    unknown: tuple[str, ...]


def name_key(word: str) -> int:
    """Give the number by which the tables know a romanised name: 48 bits of its BLAKE2b hash."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=6).digest(), "big")


def plain_name(text: str) -> str:
    """Give the letters and digits of a name, romanised, by which the tables know it."""
    return "".join(map(plain_word, place_words(text)))


def code_key(code: str) -> int:
    """Give the number by which the tables know a code of two or three letters.

    Codes have keys of their own: Arabic words without their vowels look like codes (Egypt is msr).
    """
    return name_key(f"={code.lower()}")


def locate(place: str) -> Location:
    """Find the names in a place.

    What stands between commas is looked up whole, then the longest names in it from left to right.
    Of the towns of one name those in a country that the place names as well count first, then the
    one with most inhabitants.

    Args:
        place: A place as written, in any script, with any of house, street, town and country.
    """
    tables = _tables()
    countries: dict[str, None] = {}
    found: list[list[int]] = []
    unknown: list[str] = []
    for segment in _DIVIDERS.split(place):
        if code := _country_code(segment):
            countries.update(dict.fromkeys(STANDS_FOR.get(code, (code,))))
            continue
        for words, key in _names_in(place_words(segment)):
            if key is None:
                unknown += words
            elif code := tables.country_of.get(key):
                countries.update(dict.fromkeys(STANDS_FOR.get(code, (code,))))
            else:
                found.append(tables.towns_named(key))
    chosen = [_in_one_of(towns, list(countries)) for towns in found]
    countries.update(dict.fromkeys(tables.countries[town] for town in chosen))
    regions = (f"{tables.countries[town]}.{tables.regions[town]}" for town in chosen)
    return Location(
        tuple(countries),
        tuple(dict.fromkeys(regions)),
        tuple(dict.fromkeys(str(tables.ids[town]) for town in chosen)),
        tuple(unknown),
    )


def country_codes(text: str) -> tuple[str, ...]:
    """Give the ISO 3166 codes of the countries or nationalities that a cell names.

    Args:
        text: A code of two or three letters, a country's name or a nationality, in any script;
            several may be divided by commas, semicolons or slashes. A former country stands for
            all that it has become.

    Returns:
        Codes of two letters, in the order named; empty where no country is known by that name.
    """
    whole = _country_code(text)
    codes: dict[str, None] = {}
    for name in [text] if whole else _DIVIDERS.split(text):
        if code := _country_code(name):
            codes.update(dict.fromkeys(STANDS_FOR.get(code, (code,))))
    return tuple(codes)


def says_no_country(text: str) -> bool:
    """Tell whether a cell says that there is no nationality, or that it is not known."""
    return not plain_name(text) or _country_code(text) == _NO_COUNTRY


def _country_code(name: str) -> str | None:
    """Find the country that a text names as a whole, by a code or a name."""
    known, word = _tables().country_of, plain_name(name)
    letters = name.replace(".", "").strip()  # n/a is no Namibia
    code = known.get(code_key(word)) if letters.isascii() and letters.isalpha() else None
    return code or known.get(name_key(word))


@dataclass(frozen=True, repr=False)
class _Tables:
    """The gazetteer's tables.

    Attributes:
        keys: Keys of names of towns, ascending, each as often as it has towns, best first.
        towns: For each of them its town: an index into `ids`, `countries` and `regions`.
        country_of: Codes of countries by the keys of their names.
    """

    keys: list[int]
    towns: list[int]
    ids: list[int]
    countries: list[str]
    regions: list[str]
    country_of: dict[int, str]

    def towns_named(self, key: int) -> list[int]:
        """Give the towns that a name stands for, best first; none where it is not known."""
        first = last = bisect_left(self.keys, key)
        while last < len(self.keys) and self.keys[last] == key:
            last += 1
        return self.towns[first:last]


@cache
def _tables() -> _Tables:
    names, towns, countries = (_table(name) for name in ("names", "towns", "countries"))
    return _Tables(
        names["key"].to_pylist(),
        names["town"].to_pylist(),
        towns["id"].to_pylist(),
        towns["country"].to_pylist(),
        towns["region"].to_pylist(),
        dict(zip(countries["key"].to_pylist(), countries["code"].to_pylist(), strict=True)),
    )


def _table(name: str) -> Any:
    with files("encoders.gazetteer").joinpath(f"{name}.parquet").open("rb") as file:
        return pq.read_table(file)


def _names_in(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int | None]]:
    """Divide what stands between commas into names, each with its key, and single unknown words."""
    plain = tuple(map(plain_word, words))
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + _LONGEST), start, -1):
            key = _known_key(plain[start:end], whole=end - start == len(words))
            if key is not None:
                break
        yield words[start:end], key
        start = end


def _known_key(words: tuple[str, ...], *, whole: bool) -> int | None:
    if not whole and (max(map(len, words)) < _SHORT or any(map(str.isdigit, words))):
        return None
    tables, key = _tables(), name_key("".join(words))
    return key if key in tables.country_of or tables.towns_named(key) else None


def _in_one_of(towns: list[int], countries: list[str]) -> int:
    placed = _tables().countries
    return next((town for town in towns if placed[town] in countries), towns[0])
