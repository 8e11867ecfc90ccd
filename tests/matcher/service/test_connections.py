"""What comes on connections that is no request, and what never goes: the service as one process."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving_process import Process, serving

from matcher.store import Store


@pytest.fixture(scope="module")
def process(one_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(one_store, tmp_path_factory.mktemp("served") / "log") as started:
        yield started


@pytest.mark.parametrize(
    "sent",
    [
        b"no HTTP at all\r\n\r\n",
        b"GET /version HTTP/1.1\r\n\r\n",
        b"GET /version HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: none\r\n\r\n",
        b"GET /version HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000,
    ],
)
def test_what_is_no_http_is_a_problem_like_any_other(process: Process, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", process.port), 10) as odd:
        odd.sendall(sent)
        answer = http.client.HTTPResponse(odd)
        answer.begin()
        told = json.loads(answer.read())
    assert (answer.status, told["status"], told["code"]) == (400, 400, "malformed")
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("X-Request-Id")
    assert answer.getheader("Connection") == "close"
    assert process.get("/health/live").status == 200


def test_one_connection_too_many_is_told_to_come_later(process: Process) -> None:
    kept = [socket.create_connection(("127.0.0.1", process.port), 10) for _ in range(40)]
    answer = process.get("/version")
    told = json.loads(answer.read())
    assert (answer.status, told["code"]) == (503, "unavailable")
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert int(answer.getheader("Retry-After") or 0) > 0
    for one in kept:
        one.close()
    deadline = time.monotonic() + 10
    while process.get("/version").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert 503 in [line.get("status") for line in process.lines()]


@pytest.mark.parametrize("pipelined", [1, 200])
def test_who_takes_no_answer_is_cut_off(process: Process, pipelined: int) -> None:
    length = len(process.get("/openapi.json").read())
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.settimeout(20)
        stuck.connect(("127.0.0.1", process.port))
        stuck.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * pipelined)
        deadline = time.monotonic() + 30
        while "ESTAB" in states(process.port):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        taken = 0
        with contextlib.suppress(ConnectionError):
            while content := stuck.recv(1 << 16):
                taken += len(content)
        assert taken < pipelined * length or pipelined == 1


def states(port: int) -> list[str]:
    """The states of the service's own ends of connections."""
    names = {"01": "ESTAB", "0A": "LISTEN"}
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        ours, state = line.split()[1], line.split()[3]
        if int(ours.rpartition(":")[2], 16) == port:
            found.append(names.get(state, state))
    return found
