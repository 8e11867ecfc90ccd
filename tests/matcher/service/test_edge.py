"""What happens to every request: bodies in time and in bounds, errors that say nothing."""

import asyncio
import io
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from matcher.service import edge
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
