"""The columns that a careful practitioner would compare in plaintext.

Native scripts are romanised by anyascii; dates are read by kinmatch's own reader, so that a Hijri
date or an age helps the peers as much as it helps us.
"""

import unicodedata
from datetime import timedelta

import jellyfish
import pandas as pd
from anyascii import anyascii

from encoders.codes import normalise_sex
from encoders.dates import Birth, parse_birth

NAMES = {
    "given_name": "given",
    "father_name": "father",
    "grandfather_name": "grandfather",
    "family_name": "family",
    "mother_name": "mother",
}
PLACES = ("birth_place", "residence", "last_seen_place")


def plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Give what is compared.

    Args:
        frame: A file in the canonical columns, all strings, "" absent.

    Returns:
        In the file's order: `unique_id`; the names of `NAMES` in letters a to z and spaces;
        `given_sound` and `family_sound` (metaphone of the first part), `given_start` and
        `family_start` (three letters); `sex`, `nationality`;
        `year`, `month` and `day` of birth as far as they are known; `dob` (`1998-02-05`) where all
        are; `place` (where they live) and `places` (every place, a list). Absent is null.
    """
    texts = {name: _texts(frame[source]) for source, name in NAMES.items()}
    columns: dict[str, object] = {"unique_id": frame["record_id"].to_numpy(), **texts}
    for name in ("given", "family"):
        columns[f"{name}_sound"] = [_sound(text) for text in texts[name]]
        columns[f"{name}_start"] = [text and text[:3] for text in texts[name]]
    columns["sex"] = [normalise_sex(text or None)[0] for text in frame["sex"]]
    columns["nationality"] = _texts(frame["nationality"])
    columns |= _births(frame)
    by_column = {name: _texts(frame[name]) for name in PLACES}
    columns["place"] = by_column["residence"]
    columns["places"] = [
        sorted({place for place in places if place}) or None
        for places in zip(*by_column.values(), strict=True)
    ]
    return pd.DataFrame(columns)


def _texts(column: "pd.Series[str]") -> list[str | None]:
    known = {text: _plain(text) for text in column.unique()}
    return [known[text] for text in column]


def _sound(text: str | None) -> str | None:
    return (jellyfish.metaphone(text.split()[0]) or None) if text else None


def _plain(text: str) -> str | None:
    letters = anyascii(unicodedata.normalize("NFKC", text)).lower()
    kept = "".join(letter if letter.isalnum() else " " for letter in letters)
    return " ".join(kept.split()) or None


def _births(frame: pd.DataFrame) -> dict[str, object]:
    cells = zip(*(frame[c] for c in ("birth_date", "age", "age_on", "calendar")), strict=True)
    births = [parse_birth(*(cell or None for cell in row))[0] for row in cells]
    parts = [_parts(birth) for birth in births]
    year, month, day = (pd.array([part[i] for part in parts], dtype="Int16") for i in range(3))
    dob = [f"{y:04}-{m:02}-{d:02}" if d is not None else None for y, m, d in parts]
    return {"year": year, "month": month, "day": day, "dob": dob}


def _parts(birth: Birth) -> tuple[int | None, int | None, int | None]:
    """Year, month and day: the middle of the interval where it is one, and no more than known."""
    if birth.earliest is None or birth.latest is None:
        return None, None, None
    middle = birth.earliest + timedelta(days=(birth.latest - birth.earliest).days // 2)
    if birth.precision == "day" and not birth.artefact:
        return middle.year, middle.month, middle.day
    return middle.year, middle.month if birth.precision == "month" else None, None
