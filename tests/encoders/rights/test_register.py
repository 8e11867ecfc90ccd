"""Requests of people, by the command line of a society: steps, rules, deadlines, own data."""

import json
import os
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from encoders.rights.asking import ANSWER, EXTENSION, KINDS, ROLES, Request, Step, in_order
from encoders.rights.register import Register
from matcher.cli import main
from matcher.formats.errors import GateError, KeyFileError, ParameterError, StateError
from matcher.formats.identity import Identity

WORDS = "passphrase"
DAY = date(2026, 3, 1)
PEOPLE = """record_id,case_id,role,relation,given_name,family_name
a1,c1,enquirer,,Amina,Secretname
b2,c1,sought,son,Yusuf,Hiddenname
c3,c2,sought,,Someone,Elsewhere
"""

Rights = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Rights:
    """Run `kinmatch rights …` as the society; give status, JSON and what was said."""
    Identity.generate("red-one").seal(tmp_path / "own.json", WORDS)

    def run(*words: str | Path, as_json: bool = True) -> tuple[int, Any, str]:
        reading, writing = os.pipe()
        os.write(writing, f"{WORDS}\n".encode())
        os.close(writing)
        monkeypatch.setattr(
            sys, "argv",
            ["kinmatch", "rights", *map(str, words), "--register", str(tmp_path / "register"),
             "--identity", str(tmp_path / "own.json"), "--passphrase-fd", str(reading),
             *(["--json"] if as_json else [])],
        )  # fmt: skip
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        os.close(reading)
        said = capsys.readouterr()
        told = json.loads(said.out) if as_json and said.out else None
        return int(ended.value.code or 0), told, " ".join(said.err.split())

    return run


BY = ("--name", "A. Person", "--role", "staff")


@pytest.mark.rule("rights.identity-verified", "refuses")
@pytest.mark.rule("rights.identity-verified", "passes")
def test_nobody_is_answered_before_they_are_verified(rights: Rights) -> None:
    status, told, _ = rights("open", "access", "--record", "a1")
    assert (status, told["number"], told["state"]) == (0, 1, "received")
    status, _, said = rights("step", "1", "answer", *BY)
    assert status == 2
    assert "[rights.identity-verified]" in said
    assert rights("step", "1", "verify", *BY)[0] == 0
    status, told, _ = rights("step", "1", "answer", *BY)
    assert (status, told["open"]) == (0, False)


@pytest.mark.rule("rights.deletion-freely-asked", "refuses")
@pytest.mark.rule("rights.deletion-freely-asked", "passes")
def test_nobody_is_deleted_under_pressure(rights: Rights) -> None:
    _, _, said = rights("open", "deletion", "--record", "a1")
    assert "kinmatch notify" in said
    rights("step", "1", "verify", *BY)
    for before in ((), ("suspect-pressure",)):
        for what in before:
            rights("step", "1", what, *BY)
        status, _, said = rights("step", "1", "delete", *BY)
        assert status == 2
        assert "[rights.deletion-freely-asked]" in said
    rights("step", "1", "ask-freely", *BY)
    assert rights("step", "1", "delete", *BY)[0] == 0


@pytest.mark.rule("rights.named-ground", "refuses")
@pytest.mark.rule("rights.named-ground", "passes")
def test_a_restriction_names_its_ground(rights: Rights) -> None:
    rights("open", "access", "--record", "a1")
    rights("step", "1", "verify", *BY)
    for wrong in ((), ("--code", "because")):
        status, _, said = rights("step", "1", "restrict", *BY, *wrong)
        assert status == 2
        assert "[rights.named-ground]" in said
    assert rights("step", "1", "refuse", *BY)[0] == 2
    assert rights("step", "1", "restrict", *BY, "--code", "rights-of-others")[0] == 0


@pytest.mark.rule("rights.answered-at-its-level", "refuses")
@pytest.mark.rule("rights.answered-at-its-level", "passes")
def test_what_was_taken_further_is_not_answered_below(rights: Rights) -> None:
    rights("open", "complaint", "--record", "a1")
    for what in ("verify", "refuse", "escalate"):
        assert rights("step", "1", what, *BY)[0] == 0
    by = {role: (*BY[:3], role) for role in ROLES}
    for role in ("staff", "focal-point", "data-protection-officer"):
        status, _, said = rights("step", "1", "answer", *by[role])
        assert status == 2
        assert "[rights.answered-at-its-level]" in said
    assert rights("step", "1", "answer", *by["advisory-group"])[0] == 0
    assert rights("step", "1", "escalate", *BY)[0] == 0
    assert rights("step", "1", "answer", *by["advisory-group"])[0] == 2
    assert rights("step", "1", "answer", *by["commission"])[0] == 0


def step(what: str, on: date = DAY, code: str | None = None, role: str = "staff") -> Step:
    return Step(on, what, "A. Person", role, code)


