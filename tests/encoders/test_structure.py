"""Relations that their own case contradicts, and all that contradicts nothing."""

from typing import Any

import pytest

from encoders.records import Records
from encoders.structure import contradicted


def case(relation: str, sought: dict[str, Any], enquirer: dict[str, Any] | None = None) -> bool:
    rows = [
        {"case_id": "1", "role": "enquirer", **(enquirer or {})},
        {"case_id": "1", "role": "sought", "relation": relation, **sought},
        {"case_id": "2", "role": "enquirer", "birth_date": "1800"},  # another's case says nothing
    ]
    found = contradicted(Records.from_rows(rows, role="sought"))
    assert not found[[0, 2]].any()
    return bool(found[1])


BORN_1980 = {"birth_date": "1980-05-05"}


@pytest.mark.parametrize(
    ("relation", "born", "wrong"),
    [
        ("mother", {"birth_date": "1968-05-05"}, False),
        ("mother", {"birth_date": "1969-05-05"}, True),
        ("mother", {"birth_date": "1968"}, False),  # any day of that year may be meant
        ("mother", {"age": "40", "age_on": "2020-01-01"}, True),
        ("mother", {"birth_date": "1980s"}, True),
        ("mother", {"birth_date": "1960s"}, False),
        ("mother", {}, False),
        ("mother", {"birth_date": "unreadable"}, False),
        ("son", {"birth_date": "1992-06-06"}, False),
        ("son", {"birth_date": "1991-01-02"}, True),
        ("grandfather", {"birth_date": "1957-05-05"}, True),
        ("grandfather", {"birth_date": "1955-05-05"}, False),
        ("grandchild", {"birth_date": "2003-05-05"}, True),
        ("stepmother", {"birth_date": "1979-05-05"}, False),
        ("foster_son", {"birth_date": "1979-05-05"}, False),
        ("aunt", {"birth_date": "1990-05-05"}, False),
        ("sister", {"birth_date": "1940-05-05"}, False),
        ("other", {"birth_date": "1980-05-05"}, False),
        ("unheard of", {"birth_date": "1980-05-05"}, False),
    ],
)
def test_ages(relation: str, born: dict[str, Any], wrong: bool) -> None:
    assert case(relation, born, BORN_1980) == wrong


@pytest.mark.parametrize(
    ("relation", "sex", "wrong"),
    [
        ("mother", "f", False),
        ("mother", "m", True),
        ("mother", "", False),
        ("stepfather", "Frau", True),
        ("parent", "m", False),
        ("cousin", "m", False),
        ("brother_in_law", "f", True),
    ],
)
def test_sexes(relation: str, sex: str, wrong: bool) -> None:
    assert case(relation, {"sex": sex}) == wrong


def test_kin_are_kin_of_whom_the_case_seeks() -> None:
    rows = [
        {"case_id": "1", "role": "enquirer", "birth_date": "1990-03-03"},
        {"case_id": "1", "role": "sought", "birth_date": "1960-03-03"},
        {"case_id": "1", "role": "kin", "relation": "mother", "birth_date": "1955-03-03"},
        {"case_id": "1", "role": "kin", "relation": "mother", "birth_date": "1935-03-03"},
    ]
    assert contradicted(Records.from_rows(rows, role="sought")).tolist() == [0, 0, 1, 0]
    several = [*rows, {"case_id": "1", "role": "sought"}]  # of which of the two?
    assert not contradicted(Records.from_rows(several, role="sought")).any()


def test_no_records_and_no_case() -> None:
    assert len(contradicted(Records.from_rows([], role="sought"))) == 0
    alone = [
        {"relation": "mother", "birth_date": "1990"},
        {"role": "enquirer", "birth_date": "1980"},
    ]
    assert not contradicted(Records.from_rows(alone, role="sought")).any()
