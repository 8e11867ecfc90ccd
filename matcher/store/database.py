"""Connections to the database, in one of two roles.

`as_unit` acts for the linkage unit and sees all rows; it can't alter the audit log. `as_society`
acts for one society: every transaction says for which, with a proof that the database checks, and
row-level security shows it that society's rows alone, whatever the query asks for.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from matcher.formats.errors import StateError, StoreError
from matcher.formats.files import make_folder
from matcher.settings import Settings
from matcher.store.audit import SOCIETY
from matcher.store.fingerprints import Held
from matcher.store.migrating import require_current, upgrade
from matcher.store.models import ClaimKey
from matcher.store.postgres import PrivateServer
from matcher.vault import StoreKeys, Vault

UNIT: Final = "kinmatch_unit"
SERVICE: Final = "kinmatch_service"
_ALONE: Final = 0x6B696E6D61746368
_ENTER: Final = (
    "SELECT set_config('kinmatch.society', %s, true), set_config('kinmatch.proof', %s, true)"
)
_LONGEST_SECONDS: Final = 60
# A server that is gone without a word is noticed in some twenty seconds, and not in hours.
_SOON_LOST: Final[Mapping[str, int]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
FINGERPRINTS: Final = "fingerprints"
"""The folder of the fingerprints in the data folder."""


@dataclass(frozen=True, repr=False)
class Store:
    """The linkage unit's store, opened; make one with `open_store`.

    Attributes:
        folder: The data folder.
        server: The private server, or None where the database is another one.
        patience: Seconds to wait for what others hold; None for as long as it takes.
    """

    folder: Path
    server: PrivateServer | None
    patience: float | None
    _held: Held | None
    _unit: Engine
    _service: Engine
    _claim_key: bytes
    _unit_address: tuple[str, str]

    @property
    def fingerprints(self) -> Held:
        """The batches' files.

        Raises:
            StoreError: The store was opened without the keys of the fingerprints.
        """
        if self._held is None:
            raise StoreError("The fingerprints need the store's keys, which were not opened.")
        return self._held

    @property
    def unit_address(self) -> tuple[str, str]:
        """Where libpq finds the database, with which options, to act for the linkage unit.

        It may hold a password: for connecting alone.
        """
        return self._unit_address

    @contextmanager
    def as_unit(self) -> Iterator[Session]:
        """A transaction of the linkage unit's: committed when the block ends well, else undone.

        Raises:
            StoreError: The database can't be reached, or was lost before the end.
        """
        with self._connected(self._unit) as connection, Session(connection) as session:
            yield session
            session.commit()

    @contextmanager
    def as_society(self, society: str) -> Iterator[Session]:
        """A transaction of one society's: it can read and change that society's rows alone.

        Raises:
            StoreError: The database can't be reached, or was lost before the end.
        """
        entered = self._connected(self._service, society)
        with entered as connection, Session(connection) as session:
            session.info[SOCIETY] = society
            yield session
            session.commit()

    @contextmanager
    def _connected(self, engine: Engine, society: str | None = None) -> Iterator[Connection]:
        """A connection that is alive, in a society's transaction if one is named."""
        connection = self._connect(engine)
        try:
            if society is not None and not enter(connection, society, self._claim_key):
                connection.close()
                connection = self._connect(engine)
                if not enter(connection, society, self._claim_key):
                    raise _lost()
            with connection:
                yield connection
        except OperationalError:
            raise _lost() from None

    def _connect(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except OperationalError:
            if self.server is None:
                raise _unreachable() from None
            self.server.ensure_running()
            return engine.connect()
        except PoolTimeout:
            raise StoreError(
                "All connections to the database are at work. Do the same again in a while."
            ) from None


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Be the one night or backup that is at work, for the length of the block.

    Raises:
        StateError: Another is at work.
    """
    with store.as_unit() as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(_ALONE))):
            raise StateError("A night or a backup is at work; wait until it has ended.")
        yield


def enter(connection: Connection, society: str, claim_key: bytes) -> bool:
    """Say for which society the transaction is that begins with this.

    The proof holds for this connection and society alone, so that a statement that was smuggled
    in can't say another society's name. This is every request's first statement: it goes past
    SQLAlchemy's expressions, which would take longer than the database does.

    Returns:
        Whether the connection is alive; one that isn't was lost while nobody used it.
    """
    driver: Any = connection.connection.driver_connection
    said = f"{driver.info.backend_pid}:{society}".encode()
    proof = hashlib.sha256(claim_key + hashlib.sha256(claim_key + said).digest()).hexdigest()
    try:
        driver.execute(_ENTER, (society, proof), prepare=True)
    except psycopg.OperationalError:
        connection.invalidate()
        return False
    return True


@contextmanager
def open_store(
    settings: Settings, keys: StoreKeys | None, *, patience: float | None = None
) -> Iterator[Store]:
    """Open the store, with the database that the settings name, or its own private one.

    The private database is made and brought to the current version when that is needed; any
    other is checked, and brought there by `upgrade_database`.

    Args:
        settings: Where it lies.
        keys: What opens the fingerprints; their file lies outside the data folder. None where
            the database alone is needed.
        patience: Seconds after which a statement gives up that waits for another transaction, as
            a `StoreError`; as long as it takes if None. With it, no statement may take longer than
            a minute, and a database that can't be reached is given up soon.

    Raises:
        StoreError: The database can't be used, with the reason.
        ParameterError: The file of the keys lies among the fingerprints.
        OutputError: The data folder can't be made.
    """
    folder = settings.data_folder.absolute()
    with ExitStack() as stack:
        make_folder(folder)
        server = None
        if settings.database_url is None:
            server = stack.enter_context(_private(settings))
        else:
            with _owner_engine(settings) as owner, _begun(owner) as connection:
                require_current(connection)
        unit = stack.enter_context(_engine(*_address(settings, server, UNIT), patience=patience))
        # What is entered is seen to be alive by that; looking before it is one way more.
        service = stack.enter_context(
            _engine(*_address(settings, server, SERVICE), patience=patience, ping=False)
        )
        with Session(unit) as session:
            claim_key = session.scalars(select(ClaimKey.key)).one()
        held = None if keys is None else Held(Vault(folder / FINGERPRINTS, keys))
        address = _libpq(*_address(settings, server, UNIT))
        yield Store(folder, server, patience, held, unit, service, claim_key, address)


def upgrade_database(settings: Settings) -> None:
    """Bring the database that the settings name to the current version.

    Raises:
        StoreError: It can't be reached, or the login may not make roles.
    """
    if settings.database_url is None:
        with _private(settings):
            return
    with _owner_engine(settings) as owner, _begun(owner) as connection:
        upgrade(connection)


@contextmanager
def _private(settings: Settings) -> Iterator[PrivateServer]:
    """The private server, running and at this release's version."""
    folder = settings.data_folder.absolute()
    make_folder(folder)
    server = PrivateServer(folder / "database")
    with server.in_use():
        with _engine(server.url()) as owner, owner.begin() as connection:
            upgrade(connection)
        yield server


def _address(settings: Settings, server: PrivateServer | None, role: str) -> tuple[str, str | None]:
    """The URL to connect to, and the role to take there, if it isn't that of the URL."""
    if server is not None:
        return server.url(role), None
    if role == SERVICE and settings.service_database_url is not None:
        return settings.service_database_url.get_secret_value(), None
    return _secret_url(settings), role


def _libpq(url: str, role: str | None) -> tuple[str, str]:
    return url.replace("+psycopg:", ":", 1), "" if role is None else f"-c role={role}"


def _secret_url(settings: Settings) -> str:
    return "" if settings.database_url is None else settings.database_url.get_secret_value()


@contextmanager
def _engine(
    url: str, role: str | None = None, *, patience: float | None = None, ping: bool = True
) -> Iterator[Engine]:
    try:
        engine = create_engine(
            _with_driver(url),
            pool_pre_ping=ping,
            hide_parameters=True,
            pool_size=20,
            connect_args={} if patience is None else _SOON_LOST,
        )
    except ArgumentError:
        raise StoreError(
            "The database's URL must be like postgresql://user:password@host/database."
        ) from None
    first = [] if role is None else [f"SET SESSION ROLE {role}"]
    if patience is not None:
        first.append(f"SET lock_timeout = {math.ceil(patience * 1000)}")
        first.append(f"SET statement_timeout = {_LONGEST_SECONDS * 1000}")

    @event.listens_for(engine, "connect")
    def begin(connection: Any, _: object) -> None:
        for statement in first:
            connection.execute(statement)
        connection.commit()

    try:
        yield engine
    finally:
        engine.dispose()


def _with_driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


@contextmanager
def _owner_engine(settings: Settings) -> Iterator[Engine]:
    with _engine(_secret_url(settings)) as engine:
        yield engine


@contextmanager
def _begun(engine: Engine) -> Iterator[Connection]:
    try:
        connection = engine.connect()
    except OperationalError:
        raise _unreachable() from None
    with connection, connection.begin():
        yield connection


def _lost() -> StoreError:
    return StoreError(
        "The database was lost, or two changes were in each other's way. Do the same again: what "
        "was not done to its end was not done at all."
    )


def _unreachable() -> StoreError:
    return StoreError(
        "The database can't be reached; see that the server runs and that KINMATCH_DATABASE_URL "
        "names it, with its user and password."
    )
