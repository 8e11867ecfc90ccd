"""How the service speaks HTTP/1.1: on time, bounded, and with problem details wherever it refuses.

What no route ever sees is refused here in the same shape as everything else: what is no HTTP, and
what comes on one connection too many.
"""

import asyncio
import secrets
from typing import Any, Final

import h11
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from matcher.service.edge import headers_of
from matcher.service.problems import COME_AGAIN, response_of, sentence_of

MOST_CONNECTIONS: Final = 1_000
"""Who comes while there are so many is told to come again later."""

_HEADER_SECONDS: Final = 10.0
_TAKE_SECONDS: Final = 300.0  # for what a modem takes in that time
_UNANSWERED: Final = (h11.IDLE, h11.SEND_RESPONSE)


async def answer_busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a request because there are too many connections; the application behind them."""
    headers = {**COME_AGAIN, "Connection": "close"}
    answer = response_of("unavailable", sentence_of("unavailable"), headers=headers)
    await answer(scope, receive, send)


class Protocol(H11Protocol):
    """HTTP/1.1 that ends connections on which no head is sent, or no answer taken, in time."""

    busy: Any = staticmethod(answer_busy)
    """What answers on connections beyond the most."""

    _head_due: asyncio.TimerHandle | None = None
    _taken_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self.app = self.busy
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; what is left of a head is due when the whole of it was."""
        super().data_received(data)
        self._expect_head()

    def pause_writing(self) -> None:
        """Wait until the caller has taken some of what was answered; not for ever."""
        super().pause_writing()
        self._taken_due = self.loop.call_later(_TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on answering: some was taken."""
        super().resume_writing()
        self._cancel_taken()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle, once all is taken that was answered; or without that."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(_TAKE_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._cancel()
        self._cancel_taken()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the base class's signature
        """Refuse what is no HTTP, and close; an answer that has begun is cut off."""
        if self.conn.our_state in _UNANSWERED:
            self._send(response_of("malformed", "Send requests as RFC 9112 describes them."))
        self.transport.close()

    def _send(self, answer: Response) -> None:
        headers = [
            *answer.raw_headers,
            *headers_of(secrets.token_hex(8)),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))

    def _expect_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._head_due is None:
            self._head_due = self.loop.call_later(_HEADER_SECONDS, self.transport.close)

    def _cancel(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _cancel_taken(self) -> None:
        if self._taken_due is not None:
            self._taken_due.cancel()
            self._taken_due = None
