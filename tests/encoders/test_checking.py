"""The check: every problem at once, and what remains for encoding."""

import datetime
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from encoders.checking import check
from encoders.readers import Reading, read_records
from encoders.records import COLUMNS, Records
from encoders.reporting import Report
from encoders.rules import RULES, Severity
from matcher.formats.errors import InputError

TODAY = datetime.date(2025, 6, 1)
Rows = list[dict[str, object]]


def reading_of(rows: Rows) -> Reading:
    records = Records.from_rows(rows, role="sought")
    return Reading(records, np.arange(2, len(rows) + 2), (), len(rows), "text", False)


def check_rows(rows: Rows) -> Report:
    return check(reading_of(rows), today=TODAY)


def found(report: Report) -> dict[tuple[str, str], list[int]]:
    return {(f.rule.name, f.field): f.rows.tolist() for f in report.findings}


def person(**cells: object) -> dict[str, object]:
    return {"record_id": "R1", "given_name": "Ali", **cells}


def test_a_good_record_passes_unchanged() -> None:
    row = person(sex="m", birth_date="1998-02-05", relation="son", residence="Road 1")
    report = check_rows([row])
    assert report.findings == ()
    assert report.left_out == 0
    assert report.require_usable().table.equals(Records.from_rows([row], role="sought").table)
    assert report.usable_rows.tolist() == [2]


LEFT_OUT: list[tuple[dict[str, object], str, str]] = [
    (person(record_id=None), "record_id_missing", "record_id"),
    (person(record_id="a\0b"), "record_id_unreadable", "record_id"),
    (person(record_id="a" * 1_001), "record_id_unreadable", "record_id"),
    (person(role="witness"), "role_unknown", "role"),
    (person(role="sought\0"), "role_unknown", "role"),
    (person(given_name=None, mother_name="Maryam"), "name_missing", "row"),
    (person(given_name="---"), "name_missing", "row"),
    (person(given_name="A\0li"), "name_missing", "row"),
    (person(given_name="a" * 10_000), "name_too_long", "given_name"),
    (person(mother_name="a" * 10_000), "name_too_long", "mother_name"),
]


@pytest.mark.parametrize(("row", "rule", "field"), LEFT_OUT)
def test_a_row_that_can_not_be_encoded_is_left_out(
    row: dict[str, object], rule: str, field: str
) -> None:
    report = check_rows([row, person(record_id="R2", given_name="Omar")])
    assert found(report)[rule, field] == [2]
    assert RULES[rule].severity is Severity.LEFT_OUT
    assert report.left_out == 1
    assert report.usable.column("record_id").to_pylist() == ["R2"]
    assert report.usable_rows.tolist() == [3]


NOT_USED: list[tuple[dict[str, object], str, str]] = [
    (person(family_name="Al\0i"), "control_characters", "family_name"),
    (person(family_name="Al\x1bi"), "control_characters", "family_name"),
    (person(family_name="Jos\ufffd"), "control_characters", "family_name"),
    (person(family_name="Jos\x82"), "control_characters", "family_name"),
    (person(family_name="?"), "name_without_letters", "family_name"),
    (person(residence="a" * 1_001), "value_too_long", "residence"),
    (person(sex="1"), "sex_unknown", "sex"),
    (person(relation="neighbour"), "relation_unknown", "relation"),
    (person(nationality="Atlantean"), "nationality_unknown", "nationality"),
    (person(birth_date="1998-02-31"), "date_impossible", "birth_date"),
    (person(birth_date="5 Feb 1998"), "date_unreadable", "birth_date"),
    (person(birth_date="05/02/1998"), "date_order_unknown", "birth_date"),
    (person(birth_date="1749"), "date_too_early", "birth_date"),
    (person(birth_date="2025-06-02"), "date_in_future", "birth_date"),
    (person(birth_date="1418-10-08", calendar="martian"), "calendar_not_supported", "birth_date"),
    (person(age="old", age_on="2020"), "age_unreadable", "age"),
    (person(age="30"), "age_without_day", "age"),
    (person(age="30", age_on="then"), "date_unreadable", "age_on"),
    (person(last_seen_date="2025-06-02"), "date_in_future", "last_seen_date"),
    (person(last_seen_date="spring"), "date_unreadable", "last_seen_date"),
]


