"""One's own tokens: looked at, followed by new ones, ended; and no more than that."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from calling import NOW, bearing, serve
from people import ONE, add, draw_agreement
from starlette.testclient import TestClient

from matcher.store import Store, access, audit


@pytest.fixture(scope="module")
def ready(one_store: Store) -> Store:
    add(one_store, draw_agreement())
    return one_store


@pytest.fixture
def service(ready: Store) -> TestClient:
    return serve(ready, training_required=False)


@pytest.fixture
def person(ready: Store, request: pytest.FixtureRequest) -> UUID:
    with ready.as_unit() as session:
        return access.add_user(
            session, subject=request.node.name, role="tracing-officer", society=ONE
        )


def new(store: Store, user: UUID, *scopes: str) -> dict[str, str]:
    with store.as_unit() as session:
        wanted = scopes or access.scopes_of(session, user)
        expires_at = NOW + timedelta(days=30)
        return bearing(access.new_token(session, user, scopes=wanted, expires_at=expires_at))


def current(service: TestClient, token: dict[str, str]) -> dict[str, Any]:
    items = service.get("/v1/tokens", headers=token).json()["items"]
    return next(one for one in items if one["current"])


def test_a_token_is_followed_by_another_and_both_are_valid_for_a_while(
    ready: Store, service: TestClient, person: UUID
) -> None:
    old = new(ready, person, "batches", "notices")
    told = current(service, old)
    answer = service.post(f"/v1/tokens/{told['id']}/rotate", headers=old)
    assert answer.status_code == 201
    fresh = bearing(answer.json()["token"])
    assert current(service, fresh)["scopes"] == ["batches", "notices"]
    assert current(service, old)["expires_at"] == "2026-06-02T12:00:00Z"
    with ready.as_unit() as session:
        for token, days, valid in ((old, 1, False), (fresh, 1, True), (fresh, 90, False)):
            said = token["Authorization"].removeprefix("Bearer ")
            at = NOW + timedelta(days=days)
            assert (access.holder_of(session, said, at=at) is not None) == valid


def test_a_token_that_is_ended_opens_nothing_at_once(
    ready: Store, service: TestClient, person: UUID
) -> None:
    token, other = new(ready, person), new(ready, person)
    key = current(service, token)["id"]
    assert service.delete(f"/v1/tokens/{key}", headers=token).status_code == 204
    assert service.get("/v1/tokens", headers=token).status_code == 401
    assert service.delete(f"/v1/tokens/{key}", headers=other).status_code == 404


def test_a_token_makes_none_that_may_do_more(
    ready: Store, service: TestClient, person: UUID
) -> None:
    wide, narrow = new(ready, person), new(ready, person, "notices")
    key = current(service, wide)["id"]
    assert service.post(f"/v1/tokens/{key}/rotate", headers=narrow).status_code == 404
    assert service.delete(f"/v1/tokens/{key}", headers=narrow).status_code == 404
    own = current(service, narrow)["id"]
    assert service.post(f"/v1/tokens/{own}/rotate", headers=narrow).status_code == 201
    assert service.post(f"/v1/tokens/{own}/rotate", headers=wide).status_code == 201


def test_tokens_do_not_grow_without_end(ready: Store, service: TestClient, person: UUID) -> None:
    token = new(ready, person)
    key = current(service, token)["id"]
    answers = [
        service.post(f"/v1/tokens/{key}/rotate", headers=token).status_code
        for _ in range(access.MOST_TOKENS)
    ]
    assert answers == [201] * (access.MOST_TOKENS - 1) + [429]


def test_no_answer_but_the_one_that_makes_it_tells_a_token(
    ready: Store, service: TestClient, person: UUID
) -> None:
    token = new(ready, person)
    said = token["Authorization"].removeprefix("Bearer ")
    assert said not in service.get("/v1/tokens", headers=token).text
    with ready.as_unit() as session:
        for entry in audit.entries(session):
            assert said not in str(entry)
