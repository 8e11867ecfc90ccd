"""Codes: the words that sources write for sex, relation and role."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.codes import normalise_relation, normalise_role, normalise_sex
from encoders.records import SEXES
from encoders.rules import RULES, Problem
from matcher.formats.vocabulary import RELATIONS, ROLES


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("M", "m"),
        (" male ", "m"),
        ("FEMALE", "f"),
        ("ЖЕНСКИЙ", "f"),
        ("ذكر", "m"),
        ("\u200fأنثى", "f"),
        ("kad\u0131n", "f"),
        ("KIZ", "f"),
        ("garc\u0327on", "m"),
        ("X", None),
        ("Unknown", None),
        ("-", None),
        (None, None),
    ],
)
def test_words_for_sex_are_known(text: str | None, code: str | None) -> None:
    assert normalise_sex(text) == (code, None)


@pytest.mark.parametrize("text", ["1", "2", "h", "mail"])
def test_words_that_may_mean_either_are_a_problem(text: str) -> None:
    assert normalise_sex(text) == (None, Problem("sex", "sex_unknown"))


def test_codes_stand_for_themselves() -> None:
    assert all(normalise_sex(code) == (code, None) for code in SEXES)
    assert all(normalise_relation(code) == (code, None) for code in RELATIONS)
    assert all(normalise_role(code.upper()) == (code, None) for code in ROLES)


def test_relations_and_roles_that_are_not_known_are_a_problem() -> None:
    assert normalise_relation("neighbour") == (None, Problem("relation", "relation_unknown"))
    assert normalise_role("witness") == (None, Problem("role", "role_unknown"))


@given(st.text())
def test_no_text_raises(text: str) -> None:
    for normalise in (normalise_sex, normalise_relation, normalise_role):
        code, problem = normalise(text)
        assert code is None or problem is None
        assert problem is None or problem.rule in RULES
