"""What happens to every request before and after its route, as one light layer.

Its turn, headers, the size and pace of bodies, the request's id, its line in the log, and the last
net under errors: what is not ours is logged by type and place alone, since its text may hold a
value.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.service.observing import NO_ROUTE, Log, Metrics, places_of
from matcher.service.problems import COME_AGAIN, KINDS, response_of, sentence_of
from matcher.service.turns import Turns

SMALL_BODY: Final = 64 * 1024
"""Bytes of a body that no route asked more for."""

_SILENCE_SECONDS: Final = 30.0
_START_SECONDS: Final = 60.0
_BYTES_A_SECOND: Final = 256  # below what any modem sends, above what keeps a connection busy

_HEADERS: Final[Mapping[bytes, bytes]] = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"strict-transport-security": b"max-age=31536000",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_AT_ONCE: Final = frozenset({"/health/live", "/health/ready", "/metrics", "/version"})
"""What is asked to see how the service is: it answers however many others wait."""

_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE"})
_LEFT: Final = 499
"""The status in logs and metrics where the caller left before there was one."""


def headers_of(request_id: str) -> list[tuple[bytes, bytes]]:
    """Give the headers that every answer has."""
    return [*_HEADERS.items(), (b"x-request-id", request_id.encode())]


def allow_body(scope: Scope, size: int) -> None:
    """Let this request's body be larger than usual; said by its route before it reads."""
    scope["state"]["most_body"] = size


class _Exchange:
    """One request and its answer.

    It has a turn while it is at work: not while it waits for its caller to send the body or, once
    there is an answer, to take that.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, turns: Turns) -> None:
        self._receive = receive
        self._send = send
        self._turns = None if scope["path"] in _AT_ONCE else turns
        self._has_turn = False
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._begun = time.monotonic()
        self.id = self._state["request_id"] = secrets.token_hex(8)
        self._state["most_body"] = SMALL_BODY
        self.received = 0
        self.status = _LEFT

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    async def begin(self) -> bool:
        """Wait for the request's turn; False if it is to come later instead."""
        if self._turns is not None:
            self._has_turn = await self._turns.begin()
        return self._turns is None or self._has_turn

    def end_turn(self) -> None:
        """Give back the turn, if the request has one."""
        if self._turns is not None and self._has_turn:
            self._turns.end()
        self._has_turn = False

    async def receive(self) -> Message:
        """Receive some more of the body; too much of it, or too slowly, is refused."""
        had_turn = self._has_turn
        self.end_turn()
        message = await self._some()
        if had_turn and self._turns is not None:
            self._has_turn = await self._turns.again()
            if not self._has_turn:
                raise HTTPException(503, headers=dict(COME_AGAIN))
        return message

    async def _some(self) -> Message:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "Send the body without such pauses.") from None
        self.received += len(message.get("body", b""))
        most = self._state["most_body"]
        if self.received > most:
            raise HTTPException(413, f"At most {most:,} bytes are taken here.")
        if self.seconds > _START_SECONDS + self.received / _BYTES_A_SECOND:
            raise HTTPException(408, "Send the body faster.")
        return message

    async def send(self, message: Message) -> None:
        """Send some of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.end_turn()
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *headers_of(self.id)]
        await self._send(message)


class Edge:
    """The layer around the application.

    Args:
        app: The application.
        metrics: Where requests are counted.
        log: Where requests are told; None for nowhere.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log: Log | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's event of any kind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._turns)
        self._metrics.begin()
        try:
            if await exchange.begin():
                await self._app(scope, exchange.receive, exchange.send)
            else:
                await self._refuse(exchange, scope, "unavailable")
        except ClientDisconnect:
            exchange.status = _LEFT
        except asyncio.CancelledError:
            # The service stops, and this took too long: nothing that was not committed was done.
            await self._refuse(exchange, scope, "unavailable")
            raise
        except Exception as error:
            await self._fail(exchange, scope, error)
        finally:
            exchange.end_turn()
            self._tell(exchange, scope)

    async def _fail(self, exchange: _Exchange, scope: Scope, error: Exception) -> None:
        if self._log is not None:
            self._log.error(
                "error", id=exchange.id, error=type(error).__name__, places=places_of(error)
            )
        await self._refuse(exchange, scope, "internal")
        exchange.status = KINDS["internal"].status

    async def _refuse(self, exchange: _Exchange, scope: Scope, code: str) -> None:
        """Answer with a problem, if nothing of another answer was sent yet."""
        if exchange.status == _LEFT:
            headers = COME_AGAIN if code == "unavailable" else {}
            answer = response_of(code, sentence_of(code), headers=headers)
            await answer(scope, exchange.receive, exchange.send)

    def _tell(self, exchange: _Exchange, scope: Scope) -> None:
        pattern = getattr(scope.get("route"), "path_format", NO_ROUTE)
        # A caller may write any word as a method; figures by such words would grow without end.
        known = pattern != NO_ROUTE and scope["method"] in _METHODS
        method = scope["method"] if known else NO_ROUTE
        seconds, status = exchange.seconds, exchange.status
        self._metrics.end(method, pattern, status, seconds, exchange.received)
        if self._log is not None:
            self._log.info(
                "request", id=exchange.id, method=method, route=pattern, status=status,
                ms=round(seconds * 1000, 1),
            )  # fmt: skip
