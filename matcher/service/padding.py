"""Answers whose size and time tell an eavesdropper nothing.

Who listens on the line sees no content, but how long an answer is and when it came. Under the
paths here every answer, refusals too, is filled with spaces after its JSON, which parsers drop, to
a size that follows from the question alone; and it is held back until a whole number of ticks have
passed since the request came, so that nothing and something take the same time.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PADDED: Final = "/v1/candidates"
"""Under this path answers are padded."""

LISTED: Final = "/v1/refinements"
"""This path's own answers are padded; the letters under it have sizes of their own."""

SMALL: Final = 4096
"""Size of an answer that its route did not give another one."""

TICK_SECONDS: Final = 0.025


def pad_to(scope: Scope, size: int) -> None:
    """Give this request's answer a size; what is larger has a multiple of it."""
    scope["state"]["padded_to"] = size


class Padded:
    """The layer that fills answers and holds them back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's event of any kind."""
        if scope["type"] != "http" or not _is_padded(scope["path"]):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["padded_to"] = SMALL
        clock = asyncio.get_running_loop().time
        came = clock()
        start: Message = {}
        parts: list[bytes] = []

        async def gather(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body = _filled(start, b"".join(parts), scope["state"]["padded_to"])
            await asyncio.sleep(TICK_SECONDS - (clock() - came) % TICK_SECONDS)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, gather)


def _is_padded(path: str) -> bool:
    return path.startswith(PADDED) or path == LISTED


def _filled(start: Message, body: bytes, size: int) -> bytes:
    """Fill a body, so that with its status and headers it has the size."""
    headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    other = len(HTTPStatus(start["status"]).phrase)
    other += sum(len(name) + len(value) + len(": \r\n") for name, value in headers)
    body += b" " * (-(other + len(body)) % size)
    start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
    return body
