"""The service as a process: slow and broken connections, stopping, what it writes and tells."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from calling import bearing, token_for
from people import ONE
from serving_process import Process, serving
from test_batch_routes import CONTENT, content_digest, digest

from encoders.client.generated import NewBatch, Operations
from encoders.client.transport import HttpTransport
from matcher.service import uploads
from matcher.store import Store


@pytest.fixture
def process(store: Store, tmp_path: Path) -> Iterator[Process]:
    with serving(store, tmp_path / "log") as started:
        yield started


def postmaster(store: Store) -> int | None:
    """The process that runs the store's database; None while it is being started."""
    assert store.server is not None
    try:
        return int((store.server.folder / "postmaster.pid").read_text().splitlines()[0])
    except FileNotFoundError:
        return None


def far_token(store: Store) -> str:
    """A token that is valid by the real clock."""
    token = token_for(store, ONE)
    with store.as_unit() as session:
        session.connection().exec_driver_sql(
            "UPDATE kinmatch.api_tokens SET expires_at = now() + interval '1 day'"
        )
    return token


def test_it_serves_stops_and_tells_nothing_of_anybody(store: Store, process: Process) -> None:
    token = far_token(store)
    connection = process.connect()
    asked = {"agreement": "ab" * 16, "digest": digest(CONTENT), "size": len(CONTENT)}
    headers = {**bearing(token), "Content-Type": "application/json"}
    connection.request("POST", "/v1/batches", json.dumps(asked), headers)
    answer = connection.getresponse()
    batch = json.loads(answer.read())["id"]
    assert answer.status == 201
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Server") is None
    request_id = answer.getheader("X-Request-Id")

    # A part is on its way when the service is told to stop: it is taken, and then all ends.
    place, said = f"/v1/batches/{batch}/parts/0", content_digest(CONTENT)
    head = "".join(f"{name}: {value}\r\n" for name, value in {**bearing(token), **said}.items())
    with socket.create_connection(("127.0.0.1", process.port), 20) as slow:
        length = f"Content-Length: {len(CONTENT)}\r\n"
        slow.sendall(f"PUT {place} HTTP/1.1\r\nHost: x\r\n{length}{head}\r\n".encode())
        slow.sendall(CONTENT[:100])
        time.sleep(1)
        process.child.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert process.child.poll() is None
        slow.sendall(CONTENT[100:])
        assert slow.recv(1000).startswith(b"HTTP/1.1 204")
    assert process.child.wait(30) == 0  # by its own end, with all closed

    lines = process.lines()
    told = [line for line in lines if line.get("event") == "request"]
    assert request_id in [line["id"] for line in told]
    assert {line["status"] for line in told} >= {200, 201, 204}
    whole = process.log.read_text()
    for secret in (token, batch, digest(CONTENT), ONE, "127.0.0.1"):
        assert secret not in whole


