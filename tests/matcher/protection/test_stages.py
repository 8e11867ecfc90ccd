"""Stages over HTTP: a band, then levels, and who the other is only when both sides are cleared."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import select
from starlette.testclient import TestClient

from matcher.formats.sharing import answers_of_fiction
from matcher.nightly.night import Limits, run_night
from matcher.store import candidates
from matcher.store.database import Store
from matcher.store.models import CandidateRow, CandidateSide, Clearance, Decision

Serve = Callable[..., TestClient]
CLEARED = {"safeguarding": True, "consulted": True}


@pytest.fixture
def key(store: Store, tmp_path: Path) -> str:
    """A candidate of two societies, found today."""
    agreement = add(store, draw_agreement())
    for society, people in ((ONE, sought(1)), (TWO, registered(1))):
        submit(store, write(tmp_path / society, agreement, society, people), agreement, society)
    run_night(store, on=TODAY, limits=Limits(10**9, 10**6), top=10, threads=1)
    with store.as_unit() as session:
        return session.scalars(select(CandidateRow.id)).one().hex()


def decide(client: TestClient, key: str, verdict: str = "confirm", **said: Any) -> Any:
    return client.post(
        f"/v1/candidates/{key}/decisions", json={"verdict": verdict, "version": 1, **said}
    )


def share(client: TestClient, key: str, version: int = 1, **answers: str) -> Any:
    """Go through the sharing decision tree."""
    way = {"answers": answers_of_fiction("consent") | answers, "version": version}
    return client.post(f"/v1/candidates/{key}/sharing", json=way)


@pytest.fixture
def sides(serve: Serve, key: str) -> tuple[TestClient, TestClient]:
    """Both societies, which went through the sharing decision tree to the permission."""
    one, two = serve(ONE), serve(TWO)
    for client in (one, two):
        assert share(client, key).json()["outcome"] == "permit"
    return one, two


def seen(client: TestClient, key: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/candidates/{key}").json()
    return found


@pytest.mark.rule("disclosure.both-confirmed", "passes")
@pytest.mark.rule("disclosure.safeguarding-cleared", "passes")
@pytest.mark.rule("disclosure.person-consulted", "passes")
def test_both_confirm_cleared_sides_and_learn_who_the_other_is(
    sides: tuple[TestClient, TestClient], key: str
) -> None:
    one, two = sides
    assert seen(one, key)["band"] == "strong"
    assert decide(one, key, **CLEARED).json()["disclosed"] is False
    assert decide(two, key, **CLEARED).json()["disclosed"] is True
    assert one.get(f"/v1/candidates/{key}/disclosure").json()["society"] == TWO
    assert two.get(f"/v1/candidates/{key}/disclosure").json()["society"] == ONE


@pytest.mark.rule("disclosure.both-confirmed", "refuses")
def test_before_both_have_confirmed_there_is_nothing_to_see(
    serve: Serve, sides: tuple[TestClient, TestClient], key: str
) -> None:
    one, two = sides
    decide(one, key, **CLEARED)
    absent = one.get(f"/v1/candidates/{'00' * 16}/disclosure")
    for client in (one, two, serve(THREE)):
        answer = client.get(f"/v1/candidates/{key}/disclosure")
        assert answer.status_code == 404
        assert answer.json()["detail"] == absent.json()["detail"]
    assert TWO not in one.get(f"/v1/candidates/{key}").text


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        pytest.param(
            {"consulted": True}, "disclosure.safeguarding-cleared",
            marks=pytest.mark.rule("disclosure.safeguarding-cleared", "refuses"),
        ),
        pytest.param(
            {"safeguarding": True}, "disclosure.person-consulted",
            marks=pytest.mark.rule("disclosure.person-consulted", "refuses"),
        ),
        ({}, "disclosure.safeguarding-cleared"),
    ],
)  # fmt: skip
def test_a_side_that_is_not_cleared_can_not_confirm_and_nobody_else_sees_that_it_tried(
    store: Store, sides: tuple[TestClient, TestClient], key: str, said: dict[str, bool], rule: str
) -> None:
    one, two = sides
    decide(one, key, **CLEARED)
    before = seen(one, key)
    answer = decide(two, key, **said)
    assert answer.status_code == 409
    assert answer.json()["code"] == "gate"
    assert f"[{rule}]" in answer.json()["detail"]
    assert seen(one, key) == before
    assert before["feedback"] == "pending"
    with store.as_unit() as session:
        assert session.scalars(select(Clearance.society)).all() == [ONE]
        assert session.scalars(select(Decision.society)).all() == [ONE]


def test_a_rejection_needs_no_clearance(serve: Serve, key: str) -> None:
    assert decide(serve(TWO), key, "reject").status_code == 200
    assert seen(serve(ONE), key)["feedback"] == "rejected"


def test_process_feedback_needs_no_consent(sides: tuple[TestClient, TestClient], key: str) -> None:
    one, two = sides
    assert seen(one, key)["feedback"] == "pending"
    decide(two, key, **CLEARED)
    assert seen(one, key)["feedback"] == "accepted"


@pytest.fixture
def disclosed(sides: tuple[TestClient, TestClient], key: str) -> tuple[TestClient, TestClient]:
    one, two = sides
    decide(one, key, **CLEARED)
    assert decide(two, key, **CLEARED).json()["disclosed"]
    return one, two


@pytest.mark.rule("feedback.service-consent", "passes")
def test_service_feedback_flows_with_consent(
    serve: Serve, disclosed: tuple[TestClient, TestClient], key: str
) -> None:
    one, two = disclosed
    said = {"code": "contact-restored", "consent_on": str(TODAY)}
    assert one.get(f"/v1/candidates/{key}/feedback").status_code == 404
    assert two.post(f"/v1/candidates/{key}/feedback", json=said).status_code == 204
    assert one.get(f"/v1/candidates/{key}/feedback").json() == said
    assert two.get(f"/v1/candidates/{key}/feedback").status_code == 404
    assert serve(THREE).get(f"/v1/candidates/{key}/feedback").status_code == 404
    later = said | {"code": "reunited"}
    assert two.post(f"/v1/candidates/{key}/feedback", json=later).status_code == 204
    assert one.get(f"/v1/candidates/{key}/feedback").json() == later


@pytest.mark.rule("feedback.service-consent", "refuses")
def test_service_feedback_is_refused_without_consent(
    disclosed: tuple[TestClient, TestClient], key: str
) -> None:
    one, two = disclosed
    answer = two.post(f"/v1/candidates/{key}/feedback", json={"code": "reunited"})
    assert answer.status_code == 409
    assert "[feedback.service-consent]" in answer.json()["detail"]
    late = {"code": "reunited", "consent_on": str(TODAY + timedelta(days=1))}
    assert two.post(f"/v1/candidates/{key}/feedback", json=late).status_code == 422
    assert one.get(f"/v1/candidates/{key}/feedback").status_code == 404


def test_service_feedback_waits_for_the_disclosure(serve: Serve, key: str) -> None:
    said = {"code": "reunited", "consent_on": str(TODAY)}
    assert serve(ONE).post(f"/v1/candidates/{key}/feedback", json=said).status_code == 404


def test_what_may_not_be_shown_any_more_is_neither_decided_on_nor_disclosed(
    store: Store, sides: tuple[TestClient, TestClient], key: str
) -> None:
    """As after a record was halted: what was disclosed stops showing, and nothing new is."""
    one, two = sides
    decide(one, key, **CLEARED)
    with store.as_unit() as session:
        side = session.get_one(CandidateSide, (bytes.fromhex(key), TWO))
        side.shown_until = date(2026, 5, 31)
    assert decide(two, key, **CLEARED).status_code == 404
    # One side that may not be shown forbids both: whatever is said is refused without a reason.
    for verdict in ("unsure", "reject", "confirm"):
        assert decide(one, key, verdict, **CLEARED).status_code == 404
    with store.as_unit() as session:
        side = session.get_one(CandidateSide, (bytes.fromhex(key), TWO))
        side.shown_until = TODAY
    decide(one, key, **CLEARED)
    assert decide(two, key, **CLEARED).json()["disclosed"]
    with store.as_unit() as session:
        for side in session.scalars(select(CandidateSide)):
            side.barred = True
    for client in (one, two):
        assert client.get(f"/v1/candidates/{key}/disclosure").status_code == 404


def test_a_clearance_is_of_the_version_that_was_looked_at(
    store: Store, sides: tuple[TestClient, TestClient], key: str
) -> None:
    one, two = sides
    decide(one, key, **CLEARED)
    with store.as_unit() as session:
        row = session.get_one(CandidateRow, bytes.fromhex(key))
        row.version = 2
        for side in session.scalars(select(CandidateSide)):
            side.version, side.verdict, side.state = 2, None, "new"
        row.state = "new"
    said = {"verdict": "confirm", "version": 2, **CLEARED}
    answer = two.post(f"/v1/candidates/{key}/decisions", json=said)
    assert "[sharing.tree-permits]" in answer.json()["detail"]
    share(two, key, version=2)
    answer = two.post(f"/v1/candidates/{key}/decisions", json=said)
    assert answer.json() == {"state": "half_confirmed", "disclosed": False}
    with store.as_society(TWO) as session:
        assert candidates.disclosed(session, bytes.fromhex(key), TWO) is None
