"""A real PostgreSQL for all that needs one: a private server a session, a new database a test."""

import shutil
import tempfile
from collections.abc import Iterator
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


@pytest.fixture
def store(cluster: str, data_folder: Path, store_keys: StoreKeys) -> Iterator[Store]:
    """An empty store."""
    engine = create_engine(cluster)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS kinmatch CASCADE"))
    engine.dispose()
    for name in store_keys.names():
        store_keys.destroy(name)
    for folder in ("fingerprints", "work"):
        shutil.rmtree(data_folder / folder, ignore_errors=True)
    with open_store(Settings.load(data_folder=data_folder), store_keys) as opened:
        yield opened