def test_a_head_that_does_not_come_and_a_body_that_ends_leave_nothing(
    store: Store, process: Process
) -> None:
    for sent in (b"", b"GET /version HTT", b"GET /version HTTP/1.1\r\nX: "):
        with socket.create_connection(("127.0.0.1", process.port), 10) as slow:
            slow.sendall(sent)
            assert slow.recv(1000) == b""  # closed by the service
    kept = process.connect()  # is used on, and waits for longer than for one head
    for _ in range(3):
        kept.request("GET", "/version")
        assert kept.getresponse().read()
        ours = kept.sock.getsockname()
        time.sleep(0.6)
        assert kept.sock.getsockname() == ours
    token, connection = far_token(store), process.connect()
    asked = {"agreement": "ab" * 16, "digest": digest(CONTENT), "size": len(CONTENT)}
    headers = {**bearing(token), "Content-Type": "application/json"}
    connection.request("POST", "/v1/batches", json.dumps(asked), headers)
    batch = json.loads(connection.getresponse().read())["id"]
    place, said = f"/v1/batches/{batch}/parts/0", content_digest(CONTENT)
    head = "".join(f"{name}: {value}\r\n" for name, value in {**bearing(token), **said}.items())
    for until in (0, 1, 5000, len(CONTENT) - 1):
        with socket.create_connection(("127.0.0.1", process.port), 10) as cut:
            length = f"Content-Length: {len(CONTENT)}\r\n"
            cut.sendall(f"PUT {place} HTTP/1.1\r\nHost: x\r\n{length}{head}\r\n".encode())
            cut.sendall(CONTENT[:until])
    deadline = time.monotonic() + 10
    folder = store.folder / uploads.FOLDER / batch
    while any(folder.glob("*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    shown = json.loads(process.get(f"/v1/batches/{batch}", **bearing(token)).read())
    assert (shown["received"], shown["parts"]) == (0, [])


def test_a_client_goes_on_when_its_kept_connection_was_closed(
    store: Store, process: Process
) -> None:
    url, token = f"http://127.0.0.1:{process.port}", far_token(store)
    asked = NewBatch(agreement="ab" * 16, digest=digest(CONTENT), size=len(CONTENT))
    with HttpTransport(url, token, tries=1) as transport:
        operations = Operations(transport)
        operations.candidates_listed()
        time.sleep(3)  # the service hangs up meanwhile
        first = operations.batches_register(asked)
    with cut_off(process.port) as port, HttpTransport(f"http://127.0.0.1:{port}", token) as other:
        operations = Operations(other)
        for _ in range(3):  # each on a connection that is closed once the request was sent
            assert operations.batches_register(asked).id == first.id
    assert len(batches_of(process, token)) == 1


def batches_of(process: Process, token: str) -> list[object]:
    shown = json.loads(process.get("/v1/batches", **bearing(token)).read())
    return list(shown["items"])


@contextmanager
def cut_off(port: int) -> Iterator[int]:
    """A way to the service on which a connection's second request is lost, unread, with it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                here = listener.accept()[0]
                threading.Thread(target=pass_one, args=(here,), daemon=True).start()

    def pass_one(here: socket.socket) -> None:
        with here, socket.create_connection(("127.0.0.1", port)) as there:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (got := here.recv(1 << 16)):
                    return
                head += got
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = head.partition(b"\r\n\r\n")[2]
            while length is not None and len(body) < int(length[1]):
                body += here.recv(1 << 16)
            there.sendall(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body)
            time.sleep(1)  # the whole answer is there
            here.sendall(there.recv(1 << 16))
            select.select([here], [], [], 20)  # the next request is there, and is never read
            here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()


def test_metrics_name_routes_and_nobody(store: Store, process: Process) -> None:
    token = far_token(store)
    for _ in range(3):
        assert process.get("/v1/batches", **bearing(token)).status == 200
    assert process.get("/v1/batches/" + "0" * 32, **bearing(token)).status == 404
    assert process.get("/nowhere/" + "x" * 50).status == 404
    odd = process.connect()
    odd.request("ANNA", "/v1/batches")
    assert odd.getresponse().status == 405
    answer = process.get("/metrics")
    told = answer.read().decode()
    assert answer.status == 200
    line = 'kinmatch_request_seconds_count{method="GET",route="/batches",status="200"} 3.0'
    assert line in told
    labels = set(re.findall(r'(?:method|route)="([^"]*)"', told))
    assert labels <= {
        "GET", "none", "/batches", "/batches/{batch_id}", "/health/live", "/metrics",
    }  # fmt: skip
    assert process.get("/metrics", **{"X-Forwarded-For": "10.0.0.1"}).status == 401
    assert process.get("/metrics", **bearing(token), Via="x").status == 403


def test_it_comes_back_when_its_database_was_killed(store: Store, process: Process) -> None:
    token = far_token(store)
    assert process.get("/v1/batches", **bearing(token)).status == 200
    before = postmaster(store)
    assert before is not None
    deadline = time.monotonic() + 180
    statuses: list[int] = []
    os.kill(before, signal.SIGKILL)
    try:
        # Connections outlive the server for a moment: 200 alone does not say that it is back.
        while statuses[-1:] != [200] or postmaster(store) in {before, None}:
            answer = process.get("/v1/batches", **bearing(token))
            statuses.append(answer.status)
            if answer.status == 503:
                assert int(answer.getheader("Retry-After") or 0) > 0
                assert json.loads(answer.read())["code"] == "unavailable"
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        assert store.server is not None
        with store.server.in_use():  # the tests after this one have need of it
            pass
    assert set(statuses) <= {200, 503}
