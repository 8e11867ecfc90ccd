"""The indicators: levels by their rule, evidence before words, and no small cell in a report."""

import csv
import io
import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import ONE, TODAY, TWO, add, draw_agreement, registered, submit, write

from matcher.cli import main
from matcher.formats.errors import InputError
from matcher.protection.indicators import (
    INDICATORS,
    LEVELS,
    Answers,
    Body,
    asked_of,
    evidence_of,
    level_of,
    reported,
)
from matcher.protection.training import give_duty, record_training
from matcher.protection.yearly import LEAST, as_csv, as_html
from matcher.store import access
from matcher.store.database import Store
from matcher.store.models import Record

BODIES: tuple[Body, ...] = ("society", "delegation")
ANSWER = st.sampled_from([True, False, None])


def test_nine_for_societies_and_six_for_delegations() -> None:
    counts = {
        body: (len(asked_of(body)), sum(i.weight(body) == "foundational" for i in INDICATORS))
        for body in BODIES
    }
    assert counts == {"society": (9, 6), "delegation": (6, 4)}
    assert len({one.name for one in INDICATORS}) == len(INDICATORS)


@given(st.sampled_from(BODIES), st.data())
def test_the_level_is_by_the_rule(body: Body, data: st.DataObject) -> None:
    answers = {one.name: data.draw(ANSWER) for one in asked_of(body)}
    foundational = [one.name for one in asked_of(body) if one.weight(body) == "foundational"]
    level = level_of(answers, body)
    assert (level == "not reported") == (None in answers.values())
    if level != "not reported":
        assert (level == "none") == (not any(answers.values()))
        assert (level in ("medium", "full")) == all(answers[name] for name in foundational)
        assert (level == "full") == all(answers.values())


def said(name: str, body: Body = "society", **answers: bool) -> Answers:
    given_answers = {key.replace("_", "-"): value for key, value in answers.items()}
    return Answers(
        format="kinmatch-answers/1", body=body, name=name, year=2026, answers=given_answers
    )


def test_what_the_linkage_unit_sees_counts_more(store: Store, tmp_path: Path) -> None:
    agreement = add(store, draw_agreement())
    submit(store, write(tmp_path / "one", agreement, ONE, registered(1, 2)), agreement, ONE)
    with store.as_unit() as session:
        user = access.add_user(session, subject="one", role="tracing-officer", society=ONE)
        found = evidence_of(session, ONE, TODAY)
        assert found == {
            "focal-point": False, "legal-basis": True, "training": False,
            "archiving-policy": True, "sharing-agreements": True,
        }  # fmt: skip
        record_training(
            session, user, course="data-protection", completed_on=TODAY,
            valid_until=TODAY + timedelta(days=100), recorded_by="an officer",
        )  # fmt: skip
        give_duty(session, user, "focal-point", since=TODAY)
        for record in session.query(Record).limit(1):
            record.barred = "overdue"
        session.flush()
        found = evidence_of(session, ONE, TODAY)
        assert (found["training"], found["focal-point"]) == (True, True)
        assert not found["archiving-policy"]
        assert "training" not in evidence_of(session, TWO, TODAY)
    one = reported(said(ONE, training=False, archiving_policy=True), found)
    assert one.answers["training"]
    assert not one.answers["archiving-policy"]
    assert one.level == "not reported"
    assert set(one.from_evidence) == set(found)


def test_no_small_cell_stands_in_a_report() -> None:
    full = {one.name.replace("-", "_"): True for one in asked_of("society")}
    bodies = [reported(said(f"s-{i}", **full), {}) for i in range(30)]
    bodies += [reported(said("alone"), {})]
    rows = list(csv.DictReader(io.StringIO(as_csv(bodies, 2026))))
    assert {row["body"] for row in rows} == {"society"}
    assert {row["answer"] for row in rows if row["indicator"] == "level"} == set(LEVELS)
    assert all(not row["count"] or int(row["count"]) >= LEAST for row in rows)
    assert "1" not in {row["count"] for row in rows}
    page = as_html(bodies, 2026)
    assert "alone" not in page
    assert "http" not in page


@pytest.mark.parametrize(
    "content",
    ["", "body = 1", 'format = "kinmatch-answers/1"\nbody = "society"\nname = "a"\nyear = 2026\n'
     "[answers]\nno-such = true"],
)  # fmt: skip
def test_what_is_no_file_of_answers(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.toml").write_text(content)
    with pytest.raises(InputError):
        Answers.read(tmp_path / "a.toml")


def test_a_form_is_filled_in_and_reported(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def run(*words: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["kinmatch", "indicators", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    form = run("form", "delegation", "delegation-a", "2026")
    (tmp_path / "a.toml").write_text(
        "\n".join(
            line.removeprefix("# ") if line.endswith("= true") else line
            for line in form.splitlines()
        )
    )
    told = json.loads(
        run("report", tmp_path / "a.toml", "--out", tmp_path / "2026", "--json",
            "--data-folder", store.folder)
    )  # fmt: skip
    assert [(one["name"], one["level"]) for one in told] == [("delegation-a", "full")]
    assert (tmp_path / "2026.csv").exists()
    assert "<table>" in (tmp_path / "2026.html").read_text()
    assert date(2026, 1, 1) < TODAY
