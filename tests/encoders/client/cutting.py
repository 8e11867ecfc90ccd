"""A little service that takes batches, and treats connections as badly as a test wants."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

BATCH = UUID("0d9b2f4e-6f0e-4b3c-9c57-6f1f0f6a2f11")
TOKEN = "kinmatch_of-a-test"  # noqa: S105 - of this server alone

Answer = tuple[int, dict[str, str], bytes]
Mishap = Callable[[str, str], Answer | str | None]
"""Told method and path: an answer to give instead, `cut` or `deaf`, or None for none."""


@dataclass
class Holding:
    """What the service has."""

    parts: dict[int, bytes] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)
    state: str = "registered"
    requests: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    @property
    def content(self) -> bytes:
        """The file as far as it has come."""
        return b"".join(self.parts[number] for number in sorted(self.parts))

    def batch(self) -> dict[str, Any]:
        """The batch as it is told."""
        told = [
            {"number": number, "size": len(part),
             "digest": "sha256:" + hashlib.sha256(part).hexdigest()}
            for number, part in sorted(self.parts.items())
        ]  # fmt: skip
        return {
            **self.registered, "id": str(BATCH), "state": self.state, "parts": told,
            "received": sum(map(len, self.parts.values())), "problems": [], "records": None,
            "registered_on": "2026-06-01", "expires_on": "2026-09-01", "key_epoch": None,
            "supersedes": None,
        }  # fmt: skip


class _Server(ThreadingHTTPServer):
    holding: Holding
    mishap: Mishap


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        holding = self.server.holding
        holding.requests.append(f"{self.command} {self.path}")
        holding.tokens.add(self.headers.get("Authorization", ""))
        what = self.server.mishap(self.command, self.path)
        length = int(self.headers.get("Content-Length", 0))
        if what == "cut":  # in the middle of what is sent
            self.rfile.read(length // 2)
            self._hang_up()
            return
        body = self.rfile.read(length)
        if len(body) < length:  # its sender is gone
            self._hang_up()
            return
        answer = what if isinstance(what, tuple) else self._answer(body)
        if what == "deaf":  # it was done, and nobody hears of it
            self._hang_up()
            return
        self._tell(*answer)

    # The names that the server's class looks for.
    do_GET = do_PUT = do_POST = _handle  # noqa: N815

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _tell(self, status: int, headers: dict[str, str], content: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    def _answer(self, body: bytes) -> Answer:
        holding = self.server.holding
        if self.command == "PUT":
            holding.state = "receiving"
            holding.parts[int(self.path.rsplit("/", 1)[1])] = body
            return 204, {}, b""
        if self.path.endswith("/finish"):
            holding.state = "validating"
        elif self.command == "POST" and not holding.registered:
            holding.registered = json.loads(body)
        return 200, {"Content-Type": "application/json"}, json.dumps(holding.batch()).encode()


@contextmanager
def serving(holding: Holding, mishap: Mishap = lambda *_: None) -> Iterator[str]:
    """Serve until the block ends; gives the address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.holding, server.mishap = holding, mishap
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def problem(status: int, code: str, **headers: str) -> Answer:
    """A refusal as the service gives it."""
    said = {"type": f"urn:kinmatch:problem:{code}", "title": code, "status": status,
            "detail": "As it is said.", "code": code}  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = json.dumps(said).encode()
    return status, {"Content-Type": "application/problem+json", **named}, content
