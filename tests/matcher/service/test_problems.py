"""One shape of refusals, whatever refuses and whoever asks."""

from typing import Any

import pytest
from calling import bearing, serve, token_for
from people import ONE, add, draw_agreement
from starlette.testclient import TestClient

from matcher.service.problems import KINDS, MEDIA_TYPE, URN
from matcher.store import Store


@pytest.fixture(scope="module")
def service(one_store: Store) -> TestClient:
    add(one_store, draw_agreement())
    client = serve(one_store, store_keys_file=one_store.folder / "nowhere.json")
    client.headers.update(bearing(token_for(one_store, ONE)))
    return client


def test_every_refusal_that_is_described_is_a_problem(service: TestClient) -> None:
    described = service.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == [MEDIA_TYPE], (method, path, status)
                    schema = answer["content"][MEDIA_TYPE]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize(
    ("method", "path", "said", "code"),
    [
        ("GET", "/health/ready", {}, "unavailable"),
        ("GET", "/.well-known/adem", {}, "not-found"),
        ("GET", "/nowhere", {}, "not-found"),
        ("GET", "/v1/batches/", {}, "not-found"),
        ("GET", "/docs", {}, "not-found"),
        ("TRACE", "/v1/batches", {}, "method-not-allowed"),
        ("OPTIONS", "/version", {}, "method-not-allowed"),
        ("HEAD", "/v1/nowhere", {}, None),
        ("GET", "/v1/batches", {"headers": {"Authorization": "x"}}, "unauthenticated"),
        ("GET", "/v1/audit", {}, "forbidden"),
        ("GET", "/v1/batches", {"params": {"limit": "x"}}, "invalid-request"),
        ("POST", "/v1/batches", {"content": b"\xff"}, "invalid-request"),
        ("POST", "/v1/batches", {"content": b" " * 70_000}, "too-large"),
    ],
)
def test_refusals_are_problems(
    service: TestClient, method: str, path: str, said: dict[str, Any], code: str | None
) -> None:
    answer = service.request(method, path, **said)
    assert answer.status_code >= 400
    assert answer.headers["content-type"] == MEDIA_TYPE
    if code is not None:
        told = answer.json()
        kind = KINDS[code]
        assert (told["code"], told["type"], told["title"]) == (code, URN + code, kind.title)
        assert told["status"] == answer.status_code == kind.status
        assert told["detail"]
