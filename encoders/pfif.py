"""Writing records as PFIF 1.2 or 1.4, for systems that read nothing else.

What PFIF has no field for is left out: mother's name, nationality, relation, birth place, the
language, the day somebody was last seen, and in version 1.2 other names. That a person is sought,
and where they were last seen, stands in a note on the person. That a registered person is alive is
no record's to say, so no status is written for them. The file holds plaintext: it is for the
society itself, and goes to no linkage unit.
"""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape

from encoders.calendars import calendar_named
from encoders.codes import normalise_role, normalise_sex
from encoders.dates import Dated, parse_date
from encoders.records import NAME_COLUMNS, Records
from matcher.formats.errors import ParameterError
from matcher.formats.files import written_whole

VERSIONS = ("1.2", "1.4")

Row = dict[str, str | None]

_SEXES = {"f": "female", "m": "male"}


def write_pfif(
    records: Records,
    path: Path,
    *,
    domain: str,
    source_date: datetime.date,
    version: str = "1.4",
) -> None:
    """Write records as a PFIF document, whole or not at all, readable by its owner alone.

    Args:
        records: The persons; a birth date is written in the Gregorian calendar, as far as it is
            known there.
        path: The file.
        domain: The society's domain, which PFIF puts before every identifier that has none.
        source_date: The day the records are of; a person whose age was told on another day is
            written with that day, as PFIF counts ages by it.
        version: One of `VERSIONS`.

    Raises:
        ParameterError: The version is none of `VERSIONS`.
        OutputError: The file can't be written.
    """
    if version not in VERSIONS:
        raise ParameterError(f"version must be one of {', '.join(VERSIONS)}; it is '{version}'.")
    with (
        written_whole(path, private=True) as aside,
        aside.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write(f'<pfif:pfif xmlns:pfif="http://zesty.ca/pfif/{version}">\n')
        for row in records.table.to_pylist():
            file.write("  <pfif:person>\n")
            fields = dict(_fields(row, domain, source_date, version))
            _write_fields(file, fields, "    ")
            if note := _note(row):
                own = fields["person_record_id"]
                about = {"note_record_id": f"{own}.note", "person_record_id": own}
                dated = {"author_name": domain, "source_date": fields["source_date"]}
                file.write("    <pfif:note>\n")
                _write_fields(file, {**about, **dated, **note}, "      ")
                file.write("    </pfif:note>\n")
            file.write("  </pfif:person>\n")
        file.write("</pfif:pfif>\n")


def _write_fields(file: TextIO, fields: Row, indent: str) -> None:
    for name, value in fields.items():
        if value:
            file.write(f"{indent}<pfif:{name}>{escape(_allowed(value))}</pfif:{name}>\n")


def _note(row: Row) -> Row:
    """Give the fields of the note on a person that hold what the record says; may be empty."""
    sought = normalise_role(row["role"])[0] == "sought"
    if not sought and row["last_seen_place"] is None:
        return {}
    return {
        "status": "information_sought" if sought else None,
        "last_known_location": row["last_seen_place"],
        "text": "From the records of the society.",
    }


def _fields(
    row: Row, domain: str, source_date: datetime.date, version: str
) -> Iterator[tuple[str, str | None]]:
    identifier = row["record_id"] or ""
    yield "person_record_id", identifier if "/" in identifier else f"{domain}/{identifier}"
    told = parse_date(row["age_on"]) if row["age"] and row["age_on"] else None
    day = told.earliest if isinstance(told, Dated) else source_date
    yield "source_date", f"{day.isoformat()}T00:00:00Z"
    if version == "1.4":
        own = [row[name] for name in NAME_COLUMNS if name != "other_names"]
        yield "full_name", " ".join(filter(None, own)) or row["other_names"]
        yield "given_name", row["given_name"]
        yield "family_name", row["family_name"]
        yield "alternate_names", row["other_names"]
    else:
        given = (row["given_name"], row["father_name"], row["grandfather_name"])
        yield "first_name", " ".join(filter(None, given))
        yield "last_name", row["family_name"]
    yield "sex", _SEXES.get(normalise_sex(row["sex"])[0] or "")
    yield "date_of_birth", _birth_date(row)
    yield "age", row["age"] if isinstance(told, Dated) else None
    yield "home_city", row["residence"]


def _birth_date(row: Row) -> str | None:
    """Give a birth date as far as the Gregorian calendar knows it: day, month or year."""
    calendar = calendar_named(row["calendar"])
    if row["birth_date"] is None or calendar is None:
        return None
    dated = parse_date(row["birth_date"], calendar=calendar)
    if isinstance(dated, str):
        return None
    first, last = dated.earliest.isoformat(), dated.latest.isoformat()
    return next((first[:end] for end in (10, 7, 4) if first[:end] == last[:end]), None)


def _allowed(text: str) -> str:
    """Leave out the control characters that no XML may hold, even escaped."""
    return "".join(
        letter
        for letter in text
        if letter in "\t\n\r" or (letter >= " " and letter not in "\ufffe\uffff")
    )
