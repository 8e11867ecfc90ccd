"""The queue of the worker's jobs, in a schema of its own in the same database.

A job says only that something is to be done; what is to be done stands in the store's tables, and
every job looks there first. So the queue is no data: it is in no backup, it is made by
Procrastinate's own script, and made anew when a release brings another one.
"""

import hashlib
from typing import Final

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from matcher.formats.errors import StoreError

SCHEMA: Final = "kinmatch_jobs"
"""The schema; Procrastinate finds it by the connection's search path."""

QUEUE: Final = "kinmatch"
WORKERS: Final = 0x6B696E6D776F726B
"""The advisory lock that every worker shares for as long as it lives."""

_GRANTS = f"""
GRANT USAGE ON SCHEMA {SCHEMA} TO kinmatch_unit;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO kinmatch_unit;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO kinmatch_unit;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO kinmatch_unit;
"""

# A job that waited for another one's lock is told of when that one is over. Procrastinate tells of
# new jobs alone, so it would lie until a worker looks by itself.
_WAKE = f"""
CREATE FUNCTION {SCHEMA}.job_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(
    'procrastinate_queue_v1#' || OLD.queue_name,
    json_build_object('type', 'job_inserted', 'job_id', OLD.id)::text
  );
  RETURN NULL;
END $$;
CREATE TRIGGER job_over AFTER DELETE ON {SCHEMA}.procrastinate_jobs FOR EACH ROW
WHEN (OLD.lock IS NOT NULL) EXECUTE FUNCTION {SCHEMA}.job_over();
"""

# A finished batch without a job: its job was lost with an older queue.
_REQUEUE = text(f"""
INSERT INTO {SCHEMA}.procrastinate_jobs (queue_name, task_name, lock, args)
SELECT '{QUEUE}', 'validate', 'validate ' || agreement || ' ' || society,
  jsonb_build_object('batch', id)
FROM kinmatch.batches AS batch
WHERE state = 'validating' AND NOT EXISTS (
  SELECT FROM {SCHEMA}.procrastinate_jobs AS job
  WHERE job.task_name = 'validate' AND job.args ->> 'batch' = batch.id::text
    AND job.status IN ('todo', 'doing')
)
ORDER BY changed_at
""")  # noqa: S608  # nothing in it is anybody's input

_ORPHANS = f"""
UPDATE {SCHEMA}.procrastinate_jobs AS job
SET status = 'todo', attempts = attempts + 1, worker_id = NULL, scheduled_at = NULL
WHERE status = 'doing' AND (:all OR NOT EXISTS (
  SELECT FROM {SCHEMA}.procrastinate_workers AS worker
  WHERE worker.id = job.worker_id AND last_heartbeat > now() - make_interval(secs => :seconds)
))
"""  # noqa: S608  # the same


def make_jobs(connection: Connection) -> None:
    """Make the queue, or make it anew where it is another release's.

    Args:
        connection: Of the database's owner, in a transaction.
    """
    if _made_by(connection) == _digest():
        return
    # The comment says which script made it.
    for statement in (
        f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
        f"CREATE SCHEMA {SCHEMA}",
        f"COMMENT ON SCHEMA {SCHEMA} IS '{_digest()}'",
        f"SET LOCAL search_path = {SCHEMA}",
        SchemaManager.get_schema(),
        "SET LOCAL search_path TO DEFAULT",
        _WAKE,
        _GRANTS,
    ):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def require_jobs(connection: Connection) -> None:
    """Refuse a database whose queue is another release's.

    Raises:
        StoreError: It is.
    """
    if _made_by(connection) != _digest():
        raise StoreError(
            "The database's queue of jobs is not this release's; stop all workers and run "
            "'kinmatch config init' once."
        )


def _made_by(connection: Connection) -> str | None:
    found: str | None = connection.scalar(
        text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name"),
        {"name": SCHEMA},
    )
    return found


def _digest() -> str:
    script = SchemaManager.get_schema() + _WAKE + _GRANTS
    return "sha256:" + hashlib.sha256(script.encode()).hexdigest()


def take_up(connection: Connection, *, alone: bool, seconds: int) -> None:
    """Put jobs back into the queue that nobody works on any more, and jobs that were lost.

    Args:
        connection: A transaction of the unit's.
        alone: Whether no other worker is alive, so that all that are begun are nobody's.
        seconds: After how long without a sign of life a worker counts as dead.
    """
    connection.execute(text(f"SET LOCAL search_path = {SCHEMA}"))  # for the queue's own triggers
    connection.execute(text(_ORPHANS), {"all": alone, "seconds": seconds})
    connection.execute(_REQUEUE)
