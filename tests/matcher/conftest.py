"""A real PostgreSQL for all that needs one: a private server a session, a new database a test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from matcher.settings import Settings
from matcher.store.database import Store, open_store
from matcher.store.postgres import PrivateServer
from matcher.vault import StoreKeys


@pytest.fixture(scope="session")
def data_folder() -> Iterator[Path]:
    """A folder that the database's system user can enter too, where the tests run as root."""
    around = Path(tempfile.mkdtemp(prefix="kinmatch-tests-"))  # the journal lies beside the folder
    folder = around / "unit"
    folder.mkdir()
    for one in (around, folder):
        one.chmod(0o711)
    yield folder
    shutil.rmtree(around, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(data_folder: Path) -> Iterator[str]:
    """The URL of a running server, of its superuser; its database `pristine` is an empty store's.

    It never waits for the disk, which only a machine that loses its power would tell: what a
    killed server had committed is the operating system's to keep.
    """
    server = PrivateServer(data_folder / "database")
    with server.in_use():
        with superuser(server.url()) as connection:
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        with open_store(Settings.load(data_folder=data_folder), None):
            pass
        with superuser(server.url(), "template1") as connection:
            connection.execute(text("CREATE DATABASE pristine TEMPLATE postgres"))
        yield server.url()


@pytest.fixture(scope="session")
def store_keys(data_folder: Path) -> StoreKeys:
    return StoreKeys.new(data_folder / "store-keys.json", "passphrase")


@contextmanager
def superuser(cluster: str, database: str = "postgres") -> Iterator[Connection]:
    """A connection to one of the server's databases, outside of transactions."""
    engine = create_engine(
        make_url(cluster).set(database=database), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection


@contextmanager
def fresh_store(cluster: str, folder: Path, keys: StoreKeys) -> Iterator[Store]:
    """An empty store on the running server."""
    with superuser(cluster, "template1") as connection:
        connection.execute(text("DROP DATABASE postgres WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE postgres TEMPLATE pristine STRATEGY file_copy"))
    for name in keys.names():
        keys.destroy(name)
    for name in ("fingerprints", "work", "paces"):
        shutil.rmtree(folder / name, ignore_errors=True)
    settings = Settings.load(data_folder=folder)
    settings.protection_journal.unlink(missing_ok=True)
    with open_store(settings, keys) as opened:
        yield opened


@pytest.fixture
def store(cluster: str, data_folder: Path, store_keys: StoreKeys) -> Iterator[Store]:
    with fresh_store(cluster, data_folder, store_keys) as opened:
        yield opened


@pytest.fixture(scope="module")
def one_store(cluster: str, data_folder: Path, store_keys: StoreKeys) -> Iterator[Store]:
    """One store for all tests of a module that change nothing in it."""
    with fresh_store(cluster, data_folder, store_keys) as opened:
        yield opened
