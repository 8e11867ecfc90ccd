"""The service as a process of its own, with less patience, so that a test can wait for its end."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from people import add, draw_agreement
from running_unit import free_port

from matcher.store import Store

# As `kinmatch serve`, but for what it waits for.
PROGRAM = """
import sys
from pathlib import Path
from matcher.service import protocol, running
from matcher.settings import Settings
from matcher.store import open_store
protocol._HEADER_SECONDS = 1.0
protocol._TAKE_SECONDS = 2.0
running._KEEP_SECONDS = 2
protocol.MOST_CONNECTIONS = 40
settings = Settings.load(data_folder=Path(sys.argv[1]), least_free_bytes=0, training_required=False)
with open_store(settings, None, patience=running.PATIENCE) as store:
    running.run(store, settings, host="127.0.0.1", port=int(sys.argv[2]))
"""


@dataclass
class Process:
    """The running service."""

    child: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Ask on a connection of its own."""
        connection = self.connect()
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self.get("/health/live").status == 200
        except ConnectionError:
            return False

    def lines(self) -> list[dict[str, object]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(store: Store, log: Path) -> Iterator[Process]:
    """Serve an empty store, under one agreement of three, until the block ends."""
    add(store, draw_agreement(valid_until="2099-12-31"))
    port = free_port()
    command = [sys.executable, "-c", PROGRAM, str(store.folder), str(port)]
    with log.open("wb") as errors:
        child = subprocess.Popen(command, stdout=errors, stderr=errors)
    started = Process(child, port, log)
    deadline = time.monotonic() + 60
    try:
        while not started.is_up():
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield started
    finally:
        child.kill()  # if it hasn't ended
        child.wait()
