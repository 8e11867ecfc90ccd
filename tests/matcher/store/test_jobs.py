"""The queue: jobs of finished batches, of workers that died, and of queues that are gone."""

import json
from uuid import UUID

import psycopg
import pytest
from people import ONE, TODAY, add, draw_agreement
from sqlalchemy import create_engine, text

from matcher.formats.errors import StoreError
from matcher.store import batches
from matcher.store.database import Store
from matcher.store.jobs import SCHEMA, make_jobs, require_jobs, take_up


@pytest.fixture
def finished(store: Store) -> UUID:
    add(store, draw_agreement())
    with store.as_society(ONE) as session:
        row = batches.register(
            session, society=ONE, agreement="ab" * 16, digest="sha256:00", size=3, on=TODAY,
            actor="tester",
        )  # fmt: skip
        batches.note_part(session, row.id, number=0, size=3, digest="a", actor="tester")
        for _ in range(2):
            batches.finish(session, row.id, actor="tester")
        return row.id


def jobs(store: Store) -> list[tuple[str, str]]:
    query = "SELECT args ->> 'batch', status::text FROM procrastinate_jobs ORDER BY id"
    with store.as_unit() as session:
        session.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
        return [(row[0], row[1]) for row in session.execute(text(query))]


def change(store: Store, statement: str) -> None:
    with store.as_unit() as session:
        session.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
        session.execute(text(statement))


def look_after(store: Store, *, alone: bool) -> None:
    with store.as_unit() as session:
        take_up(session.connection(), alone=alone, seconds=60)


def test_a_finished_batch_has_one_job(store: Store, finished: UUID) -> None:
    assert jobs(store) == [(str(finished), "todo")]
    look_after(store, alone=True)
    assert jobs(store) == [(str(finished), "todo")]


def test_a_lost_job_is_made_again(store: Store, finished: UUID) -> None:
    change(store, "DELETE FROM procrastinate_jobs")
    look_after(store, alone=False)
    assert jobs(store) == [(str(finished), "todo")]


def test_workers_are_told_that_a_jobs_lock_is_free(store: Store, finished: UUID) -> None:
    address, options = store.unit_address
    with psycopg.connect(address, options=options, autocommit=True) as listening:
        listening.execute('LISTEN "procrastinate_queue_v1#kinmatch"')
        change(store, "DELETE FROM procrastinate_jobs")
        told = [one.payload for one in listening.notifies(timeout=5, stop_after=1)]
    assert [json.loads(one)["type"] for one in told] == ["job_inserted"]


@pytest.mark.parametrize(
    ("heartbeat", "alone", "after"),
    [
        ("now()", False, "doing"),
        ("now()", True, "todo"),
        ("now() - interval '1 hour'", False, "todo"),
    ],
)
def test_what_a_dead_worker_began_is_taken_up(
    store: Store, finished: UUID, heartbeat: str, alone: bool, after: str
) -> None:
    change(store, f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES ({heartbeat})")  # noqa: S608  # ours
    change(
        store,
        "UPDATE procrastinate_jobs SET status = 'doing',"
        " worker_id = (SELECT max(id) FROM procrastinate_workers)",
    )
    look_after(store, alone=alone)
    assert jobs(store) == [(str(finished), after)]


def test_another_releases_queue_is_made_anew(store: Store, finished: UUID) -> None:
    assert store.server is not None
    engine = create_engine(store.server.url())
    with engine.begin() as connection:
        connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS 'older'"))
        with pytest.raises(StoreError, match="config init"):
            require_jobs(connection)
        make_jobs(connection)
        require_jobs(connection)
    engine.dispose()
    assert jobs(store) == []
    look_after(store, alone=True)
    assert jobs(store) == [(str(finished), "todo")]
