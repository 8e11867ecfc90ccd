"""Batches over HTTP: registered, uploaded in parts, resumed, finished, withdrawn."""

import base64
import hashlib
from typing import Any

from people import ONE, TWO
from starlette.testclient import TestClient

from matcher.service import uploads
from matcher.store import Store

CONTENT = bytes(range(256)) * 40
AGREEMENT = "ab" * 16


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def content_digest(content: bytes) -> dict[str, str]:
    encoded = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"Content-Digest": f"sha-256=:{encoded}:"}


def register(client: TestClient, content: bytes = CONTENT, **changed: object) -> Any:
    asked = {"agreement": AGREEMENT, "digest": digest(content), "size": len(content), **changed}
    return client.post("/v1/batches", json=asked)


def put(client: TestClient, batch: str, number: int, content: bytes) -> Any:
    return client.put(
        f"/v1/batches/{batch}/parts/{number}", content=content, headers=content_digest(content)
    )


def test_a_batch_goes_its_whole_way(store: Store, call: Any) -> None:
    client = call(ONE)
    first = register(client)
    assert first.status_code == 201, first.text
    batch = first.json()["id"]
    assert put(client, batch, 1, CONTENT[4000:]).status_code == 204
    assert put(client, batch, 0, CONTENT[:4000]).status_code == 204
    shown = client.get(f"/v1/batches/{batch}").json()
    assert [(one["number"], one["size"]) for one in shown["parts"]] == [(0, 4000), (1, 6240)]
    assert (shown["state"], shown["received"]) == ("receiving", len(CONTENT))
    finished = client.post(f"/v1/batches/{batch}/finish")
    assert (finished.status_code, finished.json()["state"]) == (202, "validating")
    assert uploads.assembled(store, first.json()["id"]).read_bytes() == CONTENT
    listed = client.get("/v1/batches").json()
    assert [one["id"] for one in listed["items"]] == [batch]
    withdrawn = client.post(f"/v1/batches/{batch}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert not uploads.folder_of(store, batch).exists()


def test_the_same_content_again_is_the_same_batch(call: Any) -> None:
    client = call(ONE)
    first, again = register(client), register(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_another_societys_batch_is_not_there(call: Any) -> None:
    batch = register(call(ONE)).json()["id"]
    other = call(TWO)
    nothing = other.get("/v1/batches/00000000-0000-4000-8000-000000000000")
    theirs = other.get(f"/v1/batches/{batch}")
    assert theirs.status_code == 404
    assert theirs.content == nothing.content
    assert other.get("/v1/batches").json() == {"items": [], "next": None}
