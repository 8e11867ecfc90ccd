"""PFIF in and out: the field's own test files, round trips, and files that mean harm."""

import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from encoders.pfif import write_pfif
from encoders.readers import Reading, read_records
from encoders.records import Records
from matcher.formats.errors import InputError, ParameterError

FILES = Path(__file__).parents[3] / "../shared/data/pfif"
DAY = datetime.date(2020, 6, 1)


def read(tmp_path: Path, content: str | bytes, role: str = "sought") -> Reading:
    path = tmp_path / "people.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_records(path, role=role)


def pfif(*persons: str, version: str = "1.4") -> str:
    people = "".join(f"<person>{person}</person>" for person in persons)
    return f'<pfif xmlns="http://zesty.ca/pfif/{version}">{people}</pfif>'


def people(reading: Reading) -> list[dict[str, str]]:
    rows = reading.records.table.to_pylist()
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


NEWER = """
<person_record_id>x.org/1</person_record_id><source_date>2010-02-03T00:00:00Z</source_date>
<full_name>Amina bint Khalid Haddad</full_name><given_name>Amina</given_name>
<family_name>Haddad</family_name><alternate_names>Mina
Umm Ali</alternate_names><sex>female</sex><date_of_birth>1970-01</date_of_birth><age>35-45</age>
<home_city> Aleppo
</home_city><home_country>SY</home_country>
<note><person_record_id>x.org/1</person_record_id><source_date>2010-01-01T00:00:00Z</source_date>
<status>believed_missing</status><last_known_location>Idlib</last_known_location></note>
<note><source_date>2010-02-01T00:00:00Z</source_date><status>believed_alive</status>
<last_known_location>36.2 37.1</last_known_location></note>
"""


def test_a_person_of_version_1_4(tmp_path: Path) -> None:
    assert people(read(tmp_path, pfif(NEWER))) == [
        {
            "record_id": "x.org/1",
            "role": "registered",
            "given_name": "Amina",
            "family_name": "Haddad",
            "other_names": "Amina bint Khalid Haddad, Mina, Umm Ali",
            "sex": "female",
            "birth_date": "1970-01",
            "age": "35-45",
            "age_on": "2010-02-03",
            "residence": "Aleppo, SY",
            "last_seen_place": "Idlib",
        }
    ]


def test_a_person_of_version_1_2_and_a_note_that_stands_apart(tmp_path: Path) -> None:
    content = pfif(
        "<person_record_id>x.org/1</person_record_id><first_name>A</first_name>"
        "<last_name>B</last_name>",
        "<person_record_id>x.org/2</person_record_id><first_name>C</first_name>",
        version="1.2",
    ).replace(
        "</pfif>",
        "<note><person_record_id>x.org/2</person_record_id><status>believed_dead</status></note>"
        "</pfif>",
    )
    reading = read(tmp_path, content)
    assert people(reading) == [
        {"record_id": "x.org/1", "role": "sought", "given_name": "A", "family_name": "B"},
        {"record_id": "x.org/2", "role": "registered", "given_name": "C"},
    ]
    assert reading.rows.tolist() == [1, 2]
    assert reading.read_as == "PFIF 1.2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pfif("<a>"), "not well-formed"),
        ("", "the file is empty"),
        ("<people/>", "not PFIF"),
        ('<pfif xmlns="http://zesty.ca/pfif/9.9"/>', "not PFIF"),
        (pfif(), "no person"),
        (pfif("<a><b><c><d/></c></b></a>"), "more deeply"),
        (pfif("<other>" + "x" * 100_001 + "</other>"), "longer than"),
        ('<?xml version="1.0" encoding="martian"?><pfif/>', "not well-formed"),
    ],
)
def test_what_is_no_pfif_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE pfif [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE pfif [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE pfif SYSTEM "http://localhost:9/pfif.dtd">',
    ],
)
def test_document_types_and_entities_are_refused(tmp_path: Path, declaration: str) -> None:
    with pytest.raises(InputError, match="declares a document type"):
        read(tmp_path, declaration + pfif("<given_name>&a;</given_name>"))


