"""Running the service in a process of its own, with uvicorn."""

import asyncio
import gc
import signal
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from matcher.service.app import make_app
from matcher.service.observing import log_libraries, standard_error_log
from matcher.settings import Settings
from matcher.store import Store

_HEADER_SECONDS: Final = 10.0
_KEEP_SECONDS: Final = 30
_STOP_SECONDS: Final = 30
_MOST_CONNECTIONS: Final = 1_000


class Punctual(H11Protocol):
    """HTTP/1.1 that closes a connection whose request's head does not come in time."""

    _head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; what is left of a head is due when the whole of it was."""
        super().data_received(data)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._cancel()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._head_due is None:
            self._head_due = self.loop.call_later(_HEADER_SECONDS, self.transport.close)

    def _cancel(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None


def _end(*_: object) -> None:
    raise SystemExit(0)


def run(store: Store, settings: Settings, *, host: str, port: int) -> None:
    """Serve until told to stop by SIGTERM or SIGINT; running requests are finished first.

    Args:
        store: The linkage unit's store, open.
        settings: As the operator set them.
        host: The address to listen on.
        port: The port.
    """
    # uvicorn passes the signal on when all is answered; whoever holds the store is to close it.
    signal.signal(signal.SIGTERM, _end)
    log = standard_error_log()
    log_libraries(log)
    app = make_app(store, settings, log=log)
    # What is loaded stays: to look through it for garbage again and again would hold up requests
    # for a tenth of a second.
    gc.freeze()
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=Punctual,
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
