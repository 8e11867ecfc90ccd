"""Malformed batches through the whole way in: all are refused, nothing of them stays.

They go over HTTP to a service and a worker that run as an operator runs them. `KINMATCH_MALFORMED`
says how many; `make fuzz` sends 10,000.
"""

import base64
import hashlib
import os
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from calling import bearing, serve, token_for
from malformed import Malformed
from people import ONE, THREE, TWO, add, draw_agreement, sought, write
from running_unit import Unit, trying
from sqlalchemy import func, select
from starlette.testclient import TestClient
from watching import Watched, keep_summary, summary

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.store import Store, open_store
from matcher.store.models import BatchRow, Envelope, Record

MANY = int(os.environ.get("KINMATCH_MALFORMED", "28"))
SENDING = (ONE, TWO)
WRONG = ("too small", "too large", "another digest", "another part")
MOST_WAITING = 16
MOST_SECONDS = 60.0
"""From the end of an upload to its refusal, behind so many others; longer hangs."""
MOST_GROWTH = 64 * 2**20
"""Bytes that a process may grow by, once a good batch went its way: the bomb would be 7 GB."""
UNLIMITED = {
    "KINMATCH_USER_RATE": "1e6", "KINMATCH_SOCIETY_RATE": "1e6", "KINMATCH_MOST_MISSES": "1000000",
    "KINMATCH_MOST_BATCHES_A_DAY": "1000000", "KINMATCH_LEAST_FREE_BYTES": "0",
}  # fmt: skip


