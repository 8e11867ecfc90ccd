"""Texts for people: made from agreement and law profile, alike in every language."""

import re
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from encoders.protection.law import LawProfile
from encoders.templates import FORMAT, NAMES, catalogue, languages, make
from matcher.cli import main
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, ParameterError
from matcher.formats.terms import LEGAL_BASES, Terms

DrawUp = Callable[..., Agreement]
LAW = LawProfile.model_validate(
    {
        "society": "red-one", "majority": 18, "notice_days": 30, "verify_consent_days": 700,
        "bases": {"consent": {"ordinary": True}, "vital-interest": {"ordinary": True}},
    }
)  # fmt: skip


@pytest.fixture
def agreement(draw_up: DrawUp) -> Agreement:
    plain = draw_up()
    terms = Terms.of_fiction(plain.corridors, plain.purposes, plain.valid_from, plain.valid_until)
    return draw_up(terms=terms)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_whole_in_every_language(
    agreement: Agreement, name: str, language: str
) -> None:
    text = make(name, agreement, LAW, language=language)
    assert text == make(name, agreement, LAW, language=language)
    assert "$" not in text
    assert agreement.digest in text
    assert text.startswith("# ")
    if name == "information-notice":
        assert "red-two" in text
        assert str(agreement.retention_days) in text
        assert agreement.terms is not None
        assert agreement.terms.purposes[0].benefit in text


def blanks(said: Any) -> list[str]:
    """All blanks of a part of a language's file, in order."""
    if isinstance(said, dict):
        return [name for key in sorted(said) for name in blanks(said[key])]
    if isinstance(said, list):
        return [name for one in said for name in blanks(one)]
    return sorted(string.Template(str(said)).get_identifiers())


@pytest.mark.parametrize("language", languages())
def test_languages_differ_in_words_alone(language: str) -> None:
    first, other = catalogue("en"), catalogue(language)
    assert other["format"] == FORMAT
    assert set(other) == set(first)
    assert set(other["texts"]) == set(NAMES)
    assert set(other["bases"]) == set(LEGAL_BASES)
    for name in NAMES:
        mine, theirs = first["texts"][name], other["texts"][name]
        assert len(mine["parts"]) == len(theirs["parts"])
        for one, same in zip(mine["parts"], theirs["parts"], strict=True):
            assert set(blanks(one)) == set(blanks(same))
            assert one.count("[ ]") == same.count("[ ]")
    assert blanks(first["foot"]) == blanks(other["foot"])


def test_what_the_law_does_not_give_is_promised_to_nobody(agreement: Agreement) -> None:
    law = LAW.model_copy(update={"bases": {"consent": LAW.bases["consent"]}})
    both, one = (make("information-notice", agreement, each) for each in (LAW, law))
    assert "vital interest" in both
    assert "vital interest" not in one
    checklist = make("legal-framework", agreement, law)
    assert re.search(r"vital interest[^\n]*ordinary data no", checklist)


def test_what_can_t_be_made(agreement: Agreement, draw_up: DrawUp) -> None:
    with pytest.raises(ParameterError, match="one of"):
        make("poem", agreement, LAW)
    for language in ("xx", "../en", "EN"):
        with pytest.raises(ParameterError, match="languages"):
            make(NAMES[0], agreement, LAW, language=language)
    with pytest.raises(AgreementError):
        make(NAMES[0], agreement, LAW.model_copy(update={"society": "stranger"}))
    with pytest.raises(AgreementError, match="terms"):
        make(NAMES[0], draw_up(terms=None), LAW)


def test_by_the_command_line(
    agreement: Agreement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement.write(tmp_path / "agreement.toml")
    (tmp_path / "law.toml").write_text(
        'format = "kinmatch-law/1"\nsociety = "red-one"\nmajority = 18\nnotice_days = 30\n'
        "[bases.consent]\nordinary = true\n"
    )
    words = [
        "kinmatch", "template", "consent-script", "--agreement", str(tmp_path / "agreement.toml"),
        "--law", str(tmp_path / "law.toml"), "--language", "fr", "--out", str(tmp_path / "a.md"),
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "consentement" in (tmp_path / "a.md").read_text(encoding="utf-8")
