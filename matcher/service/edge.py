"""What happens to every request before and after its route, as one light layer.

Headers, the size and pace of bodies, the request's id, and the last net under errors: what is not
ours is logged by type and place alone, since its text may hold a value.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALL_BODY: Final = 64 * 1024
"""Bytes of a body that no route asked more for."""
_SILENCE_SECONDS: Final = 30.0

_HEADERS: Final[Mapping[bytes, bytes]] = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"strict-transport-security": b"max-age=31536000",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


def allow_body(scope: Scope, size: int) -> None:
    """Let this request's body be larger than usual; said by its route before it reads."""
    scope["state"]["most_body"] = size


class Edge:
    """The layer around the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's event of any kind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = secrets.token_hex(8)
        state["most_body"] = SMALL_BODY
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            try:
                message = await asyncio.wait_for(receive(), _SILENCE_SECONDS)
            except TimeoutError:
                raise HTTPException(408, "Send the body without such pauses.") from None
            taken += len(message.get("body", b""))
            if taken > state["most_body"]:
                most = state["most_body"]
                raise HTTPException(413, f"At most {most:,} bytes are taken here.")
            return message

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    *_HEADERS.items(),
                    (b"x-request-id", state["request_id"].encode()),
                ]
            await send(message)

        await self._app(scope, receive_some, send_with_headers)
