"""Running the service in a process of its own, with uvicorn."""

import gc
import signal
from typing import Final

import uvicorn

from matcher.service.app import make_app
from matcher.service.edge import Edge
from matcher.service.observing import log_libraries, standard_error_log
from matcher.service.protocol import Protocol, answer_busy
from matcher.settings import Settings
from matcher.store import Store

PATIENCE: Final = 2.0
"""Seconds that a request waits for what a night or another request holds; then it is told to come
again. Whoever waits longer keeps others from being served at all."""

_KEEP_SECONDS: Final = 30
_STOP_SECONDS: Final = 30


def _end(*_: object) -> None:
    raise SystemExit(0)


def run(store: Store, settings: Settings, *, host: str, port: int) -> None:
    """Serve until told to stop by SIGTERM or SIGINT; running requests are finished first.

    Args:
        store: The linkage unit's store, opened with `PATIENCE`.
        settings: As the operator set them.
        host: The address to listen on.
        port: The port.
    """
    # uvicorn passes the signal on when all is answered; whoever holds the store is to close it.
    signal.signal(signal.SIGTERM, _end)
    log = standard_error_log()
    log_libraries(log)
    app = make_app(store, settings, log=log)

    class Counted(Protocol):
        """Tells log and metrics of those that it refuses too."""

        busy = Edge(answer_busy, app.state.serving.metrics, log)

    # What is loaded stays: to look through it for garbage again and again would hold up requests
    # for a tenth of a second.
    gc.freeze()
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=Counted,
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=_KEEP_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
