"""Primero's exports: requests become enquirers and sought persons, cases registered ones."""

import json
from pathlib import Path

import pytest

from encoders.readers import Mapping, Reading, read_records
from matcher.formats.errors import InputError

REQUEST: dict[str, object] = {
    "tracing_request_id": "TR-1",
    "inquiry_date": "2020-03-04",
    "relation_name": "Fatima Haddad",
    "relation_nickname": "Umm Ali",
    "relation_age": 41,
    "relation_language": ["arabic", "english"],
    "relation_nationality": ["Syria"],
    "relation_address_current": "Main Street 1",
    "relation_location_current": "Germany::Berlin",
    "date_of_separation": "2016-12-01",
    "location_separation": "Syria::Aleppo",
    "tracing_request_subform_section": [
        {
            "unique_id": "t-1",
            "name": "Ali Haddad",
            "name_nickname": "Alloush",
            "name_other": "Abu Khalid",
            "relation": "mother",
            "sex": "male",
            "age": 12,
        },
        {
            "name": "Sara Haddad",
            "relation": "Aunt",
            "sex": "female",
            "date_of_birth": "2010-05-06",
            "date_of_separation": "2017-01-01",
            "location_last": "Turkey",
        },
    ],
}
CASE: dict[str, object] = {
    "case_id": "C-9",
    "case_id_display": "9",
    "name": "Ali Khalid Haddad",
    "name_first": "Ali",
    "name_middle": "Khalid",
    "name_last": "Haddad",
    "name_nickname": "Alloush",
    "sex": "male",
    "age": 12,
    "registration_date": "2021-01-02",
    "nationality": ["Syria"],
    "location_current": "Turkey::Hatay",
    "family_details_section": [{"relation": "mother", "relation_name": "Fatima"}],
}
ENQUIRER = {
    "record_id": "TR-1",
    "case_id": "TR-1",
    "role": "enquirer",
    "given_name": "Fatima Haddad",
    "other_names": "Umm Ali",
    "age": "41",
    "age_on": "2020-03-04",
    "nationality": "Syria",
    "residence": "Main Street 1, Germany, Berlin",
    "language": "arabic, english",
}
ALI = {
    "record_id": "t-1",
    "case_id": "TR-1",
    "role": "sought",
    "relation": "son",
    "given_name": "Ali Haddad",
    "other_names": "Alloush, Abu Khalid",
    "sex": "male",
    "age": "12",
    "age_on": "2020-03-04",
    "last_seen_place": "Syria, Aleppo",
    "last_seen_date": "2016-12-01",
}
REGISTERED = {
    "record_id": "C-9",
    "case_id": "C-9",
    "role": "registered",
    "given_name": "Ali Khalid",
    "family_name": "Haddad",
    "mother_name": "Fatima",
    "other_names": "Alloush",
    "sex": "male",
    "age": "12",
    "age_on": "2021-01-02",
    "nationality": "Syria",
    "residence": "Turkey, Hatay",
}


def read(path: Path, content: object, mapping: Mapping | None = None) -> Reading:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return read_records(path, mapping=mapping, role="sought")


def people(reading: Reading) -> list[dict[str, str]]:
    rows = reading.records.table.to_pylist()
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


def test_a_request_is_its_enquirer_and_a_person_for_each_trace(tmp_path: Path) -> None:
    reading = read(tmp_path / "a.json", [REQUEST])
    enquirer, ali, sara = people(reading)
    assert enquirer == ENQUIRER
    assert ali == ALI
    assert sara["record_id"] == "TR-1/2"
    assert sara["relation"] == "niece"
    assert sara["birth_date"] == "2010-05-06"
    assert (sara["last_seen_place"], sara["last_seen_date"]) == ("Turkey", "2017-01-01")
    assert reading.rows.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "content",
    [[CASE], {"data": [CASE]}, [{"id": "uuid", "data": CASE}], CASE],
    ids=["list", "answer of the API", "records with data", "one record"],
)
def test_a_case_is_a_registered_person_however_it_is_wrapped(
    tmp_path: Path, content: object
) -> None:
    assert people(read(tmp_path / "a.json", content)) == [REGISTERED]


