"""The database's versions: up and down with data in it, and alike with the models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from people import ONE, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import Engine, create_engine, text

from matcher.formats.errors import StoreError
from matcher.store import audit
from matcher.store.database import Store
from matcher.store.migrating import (
    current_revision,
    downgrade,
    newest_revision,
    require_current,
    upgrade,
)
from matcher.store.models import SCHEMA, Table


@pytest.fixture
def owner(store: Store) -> Iterator[Engine]:
    assert store.server is not None
    engine = create_engine(store.server.url())
    yield engine
    engine.dispose()


def test_the_newest_version_is_what_the_models_say(owner: Engine) -> None:
    with owner.begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table_schema": SCHEMA,
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
                "compare_server_default": False,
            },
        )
        assert compare_metadata(context, Table.metadata) == []


def test_down_and_up_again_with_data(store: Store, owner: Engine, tmp_path: Path) -> None:
    agreement = add(store, draw_agreement())
    for society, people in ((ONE, sought(1)), (TWO, registered(1))):
        submit(store, write(tmp_path / society, agreement, society, people), agreement, society)
    with owner.begin() as connection:
        downgrade(connection, "0001")
        assert current_revision(connection) == "0001"
        assert connection.scalar(text("SELECT count(*) FROM kinmatch.batches")) == 2
        upgrade(connection)
        assert current_revision(connection) == newest_revision()
    with store.as_unit() as session:
        assert session.scalar(text("SELECT count(*) FROM kinmatch.records")) == 2
        audit.append(session, "test", "thing")
        key = audit.signing_key(tmp_path / "key").public_key()
        assert audit.verify(session, key, tmp_path / "none").findings == ()


def test_down_to_nothing(owner: Engine) -> None:
    with owner.begin() as connection:
        downgrade(connection, "base")
        left = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'kinmatch'")
        ).all()
        assert left == ["alembic_version"]
        assert (
            connection.scalar(
                text("SELECT count(*) FROM pg_proc WHERE pronamespace = 'kinmatch'::regnamespace")
            )
            == 0
        )
        with pytest.raises(StoreError, match="config init"):
            require_current(connection)
        upgrade(connection)
        require_current(connection)


def test_a_newer_releases_database_is_left_alone(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE kinmatch.alembic_version SET version_num = '9999'"))
        for look in (upgrade, require_current):
            with pytest.raises(StoreError, match="newer release"):
                look(connection)