@pytest.mark.parametrize(("row", "rule", "field"), NOT_USED)
def test_a_value_that_can_not_be_used_is_absent(
    row: dict[str, object], rule: str, field: str
) -> None:
    report = check_rows([row])
    assert found(report)[rule, field] == [2]
    assert RULES[rule].severity is Severity.NOT_USED
    assert report.left_out == 0
    assert report.usable.column(field).to_pylist() == [None]
    assert report.usable.column("given_name").to_pylist() == ["Ali"]


NOTED: list[tuple[dict[str, object], str, str]] = [
    (person(birth_date="1998-01-01"), "date_counts_as_year", "birth_date"),
    (person(family_name="\u200fAli"), "invisible_characters", "family_name"),
    (person(record_id="R1\ufeff"), "invisible_characters", "record_id"),
]


@pytest.mark.parametrize(("row", "rule", "field"), NOTED)
def test_a_value_that_is_used_in_a_noteworthy_way_stays(
    row: dict[str, object], rule: str, field: str
) -> None:
    report = check_rows([row])
    assert found(report) == {(rule, field): [2]}
    assert RULES[rule].severity is Severity.NOTED
    assert report.usable.column(field).to_pylist() == [row[field]]


@pytest.mark.parametrize(
    "nationality", ["سوري", "stateless", "Afghan / Iranian", "-", "без гражданства"]
)
def test_a_nationality_that_is_known_or_said_to_be_none_is_no_problem(nationality: str) -> None:
    assert found(check_rows([person(nationality=nationality)])) == {}


def test_what_is_ordinary_is_no_problem() -> None:
    joiner = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646\u062f"  # Persian, spelt with a joiner
    rows = [
        person(given_name=joiner),
        person(record_id="R2", given_name="Anna\nMaria"),
        person(record_id="R3", given_name="a" * 1_000),
        person(record_id="R4", birth_date="2025-06-01", residence="12"),
        person(record_id="R5", sex="unknown"),
    ]
    assert found(check_rows(rows)) == {}


def test_words_become_codes() -> None:
    report = check_rows([person(sex="Female", relation=" DAUGHTER ", role="Kin")])
    assert report.findings == ()
    row = report.usable.table.to_pylist()[0]
    assert (row["sex"], row["relation"], row["role"]) == ("f", "daughter", "kin")


def test_of_rows_with_one_identifier_the_first_that_can_be_used_stays() -> None:
    rows = [
        person(given_name=None),
        person(given_name="Ali"),
        person(given_name="Omar"),
        person(record_id="R2"),
        person(given_name="Hasan"),
    ]
    report = check_rows(rows)
    assert found(report)["record_id_repeated", "record_id"] == [4, 6]
    assert report.usable_rows.tolist() == [3, 5]


def test_rows_alike_in_all_but_the_identifier_are_noted() -> None:
    rows = [person(record_id=f"R{number}", sex="m") for number in range(3)]
    rows.append(person(record_id="R9", sex="f"))
    report = check_rows(rows)
    assert found(report) == {("rows_alike", "row"): [3, 4]}
    assert report.left_out == 0


def test_all_problems_of_a_row_are_found_at_once() -> None:
    row = person(record_id=None, given_name="?", birth_date="1998-02-31", sex="9", role="boss")
    assert len(check_rows([row]).findings) == 6


def test_findings_come_gravest_first() -> None:
    rows = [row for row, _, _ in (*NOTED, *NOT_USED, *LEFT_OUT)]
    grades = [list(Severity).index(f.rule.severity) for f in check_rows(rows).findings]
    assert grades == sorted(grades)


