"""What an operator sees of the running service: metrics and log lines.

Neither names a person, a record, a token or an address: a request is told by its route's pattern,
its status and its time. Who did what to which batch or candidate is in the audit log.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
NO_ROUTE: Final = "none"
"""The route of a request that no route takes."""

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Metrics:
    """The service's figures, for Prometheus."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "kinmatch_request_seconds",
            "Time that requests took, by route and status.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._running = Gauge(
            "kinmatch_requests_running", "Requests at work.", registry=self._registry
        )
        self._received = Counter(
            "kinmatch_received_bytes", "Bytes of bodies that came in.", registry=self._registry
        )
        self._errors = Counter(
            "kinmatch_errors", "Errors of the service itself.", registry=self._registry
        )

    def begin(self) -> None:
        """Note that a request has come."""
        self._running.inc()

    def end(self, method: str, route: str, status: int, seconds: float, received: int) -> None:
        """Note that it was answered.

        Args:
            method: The request's method, in capitals.
            route: The route's pattern, or `NO_ROUTE`.
            status: The answer's status; 499 where the caller left before one.
            seconds: How long it took.
            received: Bytes of its body.
        """
        self._running.dec()
        self._seconds.labels(method, route, str(status)).observe(seconds)
        self._received.inc(received)
        if status == 500:
            self._errors.inc()

    def told(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)


Log = structlog.stdlib.BoundLogger


def json_log(file: TextIO) -> Log:
    """Make a log that writes a line of JSON for each thing it is told."""
    log = structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    bound: Log = log.bind()
    return bound


def places_of(error: BaseException) -> list[str]:
    """Where an error arose, file and line and function by turns; nothing of what it says."""
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]


class _Plain(logging.Handler):
    """Passes on what libraries log: their own words, and nothing that they put into them."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        said: dict[str, Any] = {"logger": record.name}
        if record.exc_info is not None and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
        self._log.log(record.levelno, str(record.msg), **said)


def log_libraries(log: Log) -> None:
    """Let what libraries log come into our log from now on, in this process."""
    logging.basicConfig(handlers=[_Plain(log)], level=logging.WARNING, force=True)


def standard_error_log() -> Log:
    """The log of a service that runs in a process of its own."""
    return json_log(sys.stderr)
