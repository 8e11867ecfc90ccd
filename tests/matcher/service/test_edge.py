"""What happens to every request: bodies in time and in bounds, errors that say nothing."""

import asyncio
import io
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from matcher.service import edge, turns
from matcher.service.edge import Edge, allow_body
from matcher.service.observing import Metrics, json_log, log_libraries

Receive = Callable[[], Awaitable[dict[str, Any]]]


def through(app: Any, receive: Receive, log: Any = None) -> list[dict[str, Any]]:
    """Send one request through the layer around an application; what is answered."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "method": "PUT", "path": "/", "headers": []}
    asyncio.run(Edge(app, Metrics(), log)(scope, receive, send))
    return sent


async def reading(scope: Any, receive: Receive, send: Any) -> None:
    """Reads all of a body, and answers with what was wrong with it."""
    status = 200
    try:
        while (await receive()).get("more_body"):
            pass
    except HTTPException as error:
        status = error.status_code
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def arriving(*parts: int, pause: float = 0.0) -> Receive:
    left = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        size = left.pop(0)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(left)}

    return receive


@pytest.mark.parametrize(
    ("parts", "status"), [((10,), 200), ((65_536,), 200), ((65_537,), 413), ((40_000,) * 2, 413)]
)
def test_a_body_has_a_most(parts: tuple[int, ...], status: int) -> None:
    assert through(reading, arriving(*parts))[0]["status"] == status


def test_a_route_may_take_more() -> None:
    async def wide(scope: Any, receive: Receive, send: Any) -> None:
        allow_body(scope, 100_000)
        await reading(scope, receive, send)

    assert through(wide, arriving(40_000, 40_000))[0]["status"] == 200
    assert through(wide, arriving(40_000, 70_000))[0]["status"] == 413


def test_a_body_comes_without_pauses_and_not_too_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_SILENCE_SECONDS", 0.05)
    assert through(reading, arriving(1, 1, pause=1.0))[0]["status"] == 408
    monkeypatch.setattr(edge, "_SILENCE_SECONDS", 10.0)
    monkeypatch.setattr(edge, "_START_SECONDS", 0.0)
    assert through(reading, arriving(*[1] * 9, pause=0.02))[0]["status"] == 408
    assert through(reading, arriving(*[1000] * 9, pause=0.02))[0]["status"] == 200


@pytest.mark.parametrize("late", [False, True])
def test_an_error_of_ours_says_nothing_of_what_it_was_about(late: bool) -> None:
    async def broken(scope: Any, receive: Receive, send: Any) -> None:
        if late:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("the name of a person")

    file = io.StringIO()
    sent = through(broken, arriving(0), json_log(file))
    told = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(line["event"], line.get("error")) for line in told] == [
        ("error", "RuntimeError"), ("request", None),
    ]  # fmt: skip
    assert told[1]["status"] == 500
    assert "broken" in told[0]["places"][-1]
    assert "name of a person" not in file.getvalue() + str(sent)
    if not late:
        assert sent[0]["status"] == 500
        assert json.loads(sent[1]["body"])["code"] == "internal"


def test_what_takes_too_long_when_the_service_stops_is_told_to_come_again() -> None:
    sent: list[dict[str, Any]] = []

    async def slow(scope: Any, receive: Receive, send: Any) -> None:
        await asyncio.sleep(60)

    async def note(message: dict[str, Any]) -> None:
        sent.append(message)

    async def stopped() -> None:
        scope: Any = {"type": "http", "method": "PUT", "path": "/", "headers": []}
        task = asyncio.create_task(Edge(slow, Metrics(), None)(scope, arriving(0), note))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["code"] == "unavailable"


def test_libraries_log_their_own_words_alone() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    file = io.StringIO()
    try:
        log_libraries(json_log(file))
        try:
            int("a value")
        except ValueError:
            logging.getLogger("some.library").exception("could not read %s", "a name")
    finally:
        root.handlers[:], root.level = before[0], before[1]
    (told,) = [json.loads(line) for line in file.getvalue().splitlines()]
    assert (told["event"], told["logger"], told["error"]) == (
        "could not read %s", "some.library", "ValueError",
    )  # fmt: skip
    assert "a name" not in file.getvalue()
    assert "a value" not in file.getvalue()


def crowd(app: Any, requests: int, receive: Callable[[], Receive], path: str = "/") -> list[int]:
    """Send so many requests at once; the statuses that were answered."""

    async def one(layer: Edge) -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope: Any = {"type": "http", "method": "PUT", "path": path, "headers": []}
        await layer(scope, receive(), send)
        if sent[0]["status"] == 503:
            assert dict(sent[0]["headers"])[b"retry-after"] == b"5"
            assert json.loads(sent[1]["body"])["code"] == "unavailable"
        return int(sent[0]["status"])

    async def together() -> list[int]:
        layer = Edge(app, Metrics(), None)
        return await asyncio.gather(*(one(layer) for _ in range(requests)))

    return asyncio.run(together())


@pytest.fixture
def _few_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AT_WORK": 2, "MOST_WAITING": 3, "SECONDS": 0.5}.items():
        monkeypatch.setattr(turns, name, value)


class Working:
    """Applications that answer after some seconds, and count how many are at work."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = self.most = 0

    async def app(self, _: Any, receive: Receive, send: Any) -> None:
        """Work, and read nothing."""
        del receive
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def reading(self, scope: Any, receive: Receive, send: Any) -> None:
        """Read all of the body, and then work."""
        while (await receive()).get("more_body"):
            pass
        await self.app(scope, receive, send)


