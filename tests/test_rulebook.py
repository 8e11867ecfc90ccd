"""The table of data-protection rules, the code and the tests can't drift apart."""

import ast
import os
import subprocess
import sys
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
    return marks_in(ast.parse(path.read_text(encoding="utf-8")))


def marks_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Every `pytest.mark.rule(name, end)` below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            name, end = (ast.literal_eval(argument) for argument in node.args)
            yield name, end


FILES = sorted((ROOT / "tests").rglob("test_*.py"))
TESTED = {mark for path in FILES for mark in marks(path)}

DOORS = {"main", "TestClient", "kinmatch"}
"""By what a test comes in as a person does: the command line, or HTTP."""


Named = ast.FunctionDef | ast.ClassDef


def named_in(path: Path) -> dict[str, Named]:
    """The functions and classes of a test file, its fixtures among them, by their names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, Named)}


def reached(path: Path, name: str) -> set[str]:
    """All names that a test uses: itself, by its fixtures, and by the helpers beside it."""
    above = [one / "conftest.py" for one in path.parents if (one / "conftest.py").exists()]
    beside = [path.parent / "command_line.py"] if (path.parent / "command_line.py").exists() else []
    known: dict[str, Named] = {}
    for one in (*above[::-1], *beside, path):
        known |= named_in(one)
    waiting, seen = [name], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in known:
            node = known[one]
            waiting += [part.arg for part in ast.walk(node) if isinstance(part, ast.arg)]
            waiting += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return seen


def entered() -> set[tuple[str, str]]:
    """Each rule and end that a test of it meets on the command line or over HTTP."""
    found = set()
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if "pytest.mark.rule(" not in text or path.name == "test_rulebook.py":
            continue
        for name, node in named_in(path).items():
            if name.startswith("test_") and reached(path, name) & DOORS:
                found |= set(marks_of(node, path))
    return found


def marks_of(node: Named, path: Path) -> Iterator[tuple[str, str]]:
    """The marks of one test; those in a list of cases stand beside it, by the list's name."""
    for decorator in node.decorator_list:
        used = {part.id for part in ast.walk(decorator) if isinstance(part, ast.Name)}
        for one in (decorator, *named_values(path, used)):
            yield from marks_in(one)


def named_values(path: Path, names: set[str]) -> list[ast.expr]:
    """The values that a file gives to names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in names
    ]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_test_that_passes_it_and_one_that_it_refuses(name: str, end: str) -> None:
    assert (name, end) in TESTED


def test_every_rule_is_met_on_the_command_line_or_over_http() -> None:
    assert sorted({(name, end) for name in RULES for end in ENDS} - entered()) == []


def test_the_society_s_rules_are_noticed_when_they_are_gone() -> None:
    """Each gate is taken out of the code; a test of its rule must fail. `make gates` does all."""
    files = (
        "e2e/test_society_gates.py",
        "encoders/rights",
        "matcher/protection/test_agreement_terms.py",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "without_gates", *files],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nwithout ") > 30


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
    law = {"title": "A law", "issuer": "A state", "year": 2016, "places": "articles"}
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


def test_only_what_was_read_is_cited_by_article() -> None:
    read = {key for key, one in RULEBOOK.documents.items() if one.places == "articles"}
    assert read == {"gdpr", "crc"}
    for rule in RULEBOOK.rules:
        for citation in rule.citations:
            if citation.document in read:
                assert citation.place.startswith("Article")
    text = page(RULEBOOK)
    assert "| gdpr | General Data Protection Regulation, Regulation (EU) 2016/679. " in text
    assert "RET | subject alone |" in text


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
