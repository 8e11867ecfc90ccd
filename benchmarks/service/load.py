"""Societies that list and upload, all at once.

Listings come at a steady rate whatever the answers take, and a listing's time runs from when it
was due: so a service that falls behind can't hide it by being asked less.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import random
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.service.line import Line

BATCH_BYTES: Final = 8 << 20
PART_BYTES: Final = 256 << 10
LINES: Final = 4
"""Connections of one society's; who has more to ask waits, and the wait counts."""

_COME_AGAIN_SECONDS: Final = 5.0
_FILTERS: Final = (
    "band=strong", "band=possible&band=weak", "state=new", "state=confirmed",
    "state=new&state=open&band=strong",
)  # fmt: skip


@dataclass(frozen=True)
class Client:
    """A society's user.

    Attributes:
        society: Whose.
        token: Their token.
        agreement: One of the society's agreements.
    """

    society: str
    token: str = field(repr=False)
    agreement: str


@dataclass
class Load:
    """What happened under load.

    Attributes:
        seconds: For each listing that was answered, from when it was due to its last byte.
        wrong: Answers that were not as they must be, by what was wrong.
        uploaded: Bytes of parts that were taken.
        parts: How long each part took.
        batches: How many batches were begun.
    """

    seconds: list[float] = field(default_factory=list)
    wrong: dict[str, int] = field(default_factory=dict)
    uploaded: int = 0
    parts: list[float] = field(default_factory=list)
    batches: int = 0

    def clear(self) -> None:
        """Forget what was measured; what was wrong stays."""
        self.seconds.clear()
        self.parts.clear()
        self.uploaded = self.batches = 0

    def note_wrong(self, what: str) -> None:
        """Count something that must not be."""
        self.wrong[what] = self.wrong.get(what, 0) + 1


class Lister:
    """One society's listings: half of them a first page, some the page after, some filtered."""

    def __init__(self, client: Client, port: int, seed: int, load: Load) -> None:
        self._client = client
        self._port = port
        self._random = random.Random(seed)  # noqa: S311  # which page is asked for is no secret
        self._load = load
        self._idle: list[Line] = []
        self._lines = asyncio.Semaphore(LINES)
        self._next = ""
        self._size = 0

    async def list(self, due: float) -> None:
        """Ask for a page, and see that it is sound."""
        async with self._lines:
            line = await self._line()
            answer = await line.ask("GET", self._path())
            self._idle.append(line)
        if answer.status != 200:
            self._load.note_wrong(f"status {answer.status}")
            return
        self._load.seconds.append(time.perf_counter() - due)
        if self._size and len(answer.body) != self._size:
            self._load.note_wrong("another size")
        self._size = len(answer.body)
        if self._random.random() < 0.1:
            page = json.loads(answer.body)
            self._next = page["next"]
            scores = [item["score"] for item in page["items"]]
            if scores != sorted(scores, reverse=True):
                self._load.note_wrong("another order")

    async def _line(self) -> Line:
        while self._idle:  # the service hangs up on what is idle for some seconds
            line = self._idle.pop()
            if line.is_open:
                return line
        return await Line.open(self._port, self._client.token)

    def _path(self) -> str:
        drawn = self._random.random()
        if drawn < 0.2:
            return f"/v1/candidates?{self._random.choice(_FILTERS)}"
        if drawn < 0.5 and self._next:
            return f"/v1/candidates?after={self._next}"
        return "/v1/candidates"


async def list_steadily(listers: Sequence[Lister], rate: float, seconds: float) -> None:
    """Let the societies list by turns, so many times a second together."""
    begin = time.perf_counter()
    tasks = []
    for number in range(round(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(listers[number % len(listers)].list(due)))
    await asyncio.gather(*tasks)


async def upload(
    client: Client,
    port: int,
    bytes_a_second: float,
    load: Load,
    stopped: asyncio.Event,
    *,
    wait: float,
) -> None:
    """Upload batches part by part at the speed of a line, each withdrawn before its end.

    Args:
        client: Who.
        port: Where the service listens.
        bytes_a_second: The line's speed.
        load: What is measured.
        stopped: Set when it is over.
        wait: Seconds until this begins.
    """
    await _pause(stopped, wait)
    line = await Line.open(port, client.token)
    while True:
        content = os.urandom(PART_BYTES)
        batch = await _begun(line, client, content, load)
        for part in range(BATCH_BYTES // PART_BYTES):
            if stopped.is_set():
                break
            begin = time.perf_counter()
            digest = b64encode(hashlib.sha256(content).digest()).decode()
            answer = await line.ask(
                "PUT", f"/v1/batches/{batch}/parts/{part}", content,
                {"Content-Type": "application/octet-stream",
                 "Content-Digest": f"sha-256=:{digest}:"},
            )  # fmt: skip
            took = time.perf_counter() - begin
            load.parts.append(took)
            load.uploaded += PART_BYTES
            if answer.status != 204:
                load.note_wrong(f"upload {answer.status}")
            await _pause(stopped, PART_BYTES / bytes_a_second - took)
        await line.ask("POST", f"/v1/batches/{batch}/withdraw")
        if stopped.is_set():
            line.close()
            return


async def _pause(stopped: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until stopped."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), max(0.0, seconds))


async def _begun(line: Line, client: Client, content: bytes, load: Load) -> str:
    digest = hashlib.sha256(content).hexdigest()
    said = {"agreement": client.agreement, "digest": f"sha256:{digest}", "size": BATCH_BYTES}
    while True:
        answer = await line.ask(
            "POST", "/v1/batches", json.dumps(said).encode(), {"Content-Type": "application/json"}
        )
        if answer.status == 201:
            load.batches += 1
            return str(json.loads(answer.body)["id"])
        load.note_wrong(f"register {answer.status}")
        if answer.status != 503:
            raise RuntimeError(f"A batch was refused with status {answer.status}.")
        await asyncio.sleep(_COME_AGAIN_SECONDS)


def share(numbers: Sequence[float], shares: Sequence[float]) -> Iterator[float]:
    """Give the numbers below which these shares of all numbers lie."""
    ordered = sorted(numbers)
    for one in shares:
        yield ordered[min(len(ordered) - 1, int(one * len(ordered)))]
