"""Bringing the database to the version that this release knows, and back; by Alembic."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from matcher.formats.errors import StoreError
from matcher.store.jobs import make_jobs
from matcher.store.migrations.roles import ROLES
from matcher.store.models import SCHEMA

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6B696E6D  # any number that all releases agree on


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to a version; two processes that try at once do so one after the other.

    Args:
        connection: Of the tables' owner, in a transaction, which holds all or nothing of it.
        to: A revision; the newest by default.

    Raises:
        StoreError: The database is of a newer release, or the login may not make roles.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _refuse_newer(connection)
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    try:
        command.upgrade(_config(connection), to)
        make_jobs(connection)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        raise StoreError(
            "The database login may not make what kinmatch needs. It must own its database and "
            "have CREATEROLE, until the first upgrade is done."
        ) from None


def make_roles(connection: Connection) -> None:
    """Make the roles that a dump's rules are about, where a dump is to be loaded."""
    connection.execute(text(ROLES))


def downgrade(connection: Connection, to: str) -> None:
    """Take the database back to an older version, or with `base` to none at all.

    Args:
        connection: As for `upgrade`.
        to: A revision, or `base`.
    """
    command.downgrade(_config(connection), to)


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at, or None if it is empty."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def newest_revision() -> str | None:
    """The revision that this release knows as the newest."""
    return ScriptDirectory(str(_SCRIPTS)).get_current_head()


def require_current(connection: Connection) -> None:
    """Refuse a database that is not at this release's version.

    Raises:
        StoreError: It is empty, older or newer.
    """
    _refuse_newer(connection)
    if current_revision(connection) != newest_revision():
        raise StoreError(
            "The database is not at this release's version; run 'kinmatch config init' once, "
            "after a backup."
        )


def _refuse_newer(connection: Connection) -> None:
    found = current_revision(connection)
    known = {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            "The database was made by a newer release of kinmatch; install that one to use it."
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
