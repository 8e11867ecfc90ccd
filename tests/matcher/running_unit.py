"""A linkage unit as it runs: service, worker and database in processes of their own, and clients.

Every process may be killed at any moment and is started again, as a service manager would; clients
go on trying, as a society's would.
"""

import base64
import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
from people import permit
from sqlalchemy import text
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.protection import training
from matcher.settings import Settings
from matcher.store import access, admitting
from matcher.store.database import Store, open_store
from matcher.store.jobs import SCHEMA
from matcher.vault import StoreKeys

PASSPHRASE = "soak"  # noqa: S105  # of throwaway keys
PART = 1 << 18

_T = TypeVar("_T")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def token_of(session: Session, society: str | None, role: str) -> str:
    """A token of a new user, who may do all that the role may, today."""
    user = access.add_user(session, subject=f"{role} at {society}", role=role, society=society)
    now = datetime.now(UTC)
    training.record_training(
        session, user, course="soak", completed_on=now.date(),
        valid_until=now.date() + timedelta(days=365),
    )  # fmt: skip
    scopes = access.scopes_of(session, user)
    return access.new_token(session, user, scopes=scopes, expires_at=now + timedelta(days=1))


class Service:
    """A process that is started again whenever it has ended, until it is to stay down."""

    def __init__(
        self, log: Path, *words: str, secrets: int = 0, settings: Mapping[str, str] | None = None
    ) -> None:
        self.starts = 0
        self._log, self._words, self._secrets = log, words, secrets
        self._environment = {**os.environ, "KINMATCH_NIGHT_HOUR": "never", **(settings or {})}
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Start it if it isn't running."""
        with self._guard:
            if self._process is None or self._process.poll() is not None:
                self._process = self._started()
                self.starts += 1

    def _started(self) -> subprocess.Popen[bytes]:
        words, inherited = [*self._words], ()
        reading, writing = os.pipe()
        if self._secrets:
            os.write(writing, f"{PASSPHRASE}\n".encode() * self._secrets)
            words += ["--passphrase-fd", str(reading)]
            inherited = (reading,)
        os.close(writing)
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "matcher.cli", *words],
                stdout=log, stderr=log, pass_fds=inherited, env=self._environment,
            )  # fmt: skip
        os.close(reading)
        return process

    @property
    def peak_bytes(self) -> int:
        """The most memory that it has held since it was started."""
        assert self._process is not None
        told = Path(f"/proc/{self._process.pid}/status").read_text()
        (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", told, re.MULTILINE)
        return int(kilobytes) * 1024

    def end(self, number: int) -> int:
        """Send it a signal and wait for its end; gives its exit status."""
        with self._guard:
            process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait()

    def kill(self) -> None:
        """Kill it, if it is running; it is started again at the next `ensure`."""
        with self._guard:
            if self._process is not None:
                self._process.kill()
                self._process.wait()


class Unit:
    """A linkage unit in a folder, with a token for each society.

    Args:
        folder: Where it lies.
        settings: Variables that its processes are given.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data = folder / "data"
        self.port = free_port()
        given = ("--data-folder", str(self.data))
        listening = ("--port", str(self.port))
        self.serve = Service(folder / "serve.log", "serve", *given, *listening, settings=settings)
        self.work = Service(folder / "worker.log", "worker", *given, secrets=2, settings=settings)
        self.tokens: dict[str, str] = {}

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return Settings.load(data_folder=self.data)

    def keys(self) -> StoreKeys:
        """The keys of its fingerprints."""
        return StoreKeys.open(self.settings.store_keys, PASSPHRASE)

    def set_up(self, agreement: Agreement, unit: Identity) -> None:
        """Make its keys, take the agreement in, and give each society a user."""
        settings = self.settings
        keys = StoreKeys.new(settings.store_keys, PASSPHRASE)
        unit.seal(settings.identity, PASSPHRASE)
        with open_store(settings, keys) as store, store.as_unit() as session:
            admitting.add_agreement(session, agreement, on=agreement.valid_from)
            permit(session, agreement)
            for society in agreement.parties:
                self.tokens[society] = token_of(session, society, "tracing-officer")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep service and worker running, whatever ends them."""
        over = threading.Event()

        def keep() -> None:
            while not over.is_set():
                self.serve.ensure()
                self.work.ensure()
                over.wait(0.1)

        keeper = threading.Thread(target=keep)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()
            for one in (self.work, self.serve):
                one.end(signal.SIGTERM)

    def kill_database(self) -> None:
        """Kill its database's server, if it is up."""
        folder = self.data / "database"
        # Not up yet, or down already: then the number in its file may be another process's by now.
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            server = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
            if str(folder) in server.cmdline():
                server.kill()

    def submit(self, society: str, envelope: Path, agreement: Agreement) -> str:
        """Send an envelope in parts, from where it stands, until it is accepted or refused."""
        content = envelope.read_bytes()
        about = {
            "agreement": agreement.agreement_id,
            "digest": "sha256:" + hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }

        def go() -> str | None:
            with self.client(society) as client:
                batch = _told(client.post("/v1/batches", json=about))
                if batch["state"] in {"registered", "receiving"}:
                    arrived = {part["number"] for part in batch["parts"]}
                    for number in range(-(-len(content) // PART)):
                        if number not in arrived:
                            _send(client, batch["id"], number, content)
                    batch = _told(client.post(f"/v1/batches/{batch['id']}/finish"))
                while batch["state"] == "validating":
                    time.sleep(0.2)
                    batch = _told(client.get(f"/v1/batches/{batch['id']}"))
                return str(batch["state"])

        return trying(go)

    def client(self, society: str) -> httpx.Client:
        """A client with a society's token."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self.tokens[society]}"},
            timeout=30,
        )

    def night(self, store: Store, on: date) -> None:
        """Have the worker run a night, and wait until it has."""
        at = int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp())
        ask = text(
            f"INSERT INTO {SCHEMA}.procrastinate_jobs (queue_name, task_name, lock, args)"  # noqa: S608  # ours
            " VALUES ('kinmatch', 'night', 'night', jsonb_build_object('timestamp', :at ::bigint))"
            " RETURNING id"
        )
        waiting = text(f"SELECT count(*) FROM {SCHEMA}.procrastinate_jobs WHERE id = :id")  # noqa: S608  # ours

        def asked() -> int:
            with store.as_unit() as session:
                session.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
                return int(session.scalar(ask, {"at": at}) or 0)

        job = trying(asked)

        def done() -> bool | None:
            with store.as_unit() as session:
                return session.scalar(waiting, {"id": job}) == 0 or None

        trying(done)


def _send(client: httpx.Client, batch: str, number: int, content: bytes) -> None:
    part = content[number * PART : (number + 1) * PART]
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    sent = client.put(
        f"/v1/batches/{batch}/parts/{number}",
        content=part,
        headers={
            "Content-Digest": f"sha-256=:{digest}:",
            "Content-Type": "application/octet-stream",
        },
    )
    sent.raise_for_status()


def _told(answer: httpx.Response) -> dict[str, object]:
    answer.raise_for_status()
    told: dict[str, object] = answer.json()
    return told


def trying(action: Callable[[], _T | None], seconds: float = 300) -> _T:
    """Do something again and again until it gives something; what fails meanwhile is expected."""
    deadline = time.monotonic() + seconds
    last: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if (found := action()) is not None:
                return found
        except Exception as error:  # a killed service fails in every way there is
            last = error
        time.sleep(0.2)
    raise TimeoutError("it is still not done") from last