def test_completeness_and_scripts_are_of_what_is_used() -> None:
    rows = [
        person(birth_date="1998-02-05", family_name="Хатіб"),
        person(record_id="R2", birth_date="1998-02-31", family_name="Khatib"),
        person(record_id="R3", given_name=None, birth_date="1998"),
    ]
    report = check_rows(rows)
    assert report.completeness["birth_date"] == 1
    assert report.completeness["record_id"] == 2
    assert tuple(report.completeness) == COLUMNS
    assert report.scripts == {
        "given_name": {"Latin": 2},
        "family_name": {"Cyrillic": 1, "Latin": 1},
    }


def test_a_file_without_usable_rows_is_refused_by_its_rules() -> None:
    report = check_rows([person(record_id=None), person(given_name=None)])
    with pytest.raises(InputError, match="record_id_missing in 1 rows, name_missing in 1 rows"):
        report.require_usable()


def test_what_could_not_be_read_is_part_of_the_report(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("record_id,given_name\n1\n2,A\n3,\n")
    report = check(read_records(path, role="sought"), today=TODAY)
    assert found(report) == {("row_length", "row"): [2], ("name_missing", "row"): [4]}
    assert (report.rows_in_file, report.left_out) == (3, 2)
    path.write_text("record_id,given_name\n1\n")
    report = check(read_records(path, role="sought"), today=TODAY)
    assert (report.rows_in_file, report.left_out) == (1, 1)


def test_the_report_as_data_is_json_with_every_row_number() -> None:
    rows = [person(record_id=f"R{number}", given_name=None) for number in range(20)]
    data = json.loads(json.dumps(check_rows(rows).as_dict()))
    assert data["rows"] == data["left_out"] == 20
    assert data["usable"] == 0
    assert data["findings"][0]["rule"] == "name_missing"
    assert data["findings"][0]["rows"] == list(range(2, 22))


def test_the_report_for_a_person_says_row_field_rule_and_what_to_do() -> None:
    rows = [person(record_id=f"R{number}", sex="9") for number in range(10)]
    text = render(check_rows(rows))
    for part in ("sex_unknown", "sex", "2, 3, 4, 5, 6, 7 and 4 more", "not used", "Use m or f"):
        assert part in text
    guessed = reading_of([person()])
    assert "encoding is a guess" not in text
    guessed = Reading(guessed.records, guessed.rows, (), 1, "text in cp1256", True)
    assert "encoding is a guess" in render(check(guessed, today=TODAY))


def render(report: Report) -> str:
    console = Console(width=300, file=io.StringIO())
    console.print(report)
    return console.file.getvalue()  # type: ignore[attr-defined]  # it is the one given above


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    assert all(rule.name == name for name, rule in RULES.items())
    assert all(rule.meaning.endswith(".") and rule.remedy for rule in RULES.values())
    grades = [list(Severity).index(rule.severity) for rule in RULES.values()]
    assert grades == sorted(grades)


CELLS = st.none() | st.text(max_size=8) | st.sampled_from(["1998-02-31", "m", "kin", "30", "2020"])


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, CELLS)), max_size=6))
def test_no_text_raises_and_a_second_check_finds_nothing_to_leave_out(rows: Rows) -> None:
    report = check_rows(rows)
    again = check(
        Reading(report.usable, report.usable_rows, (), len(report.usable), "text", False),
        today=TODAY,
    )
    assert again.usable.table.equals(report.usable.table)
    assert all(finding.rule.severity is Severity.NOTED for finding in again.findings)
    assert len(report.usable) == len(set(report.usable.column("record_id").to_pylist()))


def test_a_relation_that_its_case_contradicts_is_not_used() -> None:
    report = check_rows(
        [
            person(record_id="1", case_id="c", role="enquirer", birth_date="1980-05-05"),
            person(
                record_id="2", case_id="c", role="sought", relation="son", birth_date="1975-05-05"
            ),
        ]
    )
    (finding,) = report.findings
    assert (finding.rule.name, finding.field) == ("relation_contradicted", "relation")
    assert report.usable.column("relation").null_count == 2
