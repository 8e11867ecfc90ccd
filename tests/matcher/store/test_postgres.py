"""The private server: shared by processes, surviving a kill, gone when the last one leaves."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import text

from matcher.formats.errors import StoreError
from matcher.settings import Settings
from matcher.store import postgres
from matcher.store.database import Store, open_store
from matcher.store.postgres import PrivateServer
from matcher.vault import StoreKeys


@pytest.fixture
def server() -> Iterator[PrivateServer]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = PrivateServer(folder / "database")
        yield server
        server.stop()


def postmaster(server: PrivateServer) -> int:
    return int((server.folder / "postmaster.pid").read_text().split()[0])


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait to be noticed by its parent."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def asked(server: PrivateServer) -> int:
    url = server.url().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        (answer,) = connection.execute("SELECT 42").fetchone() or (0,)
    return int(answer)


def test_nothing_is_left_when_the_last_one_leaves(server: PrivateServer) -> None:
    with server.in_use():
        pid = postmaster(server)
        with server.in_use():
            assert asked(server) == 42
        assert asked(server) == 42
    assert not lives(pid)
    assert not (server.folder / "postmaster.pid").exists()


def test_nobody_else_may_look_or_connect(server: PrivateServer) -> None:
    with server.in_use():
        assert server.folder.stat().st_mode & 0o077 == 0
        assert psutil.Process(postmaster(server)).net_connections("inet") == []


def test_the_call_right_after_a_kill_works(server: PrivateServer) -> None:
    with server.in_use():
        for _ in range(3):
            os.kill(postmaster(server), signal.SIGKILL)
            server.ensure_running()
            assert asked(server) == 42


def test_a_store_survives_the_kill_of_its_database(store_keys: StoreKeys) -> None:
    def lose(store: Store) -> None:
        with store.as_unit() as session:
            assert store.server is not None
            os.kill(postmaster(store.server), signal.SIGKILL)
            while session.scalar(text("SELECT 42")) == 42:
                pass

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        with open_store(Settings.load(data_folder=Path(name)), store_keys) as store:
            for _ in range(3):
                with store.as_unit() as session:
                    assert session.scalar(text("SELECT 42")) == 42
                with pytest.raises(StoreError, match="again"):
                    lose(store)
            with store.as_society("red-one") as session:
                assert session.scalar(text("SELECT 42")) == 42


USER = """
import sys, time
from pathlib import Path
from matcher.store.postgres import PrivateServer
from matcher.vault import StoreKeys
with PrivateServer(Path(sys.argv[1])).in_use():
    print("in", flush=True)
    sys.stdin.readline()
"""


def a_user(server: PrivateServer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(server.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def heard(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline()


def test_several_processes_share_one(server: PrivateServer) -> None:
    users = [a_user(server) for _ in range(4)]
    assert {heard(user) for user in users} == {"in\n"}
    pid = postmaster(server)
    users[0].kill()  # without a word
    for user in users[1:-1]:
        user.communicate("\n")
    assert postmaster(server) == pid
    assert asked(server) == 42
    users[0].communicate()
    users[-1].communicate("\n")
    assert not lives(pid)


def test_who_is_killed_leaves_it_for_the_next_who_then_stops_it(server: PrivateServer) -> None:
    user = a_user(server)
    assert heard(user) == "in\n"
    pid = postmaster(server)
    user.kill()
    user.communicate()
    assert lives(pid)
    with server.in_use():
        assert postmaster(server) == pid
    assert not lives(pid)


def test_a_path_too_long_for_a_socket(server: PrivateServer) -> None:
    deep = server.folder.parent / ("d" * 100)
    deep.mkdir()
    deep.chmod(0o711)
    far = PrivateServer(deep / "database")
    with far.in_use():
        assert asked(far) == 42
        socket = far._socket_folder()
        assert socket != far.folder
    assert not socket.exists()


def test_one_that_cannot_start_names_its_log(
    server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.in_use():
        pass
    (server.folder / "postgresql.conf").write_text("nonsense = on\n")
    monkeypatch.setattr(postgres, "_START_SECONDS", 0.5)
    with pytest.raises(StoreError, match="database/log"), server.in_use():
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its server to another user")
def test_root_refuses_a_folder_that_the_servers_user_cannot_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with (
        pytest.raises(StoreError, match="can't enter this folder"),
        PrivateServer(closed / "database").in_use(),
    ):
        pass
    assert sorted(path.name for path in closed.iterdir()) == [".database.lock", ".database.users"]