def test_errors_show_nothing_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, pfif("<given_name>zeta-canary</other>"))
    assert "zeta-canary" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "count", "given"),
    [
        ("test.pfif-1.1.xml", 1, "_test_first_name"),
        ("test.pfif-1.2.xml", 1, "_test_first_name"),
        ("test.pfif-1.2-badrecord.xml", 2, "_test_first_name"),
        ("test.pfif-1.4.xml", 1, "_test_given_name"),
    ],
)
def test_the_files_of_google_person_finder(name: str, count: int, given: str) -> None:
    if not FILES.is_dir():
        pytest.skip("Person Finder's test files are not here")
    found = people(read_records(FILES / name, role="sought"))
    assert len(found) == count
    assert {person["given_name"] for person in found} == {given}
    assert "_test_home_city" in found[0]["residence"]


PERSONS: list[dict[str, object]] = [
    {
        "record_id": "R1",
        "given_name": "أمينة",
        "father_name": "خالد",
        "family_name": "حداد",
        "other_names": "Mina",
        "sex": "f",
        "birth_date": "1418-10-08",
        "calendar": "hijri",
        "residence": "Aleppo <old town> & around\x01",
    },
    {"record_id": "y.org/2", "given_name": "B", "age": "30", "age_on": "2019-05-04"},
    {"record_id": "R3", "given_name": "C", "birth_date": "1998-02-05"},
]


@pytest.mark.parametrize("version", ["1.2", "1.4"])
def test_what_is_written_is_read_again(tmp_path: Path, version: str) -> None:
    records = Records.from_rows(PERSONS, role="sought")
    path = tmp_path / "people.xml"
    write_pfif(records, path, domain="x.org", source_date=DAY, version=version)
    first, second, third = people(read_records(path, role="sought"))
    assert first["record_id"] == "x.org/R1"
    assert "خالد" in first["given_name"] + first.get("other_names", "")
    assert first["family_name"] == "حداد"
    assert first["birth_date"] == "1998-02"  # the 5th or the 6th
    assert first["sex"] == "female"
    assert first["residence"] == "Aleppo <old town> & around"
    assert (second["record_id"], second["age"], second["age_on"]) == ("y.org/2", "30", "2019-05-04")
    assert third["birth_date"] == "1998-02-05"
    assert ET.parse(path).getroot().tag == f"{{http://zesty.ca/pfif/{version}}}pfif"  # noqa: S314 - our own file
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("version", ["1.2", "1.4"])
def test_who_is_sought_and_where_last_seen_comes_back(tmp_path: Path, version: str) -> None:
    records = Records.from_rows(
        [
            {"record_id": "1", "role": "sought", "given_name": "A", "last_seen_place": "Idlib & C"},
            {"record_id": "2", "role": "sought", "given_name": "B"},
            {"record_id": "3", "role": "registered", "given_name": "C", "last_seen_place": "D"},
            {"record_id": "4", "role": "registered", "given_name": "E"},
        ],
        role="sought",
    )
    path = tmp_path / "people.xml"
    write_pfif(records, path, domain="x.org", source_date=DAY, version=version)
    found = people(read_records(path, role="registered"))
    assert [(row["role"], row.get("last_seen_place")) for row in found] == [
        ("sought", "Idlib & C"),
        ("sought", None),
        ("registered", "D"),
        ("registered", None),
    ]
    text = path.read_text("utf-8")
    assert text.count("<pfif:note>") == 3
    assert "believed" not in text  # nobody said that they are alive


def test_the_same_records_give_the_same_bytes_and_other_versions_none(tmp_path: Path) -> None:
    records = Records.from_rows(PERSONS, role="sought")
    for name in ("a.xml", "b.xml"):
        write_pfif(records, tmp_path / name, domain="x.org", source_date=DAY)
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()
    with pytest.raises(ParameterError, match="version"):
        write_pfif(records, tmp_path / "c.xml", domain="x.org", source_date=DAY, version="2")
    assert not (tmp_path / "c.xml").exists()
