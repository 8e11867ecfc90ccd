"""Intake files: all that is wrong is told by file, row and field, and nothing by its value."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import tomli_w

from encoders.protection.fiction import write_intake_of_fiction
from encoders.protection.fields import ENTRIES, ENTRY_FIELDS, ENTRY_KEYS, EVENT_FIELDS
from encoders.protection.forms import write_forms
from encoders.protection.gathering import standings
from encoders.protection.intake import read_intake
from encoders.protection.law import LawProfile
from encoders.protection.tables import read_table
from encoders.records import Records
from matcher.formats.errors import InputError, OutputError

TODAY = date(2026, 3, 1)
SECRET = "Qzxvwqk"  # noqa: S105 - what no message may hold
HEAD = 'format = "kinmatch-intake/1"\nlaw = "law.toml"\nevents = "events.csv"\n'
PEOPLE = Records.from_rows(
    [
        {"record_id": "s1", "case_id": "c1", "given_name": "Omar"},
        {"record_id": "e1", "case_id": "c1", "given_name": "Amina", "role": "enquirer"},
    ],
    role="sought",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_intake_of_fiction(
        tmp_path, PEOPLE, society="red-one", purpose="family-tracing", today=TODAY
    )
    return tmp_path


def put(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def told(folder: Path) -> list[str]:
    found = [str(one) for one in read_intake(folder / "intake.toml", today=TODAY).troubles]
    assert not any(SECRET in one for one in found)
    return found


def test_a_sound_intake_has_no_troubles(folder: Path) -> None:
    intake = read_intake(folder / "intake.toml", today=TODAY)
    assert intake.troubles == ()
    assert not intake.is_doubtful("s1", "c1")


def test_own_row_before_case_before_role(folder: Path) -> None:
    put(
        folder, "entries.csv", "record_id,case_id,basis,notice,contact",
        "s1,,consent,,", ",c1,mandate,due,phone",
    )  # fmt: skip
    intake = read_intake(folder / "intake.toml", today=TODAY)
    said, for_many = intake.said_of("s1", "c1", "sought")
    assert (said["basis"], said["notice"], said["contact"]) == ("consent", "due", "phone")
    assert said["basis_decided_by"] == "fictional people alone"
    assert "basis" not in for_many
    assert "basis_decided_by" in for_many
    assert intake.said_of("x", None, "registered")[0]["basis"] == "vital-interest"


def test_every_trouble_is_told_by_file_row_and_field(folder: Path) -> None:
    put(
        folder, "entries.csv", "record_id,case_id,basis,basis_until,contact",
        f"s1,,{SECRET},2026-13-40,phone", f",,,,{SECRET}", "e1,,,,", "e1,,,,phone",
    )  # fmt: skip
    put(
        folder,
        "events.csv",
        "record_id,on,event",
        f"s1,2026-01-01,{SECRET}",
        "e1,2027-01-01,objected",
    )
    found = told(folder)
    places = [one.split(": must")[0] for one in found]
    assert places == [
        "entries.csv, row 2, basis", "entries.csv, row 2, basis_until",
        "entries.csv, row 3, contact", "entries.csv, row 3, record_id",
        "entries.csv, row 4, record_id", "entries.csv, row 5, record_id",
        "events.csv, row 2, event", "events.csv, row 3, event",
    ]  # fmt: skip


def test_two_rows_of_one_record_are_told_and_the_record_is_in_doubt(folder: Path) -> None:
    put(folder, "entries.csv", "record_id,contact", "e1,phone", "e1,office")
    assert [one.split(":")[0] for one in told(folder)] == [
        "entries.csv, row 2, record_id",
        "entries.csv, row 3, record_id",
    ]
    intake = read_intake(folder / "intake.toml", today=TODAY)
    assert intake.is_doubtful("e1", None)
    assert not intake.is_doubtful("s1", None)


@pytest.mark.parametrize(
    "lines",
    [
        ("record_id,on,event", ",2026-01-01,withdrawn"),
        ("record_id,on,event", '"s1,2026-01-01,withdrawn'),
        ("record_id,on,event", "s1,2026-01-01,withdrawn,x"),
    ],
    ids=["whose", "open quote", "row too long"],
)
def test_an_event_of_nobody_known_leaves_everybody_in_doubt(
    folder: Path, lines: tuple[str, ...]
) -> None:
    put(folder, "events.csv", *lines)
    intake = read_intake(folder / "intake.toml", today=TODAY)
    assert intake.troubles
    assert intake.is_doubtful("e1", "c1")


def test_a_purpose_is_known_however_it_is_written(folder: Path) -> None:
    header = "record_id,on,event,purpose"
    put(folder, "events.csv", header, "s1,2026-01-01,withdrawn,Family tracing ")
    intake = read_intake(folder / "intake.toml", today=TODAY)
    assert intake.troubles == ()
    assert standings(intake)["s1"].consent == "withdrawn"
    put(folder, "events.csv", header, "s1,2026-01-01,refused,publication")
    assert read_intake(folder / "intake.toml", today=TODAY).is_doubtful("s1", None)
    text = (folder / "intake.toml").read_text(encoding="utf-8")
    (folder / "intake.toml").write_text(
        text.replace("entries =", 'other_purposes = ["publication"]\nentries ='), encoding="utf-8"
    )
    intake = read_intake(folder / "intake.toml", today=TODAY)
    assert not intake.is_doubtful("s1", None)
    assert standings(intake)["s1"].consent is None


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".xlsx"])
def test_tables_of_every_kind_say_the_same(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame(
        {
            "record_id": ["1", "2"],
            "basis": ["Consent", "vital interest"],
            "contact": [None, "phone"],
        }
    )
    path = tmp_path / f"entries{ending}"
    match ending:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".parquet":
            frame.to_parquet(path)
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True)
        case _:
            frame.to_excel(path, index=False)
    table = read_table(path, ENTRY_KEYS, ENTRY_FIELDS)
    assert table.troubles == ()
    assert [row.about for row in table.rows] == [("1", None), ("2", None)]
    assert [row.said for row in table.rows] == [
        {"basis": "consent"},
        {"basis": "vital-interest", "contact": "phone"},
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("entries.csv", f"record_id,{SECRET}\n1,2\n"),
        ("entries.csv", "contact\nphone\n"),
        ("entries.csv", "record_id,contact,contact\n1,phone,phone\n"),
        ("events.csv", ""),
        ("law.toml", f'format = "kinmatch-law/1"\nsociety = "{SECRET}"\n'),
        ("law.toml", f"{SECRET}\n"),
        ("intake.toml", f'{HEAD}other = "{SECRET}"\n'),
        ("intake.toml", 'format = "kinmatch-intake/1"\nlaw = "law.toml"\n'),
        ("intake.toml", f'format = "kinmatch-intake/2"\nlaw = "{SECRET}"\n'),
        (
            "intake.toml",
            f'{HEAD}[defaults.kin]\nbasis = "{SECRET}"\n',
        ),
        (
            "intake.toml",
            f'{HEAD}[defaults.kin]\nassent = "yes"\n',
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_without_its_values(
    folder: Path, name: str, content: str
) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_intake(folder / "intake.toml", today=TODAY)
    assert name in str(refused.value)
    assert ("[defaults" in content) == ("'defaults.kin." in str(refused.value))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", ["entries.csv", "events.csv", "law.toml"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        read_intake(folder / "intake.toml", today=TODAY)


def test_forms_hold_every_field_and_let_nothing_pass(tmp_path: Path) -> None:
    paths = write_forms(tmp_path / "forms", PEOPLE, "red-one")
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    for field in (*ENTRY_FIELDS, *EVENT_FIELDS):
        assert field.name in text
    assert "Omar" not in text
    intake = read_intake(paths[0], today=TODAY)
    assert intake.troubles == ()
    assert intake.by_record == {"s1": {}, "e1": {}}
    law = LawProfile.read(paths[1])
    assert not any(law.gives(basis, sensitive=False) for basis in law.bases)
    with pytest.raises(OutputError, match="is there already"):
        write_forms(tmp_path / "forms", PEOPLE, "red-one")


def test_consent_and_best_interests_are_never_decided_for_many() -> None:
    fields = {"ordinary": True, "sensitive": True, "collective": True}
    law = LawProfile.model_validate(
        {
            "format": "kinmatch-law/1", "society": "red-one", "majority": 18, "notice_days": 30,
            "bases": dict.fromkeys(("consent", "best-interests-of-the-child", "mandate"), fields),
        }
    )  # fmt: skip
    assert not law.allows_many("consent")
    assert not law.allows_many("best-interests-of-the-child")
    assert law.allows_many("mandate")
    for name in ("assent", "caregiver_consent", "best_interests_by", "concern", "relationship_by"):
        assert not ENTRIES[name].collective


def test_nobody_sees_what_is_said_of_a_person_in_a_repr(folder: Path) -> None:
    (folder / "intake.toml").write_text(
        tomli_w.dumps(
            {
                "format": "kinmatch-intake/1",
                "law": "law.toml",
                "events": "events.csv",
                "overrides": [
                    {
                        "rule": "enquirer.no-concern", "records": [SECRET], "name": SECRET,
                        "role": "commission", "reason": f"because of {SECRET}", "on": TODAY,
                    }
                ],
            }
        )
    )  # fmt: skip
    intake = read_intake(folder / "intake.toml", today=TODAY)
    assert SECRET not in repr(intake)
    assert SECRET not in repr(intake.overrides)