class Sender:
    """Sends files as batches and waits for what becomes of them."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.refused: Counter[str] = Counter()
        self.longest = 0.0
        self._waiting: deque[tuple[int, str, str, float]] = deque()

    def send(self, number: int, kind: str, content: bytes) -> None:
        """Upload and finish; of those that wait, the first ones are seen to their end."""
        answer = self._register(content)
        if not content:
            assert answer.status_code == 422
            self.refused[kind] += 1
            return
        batch = answer.raise_for_status().json()["id"]
        self._put(batch, content).raise_for_status()
        self._finish(batch).raise_for_status()
        self._waiting.append((number, kind, batch, time.monotonic()))
        while len(self._waiting) >= MOST_WAITING:
            self._see_to_its_end()

    def send_wrongly(self, number: int, content: bytes) -> None:
        """Upload what says something wrong about itself; that is refused on the way."""
        kind = WRONG[number % len(WRONG)]
        size = len(content) + {"too small": -1, "too large": 1}.get(kind, 0)
        batch = self._register(content, size).raise_for_status().json()["id"]
        put = self._put(
            batch, content, part=number % 3 + 1 if kind == "another part" else 0,
            digest=b"another" if kind == "another digest" else content,
        )  # fmt: skip
        finished = self._finish(batch)
        assert {put.status_code, finished.status_code} & {409, 413, 422}, kind
        self.watched.ask("POST", f"/v1/batches/{batch}/withdraw").raise_for_status()
        self.refused[f"said: {kind}"] += 1

    def _register(self, content: bytes, size: int | None = None) -> httpx.Response:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        said = {"agreement": "ab" * 16, "digest": digest, "size": size or len(content)}
        return self.watched.ask("POST", "/v1/batches", json=said)

    def _put(
        self, batch: str, content: bytes, *, part: int = 0, digest: bytes | None = None
    ) -> httpx.Response:
        encoded = base64.b64encode(hashlib.sha256(digest or content).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{encoded}:"}
        place = f"/v1/batches/{batch}/parts/{part}"
        return self.watched.ask("PUT", place, content=content, headers=headers)

    def _finish(self, batch: str) -> httpx.Response:
        return self.watched.ask("POST", f"/v1/batches/{batch}/finish")

    def finish(self) -> None:
        """See all to their end."""
        while self._waiting:
            self._see_to_its_end()

    def _see_to_its_end(self) -> None:
        number, kind, batch, since = self._waiting.popleft()
        while (told := self.state(batch))["state"] == "validating":
            assert time.monotonic() - since < MOST_SECONDS, (number, kind)
            time.sleep(0.1)
        self.longest = max(self.longest, time.monotonic() - since)
        assert told["state"] == "refused", (number, kind)
        assert told["problems"], (number, kind)
        self.refused[kind] += 1

    def state(self, batch: str) -> dict[str, Any]:
        """What is told of a batch."""
        told: dict[str, Any] = self.watched.ask("GET", f"/v1/batches/{batch}").json()
        return told


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}


@pytest.fixture(scope="module")
def agreement(identities: dict[str, Identity]) -> Agreement:
    today = datetime.now(UTC).date()
    return draw_agreement(
        valid_from=today - timedelta(days=1), valid_until=date(2099, 12, 31),
        identities=[one.public for one in identities.values()],
    )  # fmt: skip


@pytest.fixture(scope="module")
def malformed(
    tmp_path_factory: pytest.TempPathFactory, agreement: Agreement, identities: dict[str, Identity]
) -> dict[str, Malformed]:
    folder = tmp_path_factory.mktemp("good")
    return {
        society: Malformed(
            write(folder / society, agreement, society, sought(*range(30))),
            agreement,
            identities[society],
        )
        for society in SENDING
    }


@pytest.fixture
def unit(agreement: Agreement, identities: dict[str, Identity]) -> Iterator[Unit]:
    with tempfile.TemporaryDirectory(prefix="kinmatch-fuzz-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's system user must get in
        made = Unit(folder, UNLIMITED)
        made.set_up(agreement, identities["hub"])
        with open_store(made.settings, None), made.running(), made.client(ONE) as client:
            trying(lambda: client.get("/health/ready").status_code == 200 or None)
            yield made


def kept(store: Store) -> dict[str, Any]:
    files = [*(store.folder / "uploads").rglob("*"), *(store.folder / "fingerprints").rglob("*")]
    with store.as_unit() as session:
        counts = {
            kind.__tablename__: session.scalar(select(func.count()).select_from(kind))
            for kind in (Record, Envelope)
        }
        accepted = select(func.count()).where(BatchRow.state == "accepted")
        counts["accepted"] = session.scalar(accepted)
    return {**counts, "files": sorted(file.name for file in files if file.is_file())}


def test_malformed_batches_are_refused_and_nothing_of_them_stays(
    unit: Unit, malformed: dict[str, Malformed], tmp_path: Path, agreement: Agreement
) -> None:
    for society, maker in malformed.items():
        good = tmp_path / society
        good.write_bytes(maker.good(1))  # what all of these are made from
        assert unit.submit(society, good, agreement) == "accepted"
    processes = {"service": unit.serve, "worker": unit.work}
    memory = {name: one.peak_bytes for name, one in processes.items()}
    with open_store(unit.settings, None) as store, ThreadPoolExecutor() as pool:
        before = kept(store)
        sending = [
            pool.submit(send_all, unit, society, malformed[society], share)
            for share, society in enumerate(SENDING)
        ]
        told = [one.result() for one in sending]
        trying(lambda: None if any((unit.data / "uploads").rglob("*")) else True, MOST_SECONDS)
        assert kept(store) == before
    refused = sum((one.refused for one in told), Counter())
    assert refused.total() == MANY
    grown = {name: one.peak_bytes - memory[name] for name, one in processes.items()}
    assert {name: one.starts for name, one in processes.items()} == {"service": 1, "worker": 1}
    keep_summary(
        "malformed_batches",
        {
            "sent": MANY,
            "refused": dict(sorted(refused.items())),
            **summary(*(one.watched for one in told)),
            "longest_to_refusal_seconds": round(max(one.longest for one in told), 3),
            "peak_bytes_before": memory,
            "peak_bytes_grown_by": grown,
            "stored": 0,
        },
    )
    assert max(grown.values()) < MOST_GROWTH, grown


def send_all(unit: Unit, society: str, malformed: Malformed, share: int) -> Sender:
    """Send a society's share of all, and see what becomes of each."""
    with unit.client(society) as client:
        sender = Sender(Watched(client))
        for number in range(2 + share, MANY + 2, len(SENDING)):
            if number % 14 < 13:
                sender.send(number, *malformed.make(number))
            else:
                sender.send_wrongly(number // 14, malformed.good(number))
        sender.finish()
    return sender


@pytest.fixture(scope="module")
def client(one_store: Store) -> Iterator[TestClient]:
    add(one_store, draw_agreement())
    service = serve(one_store, user_rate=1e6, society_rate=1e6, most_misses=10**9)
    service.headers.update(bearing(token_for(one_store, ONE)))
    with service:
        yield service


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


def test_every_kind_is_made(malformed: dict[str, Malformed]) -> None:
    one = malformed[ONE]
    assert {one.make(number)[0] for number in range(1, len(one.kinds) + 1)} == set(one.kinds)
