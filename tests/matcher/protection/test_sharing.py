"""The sharing decision tree, by the command line: every way through it, and what is kept."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from people import ONE, TWO, add, draw_agreement

from matcher.formats.errors import ParameterError
from matcher.protection.sharing import FIRST, OUTCOMES, TREE, Question, decisions, walk, walk_given
from matcher.store.database import Store

PERMITTED = {
    "purpose-specific": "yes",
    "aggregate-enough": "no",
    "which-purpose": "service",
    "ground": "consent",
    "minimum-data": "yes",
    "recipient-secure": "yes",
    "benefit-above-risk": "yes",
}
EXCEPTIONAL = PERMITTED | {"ground": "exceptional", "one-case": "yes"}
CASE = "0c" * 16
ASSESSED = "the risk of doing nothing is greater; the hospital was visited in May"


def decide(run: Any, store: Store, answers: dict[str, str], **given: str) -> Any:
    path = store.folder / "answers.toml"
    path.write_text(tomli_w.dumps(answers), encoding="utf-8")
    options = {"--society": ONE, "--subject": CASE, "--recipient": "a hospital"}
    options |= {"--by": "A. Person", "--role": "staff-in-charge"} | given
    words = (word for pair in options.items() for word in pair)
    return run("sharing", "decide", "--answers", path, "--data-folder", store.folder, *words)


@pytest.fixture
def unit(store: Store) -> Store:
    add(store, draw_agreement())
    return store


@pytest.mark.rule("sharing.tree-permits", "passes")
def test_what_the_tree_permits_is_permitted_and_kept(unit: Store, run: Any) -> None:
    ended = decide(run, unit, PERMITTED)
    assert ended.status == 0, ended.said
    (kept,) = json.loads(run("sharing", "list", "--json", "--data-folder", unit.folder).out)
    assert kept["outcome"] == "permit"
    assert (kept["by"], kept["role"], kept["society"]) == ("A. Person", "staff-in-charge", ONE)
    assert dict(kept["answers"]["way"]) == PERMITTED
    with unit.as_society(TWO) as session:
        assert decisions(session) == []


@pytest.mark.rule("sharing.tree-permits", "refuses")
@pytest.mark.parametrize(
    ("question", "answer", "outcome"),
    [
        ("purpose-specific", "no", "refuse"),
        ("aggregate-enough", "yes", "aggregate-only"),
        ("which-purpose", "indirect", "aggregate-only"),
        ("which-purpose", "not-humanitarian", "refuse"),
        ("ground", "none", "inform-the-person-instead"),
        ("minimum-data", "no", "refuse"),
        ("recipient-secure", "no", "refuse"),
        ("benefit-above-risk", "no", "inform-the-person-instead"),
    ],
)
def test_every_other_outcome_is_refused_by_its_name_and_kept(
    unit: Store, run: Any, question: str, answer: str, outcome: str
) -> None:
    names = list(PERMITTED)
    answers = {name: PERMITTED[name] for name in names[: names.index(question)]} | {
        question: answer
    }
    ended = decide(run, unit, answers)
    assert ended.status == 2
    assert f"'{outcome}'" in ended.said
    assert "[sharing.tree-permits]" in ended.said
    (kept,) = json.loads(run("sharing", "list", "--json", "--data-folder", unit.folder).out)
    assert kept["outcome"] == outcome


@pytest.mark.rule("sharing.exceptional-one-case", "passes")
def test_an_exceptional_circumstance_of_one_case(unit: Store, run: Any) -> None:
    ended = decide(run, unit, EXCEPTIONAL, **{"--risk": ASSESSED})
    assert ended.status == 0, ended.said


BLANKET = {**{name: PERMITTED[name] for name in list(PERMITTED)[:3]}, "ground": "exceptional"}


@pytest.mark.rule("sharing.exceptional-one-case", "refuses")
@pytest.mark.parametrize(
    ("answers", "given"),
    [
        (EXCEPTIONAL, {"--risk": ASSESSED, "--subject": "all of the camp"}),
        (EXCEPTIONAL, {"--risk": "none"}),
        ({**BLANKET, "one-case": "no"}, {"--risk": ASSESSED}),
    ],
)
def test_a_blanket_exception_is_refused(
    unit: Store, run: Any, answers: dict[str, str], given: dict[str, str]
) -> None:
    ended = decide(run, unit, answers, **given)
    assert ended.status == 2
    assert "[sharing.exceptional-one-case]" in ended.said
    assert json.loads(run("sharing", "list", "--json", "--data-folder", unit.folder).out) == []


def test_every_way_ends_in_an_outcome_and_only_one_kind_of_way_permits() -> None:
    """All ways: by every answer to every question, whether or not it is asked."""
    permitted = set()
    for given in product(*(list(one.leads) for one in TREE.values())):
        answers = dict(zip(TREE, given, strict=True))

        def ask(question: Question, answers: dict[str, str] = answers) -> str:
            return answers[question.name]

        way = walk(ask)
        assert way.outcome in OUTCOMES
        assert way.answers[0][0] == FIRST
        if way.outcome == "permit":
            permitted.add(way.answers)
    grounds = {dict(way)["ground"] for way in permitted}
    assert grounds == {"consent", "assent", "best-interests", "exceptional"}
    assert len(permitted) == 4
    assert all(dict(way).get("one-case", "yes") == "yes" for way in permitted)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        PERMITTED | {"ground": "because"},
        PERMITTED | {"one-case": "yes"},
        {name: answer for name, answer in PERMITTED.items() if name != "minimum-data"},
    ],
)
def test_answers_are_of_the_questions_that_are_asked(answers: dict[str, str]) -> None:
    with pytest.raises(ParameterError):
        walk_given(answers)


def test_the_tree_is_shown(run: Any, unit: Store, tmp_path: Path) -> None:
    told = json.loads(run("sharing", "questions", "--json").out)
    assert list(told) == list(TREE)
    assert "benefit-above-risk" in run("sharing", "questions").said
    ended = run(
        *("sharing", "decide", "--society", "nobody", "--subject", CASE, "--recipient", "x"),
        *("--by", "x", "--role", "x", "--data-folder", unit.folder),
    )
    assert ended.status == 2
    assert "no terminal" in ended.said