def test_csv_is_known_by_its_columns(tmp_path: Path) -> None:
    request = (
        "id,tracing_request_id,inquiry_date,relation_name,relation_telephone,name,relation,sex,"
        "date_of_separation,location_separation\n"
        "u1,TR-1,2020-03-04,Fatima Haddad,555,Ali Haddad,mother,male,2016-12-01,Syria::Aleppo\n"
        "u2,TR-2,2020-03-05,Omar,,,,,,\n"
    )
    reading = read(tmp_path / "request.csv", request)
    assert [(person["record_id"], person["role"]) for person in people(reading)] == [
        ("TR-1", "enquirer"),
        ("TR-1/1", "sought"),
        ("TR-2", "enquirer"),
    ]
    assert people(reading)[1]["relation"] == "son"
    assert people(reading)[1]["last_seen_place"] == "Syria, Aleppo"
    assert reading.rows.tolist() == [2, 2, 3]
    case = "id,case_id,name,name_nickname,sex,phone\nu9,C-9,Ali Haddad,Alloush,male,555\n"
    (person,) = people(read(tmp_path / "case.csv", case))
    assert (person["record_id"], person["role"]) == ("C-9", "registered")
    assert "555" not in str(person)


def test_a_mapping_counts_before_what_the_columns_look_like(tmp_path: Path) -> None:
    mapping = Mapping({"record_id": ("id",), "given_name": ("relation_name",)})
    reading = read(tmp_path / "a.csv", "id,relation_name\n1,Omar\n", mapping)
    assert people(reading) == [{"record_id": "1", "role": "sought", "given_name": "Omar"}]


@pytest.mark.parametrize(
    ("relation", "sex", "inverse"),
    [
        ("Father", "female", "daughter"),
        ("father", None, "child"),
        ("brother", "male", "brother"),
        ("husband", "female", "wife"),
        ("grandmother", "male", "grandson"),
        ("son", "female", "mother"),
        ("cousin", "male", "cousin"),
        ("other_family", "male", "other"),
        ("uncle", None, "other"),
        ("neighbour", "male", "neighbour"),
    ],
)
def test_the_relation_is_turned_round(
    tmp_path: Path, relation: str, sex: str | None, inverse: str
) -> None:
    trace = {"name": "A", "relation": relation, "sex": sex}
    request = {**REQUEST, "tracing_request_subform_section": [trace]}
    assert people(read(tmp_path / "a.json", [request]))[1]["relation"] == inverse


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"name": "zeta-canary"', "not valid JSON"),
        ('[{"given_name": "zeta-canary"}]', "no tracing request or case"),
        ('["zeta-canary"]', "no tracing request or case"),
        ('"zeta-canary"', "no tracing request or case"),
    ],
)
def test_what_is_not_primeros_is_refused_without_a_value(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / "a.json", content)
    assert "zeta-canary" not in repr(caught.value)


def test_an_entry_that_is_no_record_is_reported(tmp_path: Path) -> None:
    reading = read(tmp_path / "a.json", [CASE, "text", CASE])
    assert reading.rows.tolist() == [1, 3]
    assert [(f.rule.name, f.rows.tolist()) for f in reading.findings] == [("row_not_read", [2])]


@pytest.mark.parametrize("traces", [["text"], [None], "text", {"name": "Ali"}, 7])
def test_a_request_of_which_a_person_sought_can_t_be_read_is_reported(
    tmp_path: Path, traces: object
) -> None:
    reading = read(tmp_path / "a.json", [CASE, {**CASE, "tracing_request_subform_section": traces}])
    assert reading.rows.tolist() == [1]
    assert [(f.rule.name, f.rows.tolist()) for f in reading.findings] == [("row_not_read", [2])]


def test_the_shipped_mapping_reads_a_refugee_registration(tmp_path: Path) -> None:
    content = (
        "Individual ID,Registration Group ID,Given Name,Family Name,Father Name,Sex,Date of Birth,"
        "Country of Origin,Registration Date,Marital Status\n"
        "123-1,123,Ali,Haddad,Khalid,M,1998-02-05,SYR,2020-01-02,Single\n"
    )
    (person,) = people(read(tmp_path / "a.csv", content, Mapping.shipped("unhcr")))
    assert person == {
        "record_id": "123-1",
        "case_id": "123",
        "role": "sought",
        "given_name": "Ali",
        "father_name": "Khalid",
        "family_name": "Haddad",
        "sex": "M",
        "birth_date": "1998-02-05",
        "age_on": "2020-01-02",
        "nationality": "SYR",
    }
    with pytest.raises(InputError):
        Mapping.shipped("martian")
