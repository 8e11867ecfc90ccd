"""A real PostgreSQL for all that needs one: a private server a session, a new database a test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from matcher.settings import Settings
from matcher.store.database import Store, open_store
from matcher.store.postgres import PrivateServer
from matcher.vault import StoreKeys


@pytest.fixture(scope="session")
def data_folder() -> Iterator[Path]:
    """A folder that the database's system user can enter too, where the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="kinmatch-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(data_folder: Path) -> Iterator[str]:
    """The URL of a running server, of its superuser."""
    server = PrivateServer(data_folder / "database")
    with server.in_use():
        yield server.url()


@pytest.fixture(scope="session")
def store_keys(data_folder: Path) -> StoreKeys:
    return StoreKeys.new(data_folder / "store-keys.json", "passphrase")


@contextmanager
def fresh_store(cluster: str, folder: Path, keys: StoreKeys) -> Iterator[Store]:
    """An empty store on the running server."""
    engine = create_engine(cluster)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS kinmatch, kinmatch_jobs CASCADE"))
    engine.dispose()
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
