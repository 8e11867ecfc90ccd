"""Commands in this process, and the service, as a person would meet the gates."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from matcher.cli import main
from matcher.protection import training
from matcher.service.app import make_app
from matcher.settings import Settings
from matcher.store import Store, access

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all that it said, on one line."""

    status: int
    out: str
    said: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command of the command line."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(*words: str | Path) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["kinmatch", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        out, err = capsys.readouterr()
        said = " ".join((out + " " + err).split())
        return Ended(code if isinstance(code, int) else int(code is not None), out, said)

    return command


@pytest.fixture
def serve(store: Store) -> Callable[..., TestClient]:
    """Makes a client of the service for a new user of a society, at a time that stands."""
    count = iter(range(100))

    def client(society: str, *, at: datetime = NOON) -> TestClient:
        with store.as_unit() as session:
            user = access.add_user(
                session, subject=f"user {next(count)}", role="tracing-officer", society=society
            )
            training.record_training(
                session, user, course="data protection", completed_on=NOON.date(),
                valid_until=NOON.date() + timedelta(days=365),
            )  # fmt: skip
            token = access.new_token(
                session, user, scopes=access.SCOPES_OF["tracing-officer"],
                expires_at=at + timedelta(days=1),
            )  # fmt: skip
        settings = Settings.load(data_folder=store.folder, least_free_bytes=0)
        app = make_app(store, settings, clock=lambda: at)
        headers = {"Authorization": f"Bearer {token}"}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return client