@pytest.mark.rule("rights.answered-in-time", "refuses")
@pytest.mark.rule("rights.answered-in-time", "passes")
def test_the_time_is_extended_once_and_before_it_is_over(rights: Rights) -> None:
    long_ago = date.today() - timedelta(days=60)
    rights("open", "correction", "--record", "a1", "--received", str(long_ago))
    rights("open", "correction", "--record", "b2")
    status, told, _ = rights("list")
    assert status == 1
    assert [one["number"] for one in told] == [1, 2]
    status, _, said = rights("step", "1", "extend", *BY)
    assert status == 2
    assert "[rights.answered-in-time]" in said
    status, told, _ = rights("step", "2", "extend", *BY)
    assert told["due"] == str(date.today() + ANSWER + EXTENSION)
    assert rights("step", "2", "extend", *BY)[0] == 2


def test_a_complaint_goes_to_the_advisory_group_and_then_to_the_commission() -> None:
    request = Request(1, "complaint", ("a1",), DAY).then(step("verify")).then(step("refuse"))
    assert (request.is_open, request.level) == (False, "staff")
    with pytest.raises(StateError, match="taken further"):
        request.then(step("answer"))
    request = request.then(step("escalate"))
    assert (request.is_open, request.level) == (True, "advisory-group")
    request = request.then(step("answer", role="commission")).then(step("escalate"))
    assert (request.is_open, request.level) == (True, "commission")
    with pytest.raises(StateError, match="above"):
        request.then(step("escalate"))


def test_what_is_overdue_stands_first() -> None:
    days = [3, 40, 0, 35, 1]
    requests = tuple(
        Request(number, "access", ("a",), DAY - timedelta(days=age))
        for number, age in enumerate(days, 1)
    )
    closed = requests[4].then(step("verify")).then(step("answer"))
    assert [one.number for one in in_order((*requests[:4], closed), DAY)] == [2, 4, 1, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_steps_of_another_kind_or_without_a_name_are_refused(kind: str) -> None:
    request = Request(1, kind, ("a",), DAY)  # type: ignore[arg-type]  # by name
    wrong = "uphold" if kind != "objection" else "delete"
    for bad in (step(wrong), Step(DAY, "verify", " ", "staff"), Step(DAY, "verify", "A", "boss")):
        with pytest.raises(ParameterError):
            request.then(bad)
    with pytest.raises(StateError, match="before"):
        request.then(step("verify", DAY - timedelta(days=1)))
    with pytest.raises(ParameterError, match="no code"):
        request.then(step("verify", code="legal-claims"))


def test_own_data_are_given_and_of_others_only_that_they_are(
    rights: Rights, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    rights("open", "access", "--record", "a1")
    words = ("export", "1", tmp_path / "people.csv", "--out", tmp_path / "own-data.json")
    status, _, said = rights(*words, as_json=False)
    assert status == 2
    assert "[rights.identity-verified]" in said
    rights("step", "1", "verify", *BY)
    withhold = ("--withhold", "given_name")
    status, _, said = rights(*words, *withhold, as_json=False)
    assert status == 2
    assert "[rights.named-ground]" in said
    rights("step", "1", "restrict", *BY, "--code", "rights-of-others")
    status, _, said = rights(*words, "--withhold", "given_nam", as_json=False)
    assert status == 2  # what is misspelt must not be given
    assert not (tmp_path / "own-data.json").exists()
    assert rights(*words, *withhold, as_json=False)[0] == 0
    content = (tmp_path / "own-data.json").read_text()
    found = json.loads(content)
    assert found["own"][0]["family_name"] == "Secretname"
    assert found["others"] == [{"role": "sought", "relation": "son"}]
    for hidden in ("Hiddenname", "Yusuf", "Elsewhere", "Amina"):
        assert hidden not in content
    assert (tmp_path / "own-data.json").stat().st_mode & 0o077 == 0


def test_of_what_was_refused_nothing_is_given(rights: Rights, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    rights("open", "access", "--record", "a1")
    rights("step", "1", "verify", *BY)
    assert rights("step", "1", "refuse", *BY, "--code", "safety-of-a-person")[0] == 0
    words = ("export", "1", tmp_path / "people.csv", "--out", tmp_path / "own-data.json")
    assert rights(*words, as_json=False)[0] == 2
    assert not (tmp_path / "own-data.json").exists()


def test_the_register_is_read_by_its_identity_alone(tmp_path: Path) -> None:
    own = Identity.generate("red-one")
    register = Register(tmp_path / "register", own)
    register.add("access", ("record-of-somebody",), DAY)
    content = (tmp_path / "register").read_bytes()
    assert b"record-of-somebody" not in content
    assert (tmp_path / "register").stat().st_mode & 0o077 == 0
    assert Register(tmp_path / "register", own).request(1).records == ("record-of-somebody",)
    with pytest.raises(KeyFileError):
        Register(tmp_path / "register", Identity.generate("red-one")).requests()
    (tmp_path / "register").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(KeyFileError):
        register.add("access", ("a",), DAY)
    (tmp_path / "register").write_bytes(content)
    with pytest.raises(GateError):
        register.follow(1, step("answer"))
    assert (tmp_path / "register").read_bytes() == content
