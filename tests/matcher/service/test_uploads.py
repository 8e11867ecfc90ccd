"""Uploads: parts whole or not at all, resumed anywhere, within their bounds."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from calling import NOW, bearing, serve, token_for
from people import ONE, TODAY, TWO, add, draw_agreement, take_back
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient
from test_batch_routes import CONTENT, content_digest, digest, put, register

from matcher.formats.errors import IntegrityError, ServiceError
from matcher.service import uploads
from matcher.store import Store, batches


@pytest.fixture(scope="module")
def ready(one_store: Store) -> Store:
    add(one_store, draw_agreement())
    return one_store


@pytest.fixture
def client(ready: Store) -> Iterator[TestClient]:
    """A client of a society, with all that it registered withdrawn at the end."""
    service = serve(
        ready, most_part_bytes=5000, most_batch_bytes=20_000, most_open_bytes=50_000,
        most_batches_a_day=8,
    )  # fmt: skip
    service.headers.update(bearing(token_for(ready, ONE)))
    yield service
    with ready.as_society(ONE) as session:
        rows = batches.listed(session, count=100)
        for row in rows:
            row.registered_on = TODAY - timedelta(days=1)
        unfinished = [row.id for row in rows if row.state in uploads.UNFINISHED]
    for batch in unfinished:
        take_back(ready, batch)
    uploads.clear_leftovers(ready)


def begin(client: TestClient, tail: bytes) -> tuple[str, bytes]:
    """Register content of its own."""
    content = CONTENT + tail
    return register(client, content).raise_for_status().json()["id"], content


def files(store: Store, batch: str) -> list[str]:
    return sorted(one.name for one in uploads.folder_of(store, UUID(batch)).glob("*"))


def test_what_has_arrived_is_told_and_need_not_be_sent_again(
    ready: Store, client: TestClient
) -> None:
    batch, content = begin(client, b"resumed")
    for number in (0, 2):
        part = content[4000 * number : 4000 * (number + 1)]
        assert put(client, batch, number, part).status_code == 204
    told = register(client, content).json()
    assert (told["id"], told["received"]) == (batch, 4000 + len(content) - 8000)
    assert [one["number"] for one in told["parts"]] == [0, 2]
    early = client.post(f"/v1/batches/{batch}/finish")
    assert (early.status_code, early.json()["code"]) == (409, "state")
    assert put(client, batch, 0, content[:4000]).status_code == 204
    assert put(client, batch, 1, content[4000:8000]).status_code == 204
    assert client.post(f"/v1/batches/{batch}/finish").status_code == 202
    assert client.post(f"/v1/batches/{batch}/finish").status_code == 202
    assert uploads.assembled(ready, UUID(batch)).read_bytes() == content
    assert put(client, batch, 1, content[4000:8000]).status_code == 409


def test_a_part_is_what_its_digest_says(ready: Store, client: TestClient) -> None:
    batch, content = begin(client, b"digests")
    place = f"/v1/batches/{batch}/parts/0"
    wrong = client.put(place, content=b"other", headers=content_digest(content))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "altered")
    for said in (
        {}, {"Content-Digest": ""}, {"Content-Digest": "sha-256=:AAAA:"},
        {"Content-Digest": "md5=:aGVsbG8=:"}, {"Content-Digest": "sha-256=" + "a" * 44},
    ):  # fmt: skip
        assert client.put(place, content=b"x", headers=said).status_code == 422
    assert files(ready, batch) == []
    several = {"Content-Digest": "sha-512=:AA==:, " + content_digest(b"x")["Content-Digest"]}
    assert client.put(place, content=b"x", headers=several).status_code == 204
    other = put(client, batch, 0, b"y")
    assert (other.status_code, other.json()["code"]) == (409, "state")
    assert files(ready, batch) == [f"00000-{digest(b'x').removeprefix('sha256:')}"]


def test_sizes_have_bounds(ready: Store, client: TestClient) -> None:
    batch, content = begin(client, b"bounds")
    assert put(client, batch, 0, content[:5001]).status_code == 413
    for number, part in enumerate((content[:5000], content[5000:10000])):
        assert put(client, batch, number, part).status_code == 204
    assert put(client, batch, 2, content[:4000]).status_code == 409  # more than was registered
    assert len(files(ready, batch)) == 2
    assert put(client, batch, 10_000, b"x").status_code == 422
    assert register(client, b"x" * 20_001).json()["code"] == "too-large"
    assert [register(client, bytes([n]) * 20_000).status_code for n in range(3)] == [201, 429, 429]


def test_a_day_has_so_many_batches_and_known_ones_do_not_count(client: TestClient) -> None:
    answers = [register(client, bytes([n])) for n in range(10)]
    assert [one.status_code for one in answers] == [201] * 8 + [429] * 2
    assert answers[-1].json()["code"] == "quota"
    assert register(client, bytes([1])).status_code == 200


def test_nothing_is_taken_while_the_disk_is_nearly_full(ready: Store) -> None:
    service = serve(ready, least_free_bytes=2**62)
    service.headers.update(bearing(token_for(ready, TWO)))
    full = register(service, b"disk")
    assert (full.status_code, full.json()["code"]) == (507, "no-room")
    assert str(ready.folder) not in full.text


def test_a_connection_cut_at_any_byte_leaves_nothing(ready: Store, client: TestClient) -> None:
    batch, content = begin(client, b"cut")
    part = content[:3000]

    async def arriving(until: int) -> AsyncIterator[bytes]:
        yield part[: until // 2]
        yield part[until // 2 : until]
        if until < len(part):
            raise ClientDisconnect

    for until in (0, 1, 2, 1500, 2999):
        with pytest.raises((ClientDisconnect, ServiceError)):
            asyncio.run(uploads.receive(ready, UUID(batch), 0, digest(part), arriving(until)))
        assert files(ready, batch) == []
    assert asyncio.run(uploads.receive(ready, UUID(batch), 0, digest(part), arriving(3000))) == 3000
    assert len(files(ready, batch)) == 1
    # Written and never noted, as when the process was killed: it is not part of the batch.
    assert client.get(f"/v1/batches/{batch}").json()["parts"] == []
    assert put(client, batch, 0, part).status_code == 204


def test_parts_that_went_wrong_on_the_disk_show(ready: Store, client: TestClient) -> None:
    batch, content = begin(client, b"disk errors")
    for number in range(3):
        put(client, batch, number, content[4000 * number : 4000 * (number + 1)])
    assert client.post(f"/v1/batches/{batch}/finish").status_code == 202
    first = uploads.folder_of(ready, UUID(batch)) / files(ready, batch)[0]
    good = first.read_bytes()
    first.write_bytes(good[:-1] + b"!")
    with pytest.raises(IntegrityError, match="digest"):
        uploads.assembled(ready, UUID(batch))
    first.unlink()
    with pytest.raises(IntegrityError, match="gone"):
        uploads.assembled(ready, UUID(batch))
    assert "whole" not in files(ready, batch)


def test_files_of_uploads_are_for_the_service_alone(ready: Store, client: TestClient) -> None:
    batch, content = begin(client, b"modes")
    put(client, batch, 0, content[:10])
    folder = uploads.folder_of(ready, UUID(batch))
    assert [folder.parent.stat().st_mode & 0o077, folder.stat().st_mode & 0o077] == [0, 0]
    assert all(one.stat().st_mode & 0o077 == 0 for one in folder.iterdir())


def test_uploads_that_nobody_needs_are_cleared(ready: Store, client: TestClient) -> None:
    batch, content = begin(client, b"kept")
    gone, _ = begin(client, b"gone")
    for one in (batch, gone):
        put(client, one, 0, content[:100])
    take_back(ready, UUID(gone))
    (ready.folder / uploads.FOLDER / "lost+found").mkdir(exist_ok=True)
    uploads.clear_leftovers(ready)
    assert files(ready, gone) == []
    assert len(files(ready, batch)) == 1


def test_the_same_content_with_other_terms_is_refused(client: TestClient) -> None:
    register(client, b"terms")
    other = register(client, b"terms", size=6)
    assert (other.status_code, other.json()["code"]) == (409, "state")


def test_an_agreement_that_is_over_takes_nothing(ready: Store) -> None:
    add(ready, draw_agreement(agreement_id="ee" * 16, valid_until=(NOW - timedelta(days=1)).date()))
    service = serve(ready)
    service.headers.update(bearing(token_for(ready, TWO)))
    answer = register(service, b"over", agreement="ee" * 16)
    assert (answer.status_code, answer.json()["code"]) == (409, "agreement")


def test_pages_of_batches_go_on_where_the_last_ended(client: TestClient) -> None:
    made = {begin(client, bytes([n]))[0] for n in range(3)}
    seen: list[Any] = []
    after = {}
    while True:
        answer = client.get("/v1/batches", params={"limit": 2, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    nowhere = client.get("/v1/batches", params={"after": "00000000-0000-4000-8000-000000000000"})
    assert nowhere.status_code == 404