@pytest.mark.usefixtures("_few_turns")
def test_few_are_at_work_some_wait_and_the_others_are_told_to_come_again() -> None:
    work = Working(0.05)
    statuses = crowd(work.app, 9, lambda: arriving(0))
    assert (sorted(statuses), work.most) == ([200] * 5 + [503] * 4, 2)
    # What was sent is not lost so easily: who has sent a body waits on.
    work = Working(0.05)
    assert (crowd(work.reading, 5, lambda: arriving(0)), work.most) == ([200] * 5, 2)


@pytest.mark.usefixtures("_few_turns")
def test_nobody_waits_for_long() -> None:
    begun = time.monotonic()
    assert sorted(crowd(Working(1.5).app, 4, lambda: arriving(0))) == [200, 200, 503, 503]
    assert time.monotonic() - begun < 2.5


@pytest.mark.usefixtures("_few_turns")
def test_who_sends_slowly_takes_nobodys_turn() -> None:
    begun = time.monotonic()
    assert crowd(Working(0.0).reading, 5, lambda: arriving(1, 1, 1, pause=0.3)) == [200] * 5
    assert time.monotonic() - begun < 2.0  # side by side: by turns it would be 2.7


@pytest.mark.usefixtures("_few_turns")
def test_a_turn_is_given_back_whatever_happens() -> None:
    async def broken(scope: Any, receive: Receive, send: Any) -> None:
        raise RuntimeError

    async def left(scope: Any, receive: Receive, send: Any) -> None:
        raise ClientDisconnect

    async def never_takes_it(scope: Any, receive: Receive, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(1.0)

    for app in (broken, left):
        layer = Edge(app, Metrics(), None)

        async def one_after_the_other(layer: Edge = layer) -> None:
            for _ in range(5):
                scope: Any = {"type": "http", "method": "GET", "path": "/", "headers": []}
                await layer(scope, arriving(0), lambda _: asyncio.sleep(0))
            assert await layer._turns.begin()
            assert await layer._turns.begin()

        asyncio.run(one_after_the_other())
    assert crowd(never_takes_it, 5, lambda: arriving(0)) == [200] * 5


@pytest.mark.usefixtures("_few_turns")
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/version"])
def test_how_the_service_is_can_be_asked_however_many_wait(path: str) -> None:
    assert crowd(Working(0.05).app, 20, lambda: arriving(0), path) == [200] * 20
