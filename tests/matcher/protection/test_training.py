"""Access asks for current training; duties are given and end; by the command line and over HTTP."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from people import ONE, TWO, add, draw_agreement
from starlette.testclient import TestClient

from matcher.formats.errors import AbsentError, ParameterError
from matcher.protection import training
from matcher.service.app import make_app
from matcher.settings import Settings
from matcher.store import Store, access
from matcher.store.models import Training

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def user(store: Store) -> UUID:
    add(store, draw_agreement())
    with store.as_unit() as session:
        return access.add_user(session, subject="someone", role="tracing-officer", society=ONE)


@pytest.fixture
def ask(store: Store, user: UUID) -> Callable[..., Any]:
    """Asks the service for the user's batches, at a time, with a token of the user's."""
    with store.as_unit() as session:
        token = access.new_token(
            session, user, scopes=["batches"], expires_at=NOW + timedelta(days=900)
        )

    def asked(at: datetime = NOW, **given: object) -> Any:
        settings = Settings.load(data_folder=store.folder, **given)
        app = make_app(store, settings, clock=lambda: at)
        headers = {"Authorization": f"Bearer {token}"}
        return TestClient(app, headers=headers).get("/v1/batches")

    return asked


def train(store: Store, user: UUID, until: date, done: date = TODAY) -> None:
    with store.as_unit() as session:
        training.record_training(
            session, user, course="basics", completed_on=done, valid_until=until
        )


@pytest.mark.rule("access.training-current", "passes")
def test_who_is_trained_gets_in_until_the_training_ends(
    store: Store, user: UUID, ask: Callable[..., Any]
) -> None:
    train(store, user, TODAY + timedelta(days=10))
    assert ask().status_code == 200
    assert ask(NOW + timedelta(days=10)).status_code == 200
    assert ask(NOW + timedelta(days=11)).status_code == 409
    train(store, user, TODAY + timedelta(days=365))
    assert ask(NOW + timedelta(days=11)).status_code == 200


@pytest.mark.rule("access.training-current", "refuses")
def test_who_is_not_trained_is_refused_with_the_reason(
    store: Store, user: UUID, ask: Callable[..., Any]
) -> None:
    answer = ask()
    assert answer.status_code == 409
    assert answer.json()["code"] == "gate"
    assert "[access.training-current]" in answer.json()["detail"]
    assert ask(training_required=False).status_code == 200


@pytest.mark.rule("access.training-current", "refuses")
@pytest.mark.parametrize("role", access.SCOPES_OF)
def test_no_route_answers_who_is_not_trained(store: Store, user: UUID, role: str) -> None:
    """Whatever the role, with all its scopes: nothing is shown, and nothing taken."""
    with store.as_unit() as session:
        society = None if role == "operator" else ONE
        known = access.add_user(session, subject=role, role=role, society=society)
        scopes = access.SCOPES_OF[role]
        token = access.new_token(session, known, scopes=scopes, expires_at=NOW + timedelta(days=9))
    app = make_app(store, Settings.load(data_folder=store.folder), clock=lambda: NOW)
    client = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    paths = client.get("/openapi.json").json()["paths"]
    asked = [(path, method) for path, found in paths.items() for method in found]
    of_service = [(path, method) for path, method in asked if path.startswith("/v1/")]
    assert len(of_service) > 20
    for path, method in of_service:
        named = re.sub(r"{\w+_id}", str(user) if "candidate" not in path else "00" * 16, path)
        answer = client.request(method.upper(), named.replace("{number}", "1"))
        assert answer.status_code == 409, (method, path)
        assert "[access.training-current]" in answer.json()["detail"], (method, path)


def test_training_lasts_two_years_at_most_and_no_less_than_a_day(store: Store, user: UUID) -> None:
    for until in (TODAY - timedelta(days=1), TODAY + timedelta(days=732)):
        with pytest.raises(ParameterError, match="731 days"):
            train(store, user, until)
    with pytest.raises(AbsentError), store.as_unit() as session:
        training.record_training(
            session, UUID(int=1), course="x", completed_on=TODAY, valid_until=TODAY
        )


def test_a_society_sees_the_training_of_its_own_people_alone(store: Store, user: UUID) -> None:
    train(store, user, TODAY)
    for society, count in ((ONE, 1), (TWO, 0)):
        with store.as_society(society) as session:
            assert session.query(Training).count() == count


def test_duties_are_given_once_and_end(store: Store, user: UUID) -> None:
    with store.as_unit() as session:
        for duty in ("data-protection-officer", "focal-point", "focal-point"):
            training.give_duty(session, user, duty, since=TODAY)
        held = training.duties_of(session, user, TODAY)
        assert held == ("focal-point", "data-protection-officer")
        assert training.duties_of(session, user, TODAY - timedelta(days=1)) == ()
        training.end_duty(session, user, "focal-point", last_day=TODAY)
        assert "focal-point" in training.duties_of(session, user, TODAY)
        after = TODAY + timedelta(days=1)
        assert training.duties_of(session, user, after) == ("data-protection-officer",)
        with pytest.raises(AbsentError):
            training.end_duty(session, user, "focal-point", last_day=TODAY)
        with pytest.raises(ParameterError):
            training.give_duty(session, user, "king", since=TODAY)


def test_by_the_command_line(store: Store, user: UUID, run: Any) -> None:
    folder = ("--data-folder", store.folder)
    until = date.today() + timedelta(days=100)
    ended = run("user", "train", str(user), "--course", "basics", "--valid-until", until, *folder)
    assert ended.status == 0, ended.said
    assert run("user", "duty", str(user), "commission", *folder).status == 0
    told = run("user", "list", *folder).said
    assert str(until) in told
    assert "commission" in told
    assert run("user", "duty", str(user), "commission", "--end", *folder).status == 0
