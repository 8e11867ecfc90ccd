"""The table of data-protection rules, the code and the tests can't drift apart."""

import ast
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from matcher.formats.errors import GateError, ParameterError
from matcher.formats.rulebook import RULEBOOK, RULES, Override, Rulebook, refuse
from matcher.formats.rulepage import page

ROOT = Path(__file__).parents[1]
ENDS = ("passes", "refuses")


def marks(path: Path) -> Iterator[tuple[str, str]]:
    """Every `pytest.mark.rule(name, end)` of a test file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            name, end = (ast.literal_eval(argument) for argument in node.args)
            yield name, end


TESTED = {mark for path in sorted((ROOT / "tests").rglob("test_*.py")) for mark in marks(path)}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_test_that_passes_it_and_one_that_it_refuses(name: str, end: str) -> None:
    assert (name, end) in TESTED


def test_no_test_is_of_a_rule_that_is_gone() -> None:
    assert {(name, end) for name, end in TESTED if name not in RULES or end not in ENDS} == set()


@pytest.mark.parametrize("name", RULES)
def test_every_gate_is_there_and_explained(name: str) -> None:
    module, function = RULES[name].gate.split(":")
    assert getattr(import_module(module), function).__doc__


def names_used(path: Path) -> set[str]:
    """The names and attributes that a module reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return read | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


USED = {
    path: names_used(path)
    for package in ("encoders", "matcher")
    for path in sorted((ROOT / package).rglob("*.py"))
}


@pytest.mark.parametrize("name", RULES)
def test_every_gate_is_used_by_the_code(name: str) -> None:
    module, function = RULES[name].gate.split(":")
    assert any(function in used for used in USED.values()), module


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_named_in_the_code_that_is_its_gate(name: str) -> None:
    module = import_module(RULES[name].gate.split(":")[0])
    assert module.__file__ is not None
    assert f'"{name}"' in Path(module.__file__).read_text(encoding="utf-8")


def test_the_page_is_as_the_table_says() -> None:
    found = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")
    assert found == page(RULEBOOK), "run make docs"


def book(**changes: object) -> Rulebook:
    rule = {
        "name": "subject.what",
        "side": "society",
        "when": ["encode"],
        "sentence": "It is so.",
        "mends": "Make it so.",
        "gate": "some.module:function",
        "citations": [{"document": "law", "place": "Article 1"}],
        **changes,
    }
    law = {"title": "A law", "issuer": "A state", "year": 2016}
    return Rulebook.model_validate(
        {"format": "kinmatch-rulebook/1", "documents": {"law": law}, "rules": [rule]}
    )


def test_a_page_says_all_of_a_rule() -> None:
    text = page(book(override=["commission", "data-protection-officer"]))
    for part in ("`subject.what`", "It is so.", "Make it so.", "law, Article 1", "A state, 2016"):
        assert part in text
    assert "overridden by: commission or data protection officer" in text
    assert "overridden by: nobody" in page(book())


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "nodot"},
        {"side": "analyst"},
        {"when": []},
        {"sentence": "no sentence"},
        {"override": ["caseworker"]},
        {"gate": "no function"},
        {"citations": []},
        {"citations": [{"document": "unknown", "place": "Article 1"}]},
        {"why": "not asked"},
    ],
)
def test_a_table_that_is_not_sound_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        book(**changes)


def test_no_rule_no_refusal() -> None:
    with pytest.raises(ParameterError, match="no data-protection rule"):
        refuse("no.such")


@pytest.mark.parametrize("name", RULES)
def test_a_refusal_names_rule_reason_and_what_would_mend_it(name: str) -> None:
    error = refuse(name, "Row 3 is so.")
    assert isinstance(error, GateError)
    assert error.rule == name
    for part in ("Row 3 is so.", RULES[name].sentence, RULES[name].mends, f"[{name}]"):
        assert part in str(error)


@pytest.mark.parametrize("name", RULES)
def test_an_override_is_by_who_may(name: str) -> None:
    said = {"name": "A. Person", "reason": "decided with the commission", "on": date(2026, 1, 1)}
    for role in RULES[name].override:
        made = Override.by(rule=name, role=role, **said)  # type: ignore[arg-type]  # as a caller
        assert "Person" not in repr(made)
        with pytest.raises(ParameterError, match="needs a name"):
            Override.by(rule=name, role=role, name=" ", reason="too short", on=date(2026, 1, 1))
    with pytest.raises(GateError, match="overridden by"):
        Override.by(rule=name, role="caseworker", **said)  # type: ignore[arg-type]  # as a caller
