"""Answers as an eavesdropper meets them: their sizes and their times."""

import asyncio
from typing import Any

import pytest

from matcher.service.padding import PADDED, SMALL, TICK_SECONDS, Padded, pad_to


def answered(
    body: bytes,
    *,
    path: str = PADDED,
    status: int = 200,
    kind: bytes = b"application/json",
    size: int | None = None,
    seconds: float = 0.0,
    chunks: int = 1,
) -> tuple[dict[str, Any], bytes, float]:
    """What comes of an application that answers so, and after how long."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        if size is not None:
            pad_to(scope, size)
        await asyncio.sleep(seconds)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        step = -(-len(body) // chunks) or 1
        parts = [body[start : start + step] for start in range(0, len(body), step)] or [b""]
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            await send({"type": "http.response.body", "body": part, "more_body": more})

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> float:
        clock = asyncio.get_running_loop().time
        begun = clock()
        await Padded(app)({"type": "http", "path": path}, None, send)  # type: ignore[arg-type]  # not read
        return clock() - begun

    took = asyncio.run(run())
    content = b"".join(one.get("body", b"") for one in sent[1:])
    return sent[0], content, took


def on_the_line(start: dict[str, Any], body: bytes) -> int:
    reason = {200: "OK", 404: "Not Found", 409: "Conflict"}[start["status"]]
    return len(reason) + len(body) + sum(len(n) + len(v) + 4 for n, v in start["headers"])


def test_answers_of_any_length_and_status_have_one_size() -> None:
    sizes = {
        on_the_line(*answered(b"[" + b"1" * length + b"]", status=status, kind=kind)[:2])
        for length in (0, 1, 500, SMALL // 2)
        for status in (200, 404, 409)
        for kind in (b"application/json", b"application/problem+json")
    }
    assert len(sizes) == 1


def test_what_is_too_long_for_its_size_has_a_multiple_of_it() -> None:
    for length in (990, 1000, 1900, 5000):
        start, body, _ = answered(b"1" * length, size=1000)
        lengths = [v for n, v in start["headers"] if n == b"content-length"]
        assert lengths == [str(len(body)).encode()]
        assert body.strip() == b"1" * length
        assert (
            on_the_line(start, body) - len("content-length: \r\n") - len(lengths[0])
        ) % 1000 == 0


def test_a_body_in_pieces_is_filled_once() -> None:
    whole = answered(b"1" * 300, chunks=1)
    pieces = answered(b"1" * 300, chunks=7)
    assert whole[:2] == pieces[:2]


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.6 * TICK_SECONDS, 1.4 * TICK_SECONDS])
def test_an_answer_comes_after_whole_ticks(seconds: float) -> None:
    _, _, took = answered(b"1", seconds=seconds)
    ticks = took / TICK_SECONDS
    assert ticks >= 0.99
    assert took >= seconds


def test_other_paths_are_left_alone() -> None:
    start, body, _ = answered(b"1", path="/v1/batches")
    assert body == b"1"
    assert (b"content-length", b"1") in start["headers"]
