"""Malformed batches through the whole way in: all are refused, nothing of them stays.

`KINMATCH_MALFORMED` says how many; `make fuzz` sends 10,000.
"""

import base64
import hashlib
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calling import bearing, serve, token_for
from malformed import Malformed
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, sought, write
from sqlalchemy import func, select
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.service import uploads
from matcher.store import Store, acceptance
from matcher.store.models import BatchRow, Envelope, Record

MANY = int(os.environ.get("KINMATCH_MALFORMED", "26"))
MOST_SECONDS = 10.0
MOST_BYTES = 600 * 2**20  # code that is loaded, and a tenth of what the bomb would be


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}


@pytest.fixture(scope="module")
def agreement(one_store: Store, identities: dict[str, Identity]) -> Agreement:
    public = [one.public for one in identities.values()]
    return add(one_store, draw_agreement(identities=public))


@pytest.fixture(scope="module")
def malformed(
    tmp_path_factory: pytest.TempPathFactory, agreement: Agreement, identities: dict[str, Identity]
) -> Malformed:
    path = write(tmp_path_factory.mktemp("good") / "batch", agreement, ONE, sought(*range(30)))
    return Malformed(path, agreement, identities[ONE])


@pytest.fixture(scope="module")
def client(one_store: Store, agreement: Agreement) -> Iterator[TestClient]:
    service = serve(
        one_store, user_rate=1e6, society_rate=1e6, most_misses=10**9, most_batches_a_day=10**9
    )
    service.headers.update(bearing(token_for(one_store, ONE)))
    with service:
        yield service


def send(client: TestClient, content: bytes) -> str:
    """Upload and finish; the batch's id."""
    sha = hashlib.sha256(content)
    asked = {
        "agreement": "ab" * 16, "digest": f"sha256:{sha.hexdigest()}", "size": len(content),
    }  # fmt: skip
    batch: str = client.post("/v1/batches", json=asked).raise_for_status().json()["id"]
    encoded = base64.b64encode(sha.digest()).decode()
    headers = {"Content-Digest": f"sha-256=:{encoded}:"}
    client.put(f"/v1/batches/{batch}/parts/0", content=content, headers=headers).raise_for_status()
    client.post(f"/v1/batches/{batch}/finish").raise_for_status()
    return batch


def peak() -> int:
    told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return told if sys.platform == "darwin" else told * 1024


def kept(store: Store) -> dict[str, Any]:
    files = [*(store.folder / "uploads").rglob("*"), *(store.folder / "fingerprints").rglob("*")]
    with store.as_unit() as session:
        counts = {
            kind.__tablename__: session.scalar(select(func.count()).select_from(kind))
            for kind in (Record, Envelope)
        }
    return {**counts, "files": sorted(file.name for file in files if file.is_file())}


def test_malformed_batches_are_refused_and_nothing_of_them_stays(
    one_store: Store, client: TestClient, malformed: Malformed, identities: dict[str, Identity]
) -> None:
    good = malformed.sealed(malformed._good, MANY + 1)
    before, memory = kept(one_store), peak()
    for number in range(1, MANY + 1):
        kind, content = malformed.make(number)
        if not content:
            continue
        batch = send(client, content)
        begun = time.process_time()
        on_disk = uploads.assembled(one_store, batch)
        state = acceptance.accept(one_store, batch, on_disk, identity=identities["hub"], on=TODAY)
        took = time.process_time() - begun
        uploads.clear(one_store, batch)
        assert state == "refused", (number, kind)
        assert took < MOST_SECONDS, (number, kind)
    assert kept(one_store) == before
    assert peak() - memory < MOST_BYTES
    with one_store.as_unit() as session:
        assert all(session.scalars(select(BatchRow.problems)))
    batch = send(client, good)
    on_disk = uploads.assembled(one_store, batch)
    state = acceptance.accept(one_store, batch, on_disk, identity=identities["hub"], on=TODAY)
    assert state == "accepted"  # what all of these were made from


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"size": 0}, 422),
        ({"size": -1}, 422),
        ({"size": 2**70}, 422),
        ({"size": "1"}, 422),
        ({"size": 1.5}, 422),
        ({"size": None}, 422),
        ({"digest": "sha256:" + "A" * 64}, 422),
        ({"digest": "md5:" + "0" * 32}, 422),
        ({"agreement": "ab" * 17}, 422),
        ({"agreement": "ab\0"}, 422),
        ({"supersedes": "x"}, 422),
        ({"supersedes": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"agreement": "ef" * 16}, 404),
        ({"more": 1}, 422),
    ],
)
def test_what_is_registered_wrong_is_refused_by_field(
    client: TestClient, changed: dict[str, Any], expected: int
) -> None:
    asked = {"agreement": "ab" * 16, "digest": "sha256:" + "e" * 64, "size": 10}
    answer = client.post("/v1/batches", json={**asked, **changed})
    assert answer.status_code == expected, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if expected == 422:
        told = answer.json()
        assert told["code"] == "invalid-request"
        assert [one["field"].split(".")[0] for one in told["errors"]] == ["body"]
        assert "more" not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 20_000, b'{"size": 1e999}', b"\0" * 99]
)
def test_a_body_that_is_no_json_of_ours_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/batches", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-request"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/v1/batches", content=b" " * 70_000)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"


def test_the_good_batch_is_where_it_should_be(malformed: Malformed, tmp_path: Path) -> None:
    kinds = {malformed.make(number)[0] for number in range(1, len(malformed.kinds) + 1)}
    assert kinds == set(malformed.kinds)
