"""The sharing decision tree, by the command line: every way through it, and what is kept."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from people import ONE, TODAY, TWO, draw_agreement, registered, sought, submit, write
from sqlalchemy import select
from starlette.testclient import TestClient

from matcher.formats.errors import ParameterError
from matcher.formats.sharing import (
    FIRST,
    OUTCOMES,
    TREE,
    Question,
    answers_of_fiction,
    walk,
    walk_given,
)
from matcher.nightly.night import Limits, run_night
from matcher.protection.sharing import decisions
from matcher.store import admitting
from matcher.store.database import Store
from matcher.store.models import AuditEntry, CandidateRow, SharingDecision

PERMITTED = answers_of_fiction("consent")
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
    """A linkage unit with an agreement, for which nobody has gone through the tree."""
    with store.as_unit() as session:
        admitting.add_agreement(session, draw_agreement(), on=TODAY)
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
        (EXCEPTIONAL, {"--risk": ASSESSED, "--subject": "ab" * 16}),  # the agreement's id
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
    assert grounds == {"consent", "assent", "best-interests", "each-record", "exceptional"}
    assert len(permitted) == 5
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


@pytest.mark.parametrize("given", [{"--by": " "}, {"--role": "king"}, {"--recipient": " "}])
def test_who_decided_in_which_role_and_for_whom_is_said(
    run: Any, unit: Store, given: dict[str, str]
) -> None:
    ended = decide(run, unit, answers_of_fiction("consent"), **given)
    assert ended.status == 2
    assert "data-protection-officer" in ended.said
    with unit.as_unit() as session:
        assert session.scalars(select(SharingDecision)).all() == []


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


Serve = Callable[..., TestClient]
UNDER = "ab" * 16
NEW_BATCH = {"agreement": UNDER, "digest": "sha256:" + "0" * 64, "size": 10}
OF_BATCH = answers_of_fiction("each-record")


def answer_for(client: TestClient, agreement: str = UNDER, **answers: str) -> Any:
    said = {"answers": OF_BATCH | answers}
    return client.post(f"/v1/agreements/{agreement}/sharing", json=said)


@pytest.mark.rule("sharing.tree-permits", "passes")
@pytest.mark.rule("sharing.tree-permits", "refuses")
def test_a_societys_first_batch_waits_until_the_tree_permits_it(unit: Store, serve: Serve) -> None:
    one = serve(ONE)
    answer = one.post("/v1/batches", json=NEW_BATCH)
    assert (answer.status_code, answer.json()["code"]) == (409, "gate")
    assert "[sharing.tree-permits]" in answer.json()["detail"]
    assert f"--agreement {UNDER}" in answer.json()["detail"]
    said = {**dict(list(OF_BATCH.items())[:5]), "recipient-secure": "no"}
    kept = one.post(f"/v1/agreements/{UNDER}/sharing", json={"answers": said})
    assert (kept.status_code, kept.json()["outcome"]) == (201, "refuse")
    assert "'recipient-secure': no" in one.post("/v1/batches", json=NEW_BATCH).json()["detail"]
    assert answer_for(one).json() | {"id": ""} == {
        "id": "", "outcome": "permit", "recipient": "crescent-3, red-two",
    }  # fmt: skip
    assert one.post("/v1/batches", json=NEW_BATCH).status_code == 201
    assert serve(TWO).post("/v1/batches", json=NEW_BATCH).status_code == 409
    with unit.as_unit() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "sharing.decide")
        ).all()
        details = [json.loads(one.details) for one in entries]
        assert [one["outcome"] for one in details] == ["refuse", "permit"]
        assert {one["role"] for one in details} == {"tracing-officer"}


def test_a_society_that_only_receives_goes_through_it_too(unit: Store, serve: Serve) -> None:
    agreement = draw_agreement(agreement_id="cd" * 16, parties=(ONE, TWO), corridors=[(TWO, ONE)])
    with unit.as_unit() as session:
        admitting.add_agreement(session, agreement, on=TODAY)
    assert answer_for(serve(ONE), "cd" * 16).json()["recipient"] == ""


def test_a_party_more_is_a_recipient_more(unit: Store, serve: Serve) -> None:
    """What was answered for two recipients is no answer for a third."""
    agreement = draw_agreement(agreement_id="cd" * 16, parties=(ONE, TWO))
    with unit.as_unit() as session:
        admitting.add_agreement(session, agreement, on=TODAY)
    one = serve(ONE)
    assert answer_for(one, "cd" * 16).json()["recipient"] == TWO
    with unit.as_unit() as session:
        (row,) = session.scalars(select(SharingDecision)).all()
        row.subject = UNDER
    answer = one.post("/v1/batches", json=NEW_BATCH)
    assert "not gone through for crescent-3" in answer.json()["detail"]


@pytest.mark.rule("sharing.exceptional-one-case", "refuses")
def test_no_batch_rests_on_an_exceptional_circumstance(unit: Store, serve: Serve) -> None:
    one = serve(ONE)
    answer = answer_for(one, **{"ground": "exceptional", "one-case": "yes"})
    assert answer.status_code == 409
    assert "[sharing.exceptional-one-case]" in answer.json()["detail"]
    assert one.post("/v1/batches", json=NEW_BATCH).status_code == 409


@pytest.fixture
def key(unit: Store, tmp_path: Path) -> str:
    """A candidate of two societies, found today."""
    agreement = draw_agreement()
    for society, people in ((ONE, sought(1)), (TWO, registered(1))):
        submit(unit, write(tmp_path / society, agreement, society, people), agreement, society)
    run_night(unit, on=TODAY, limits=Limits(10**9, 10**6), top=10, threads=1)
    with unit.as_unit() as session:
        return session.scalars(select(CandidateRow.id)).one().hex()


def confirm(client: TestClient, key: str) -> Any:
    said = {"verdict": "confirm", "version": 1, "safeguarding": True, "consulted": True}
    return client.post(f"/v1/candidates/{key}/decisions", json=said)


def answer_of(client: TestClient, key: str, answers: dict[str, str], **more: object) -> Any:
    said = {"answers": answers, "version": 1, **more}
    return client.post(f"/v1/candidates/{key}/sharing", json=said)


OUTCOMES_OF = {
    "aggregate-only": {"purpose-specific": "yes", "aggregate-enough": "yes"},
    "refuse": {"purpose-specific": "no"},
    "inform-the-person-instead": {
        **dict(list(PERMITTED.items())[:3]), "ground": "none",
    },
}  # fmt: skip


@pytest.mark.rule("sharing.tree-permits", "refuses")
@pytest.mark.parametrize("outcome", OUTCOMES_OF)
def test_nobody_confirms_what_the_tree_does_not_permit_and_the_other_side_sees_nothing_of_it(
    serve: Serve, key: str, outcome: str
) -> None:
    one, two = serve(ONE), serve(TWO)
    before = two.get(f"/v1/candidates/{key}").json()
    answer = confirm(one, key)
    assert answer.status_code == 409
    assert "[sharing.tree-permits]" in answer.json()["detail"]
    assert f"sharing answer {key} --version 1" in answer.json()["detail"]
    kept = answer_of(one, key, OUTCOMES_OF[outcome])
    assert (kept.status_code, kept.json()["outcome"]) == (201, outcome)
    assert f"'{outcome}'" in confirm(one, key).json()["detail"]
    assert two.get(f"/v1/candidates/{key}").json() == before
    assert answer_of(one, key, PERMITTED).json()["recipient"] == "the other side of the candidate"
    assert confirm(one, key).status_code == 200


def test_who_thinks_better_of_it_after_confirming_discloses_nothing(serve: Serve, key: str) -> None:
    one, two = serve(ONE), serve(TWO)
    for client in (one, two):
        answer_of(client, key, PERMITTED)
    assert confirm(one, key).status_code == 200
    answer_of(one, key, OUTCOMES_OF["refuse"])
    assert confirm(two, key).json() == {"state": "confirmed", "disclosed": False}
    for client in (one, two):
        assert client.get(f"/v1/candidates/{key}/disclosure").status_code == 404


@pytest.mark.rule("sharing.exceptional-one-case", "passes")
def test_a_candidate_may_be_an_exceptional_case_that_was_assessed(
    unit: Store, serve: Serve, key: str
) -> None:
    one = serve(ONE)
    assert answer_of(one, key, EXCEPTIONAL).status_code == 409
    assert answer_of(one, key, EXCEPTIONAL, risk=ASSESSED).json()["outcome"] == "permit"
    assert confirm(one, key).status_code == 200
    assert answer_of(one, key, OF_BATCH).status_code == 422  # one case says what it rests on
    assert answer_of(one, key, PERMITTED, version=2).status_code == 409
    with unit.as_unit() as session:  # what is deleted takes along what was said of it
        session.delete(session.get_one(CandidateRow, bytes.fromhex(key)))
        session.flush()
        assert session.scalars(select(SharingDecision)).all() == []


def test_another_societys_candidates_and_agreements_are_nobodys(serve: Serve, key: str) -> None:
    three = serve("crescent-3")
    theirs, nobodys = (answer_of(three, one, PERMITTED) for one in (key, "00" * 16))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert answer_for(three, "00" * 16).status_code == 404
