"""What the worker does: every kind of job, and when those come round that nobody asks for.

A job may run twice, be killed anywhere, or run in two workers at once: each looks at the store for
what is still to do, and the store's own rules keep the rest from harm.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from threading import Event
from typing import Any, Final
from uuid import UUID

import procrastinate
from procrastinate import RetryDecision
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy

from matcher.formats.errors import (
    AbsentError,
    IntegrityError,
    KinmatchError,
    OutputError,
    StateError,
    StoppedError,
    StoreError,
)
from matcher.formats.identity import Identity
from matcher.nightly.asking import Asking, ask_all
from matcher.nightly.night import Limits, Outcome, run_night
from matcher.nightly.weighing import weigh_answers
from matcher.service import uploads
from matcher.service.observing import Log, places_of
from matcher.settings import Settings
from matcher.store import acceptance, audit
from matcher.store.database import Store
from matcher.store.jobs import QUEUE, take_up
from matcher.store.journal import Journal
from matcher.store.keeping_up import catch_up

DEAD_AFTER: Final = 60
"""Seconds without a sign of life after which a worker counts as dead."""

_LONGEST_PAUSE: Final = 300
_MOST_ERRORS: Final = 3
# A night that nobody was there for is made up for when somebody is, for most of a day.
_LATEST: Final = 20 * 3600
_EVERY_MINUTE: Final = "* * * * *"
_EVERY_HOUR: Final = "30 * * * *"


@dataclass(frozen=True, repr=False)
class Work:
    """What the jobs work with.

    Attributes:
        store: The linkage unit's store, with its keys.
        settings: As the operator set them.
        identity: The linkage unit's, which opens envelopes.
        log: Where it is told what was done.
        stopping: Set when the worker is to end; a night then ends after the tile it is at.
        clock: Tells the time, in UTC.
    """

    store: Store
    settings: Settings
    identity: Identity
    log: Log
    stopping: Event
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def today(self) -> date:
        """The day, in UTC."""
        return self.clock().date()


class _Again(BaseRetryStrategy):
    """Tries again where something was in the way that passes: a disk, a database, another night."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, StoppedError):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, StoreError | StateError | OutputError | _FailedError):
            return RetryDecision(
                retry_in={"seconds": min(_LONGEST_PAUSE, 2 ** min(job.attempts, 10))}
            )
        return None


class _FailedError(Exception):
    """An error of ours; what it said, which may hold a value, is left behind."""


def make_jobs(work: Work, connector: procrastinate.PsycopgConnector) -> procrastinate.App:
    """Give the worker's jobs.

    Args:
        work: What they work with.
        connector: To the queue.
    """
    app = procrastinate.App(connector=connector, periodic_defaults={"max_delay": _LATEST})

    def task(name: str, lock: str | None = None) -> Callable[[Callable[..., None]], Any]:
        return app.task(name=name, queue=QUEUE, lock=lock, retry=_Again(), pass_context=True)

    @task("validate")
    def validate(context: procrastinate.JobContext, *, batch: str) -> None:
        _validate(work, UUID(batch), context.job.attempts)

    @task("night", lock="night")
    def night(_: procrastinate.JobContext, *, timestamp: int) -> None:
        _night(work, datetime.fromtimestamp(timestamp, UTC).date())

    if work.settings.night_hour != "never":
        app.periodic(cron=f"0 {work.settings.night_hour} * * *")(night)

    @app.periodic(cron=_EVERY_HOUR)
    @task("refine", lock="refine")
    def refine(_: procrastinate.JobContext, **__: int) -> None:
        _guarded(work, "refine", lambda: _refine(work))

    @app.periodic(cron=_EVERY_MINUTE)
    @task("tidy", lock="tidy")
    def tidy(_: procrastinate.JobContext, **__: int) -> None:
        _guarded(work, "tidy", lambda: _tidy(work))

    @app.periodic(cron=_EVERY_HOUR)
    @task("sign", lock="sign")
    def sign(_: procrastinate.JobContext, **__: int) -> None:
        _guarded(work, "sign", lambda: _sign(work))

    return app


def _guarded(work: Work, name: str, action: Callable[[], None]) -> None:
    """Do a job's work; an error that is not foreseen is told by its places alone."""
    try:
        action()
    except KinmatchError:
        raise
    except Exception as error:
        _report(work.log, name, error)
        raise _FailedError(name) from None


def _report(log: Log, name: str, error: Exception) -> None:
    log.error("job failed", job=name, error=type(error).__name__, at=places_of(error))


def _validate(work: Work, batch: UUID, attempts: int) -> None:
    try:
        _guarded(work, "validate", lambda: _accept(work, batch))
    except AbsentError:
        return  # the database is another one than when the job was made
    except _FailedError:
        if attempts + 1 < _MOST_ERRORS:
            raise
        acceptance.refuse(
            work.store,
            batch,
            [
                "An error in kinmatch itself kept the linkage unit from checking the batch. Tell "
                "its operator, and send the batch again when they say so."
            ],
        )


def _accept(work: Work, batch: UUID) -> None:
    try:
        envelope = uploads.assembled(work.store, batch)
    except IntegrityError as error:
        state = acceptance.refuse(work.store, batch, [str(error)])
    else:
        state = acceptance.accept(
            work.store, batch, envelope, identity=work.identity, on=work.today,
            threads=work.settings.threads,
        )  # fmt: skip
    uploads.clear(work.store, batch)
    work.log.info("batch validated", batch=str(batch), state=state)


def _night(work: Work, on: date) -> None:
    def go() -> None:
        catch_up(work.store, Journal(work.settings.protection_journal))
        outcomes = run_night(
            work.store,
            on=on,
            limits=Limits(work.settings.most_pairs, work.settings.most_candidates),
            top=work.settings.top,
            threads=work.settings.threads,
            stopping=work.stopping.is_set,
        )
        for one in outcomes:
            _tell(work.log, one)
        _sign(work)

    _guarded(work, "night", go)


def _tell(log: Log, outcome: Outcome) -> None:
    if outcome.refused is None:
        log.info("night published", candidates=outcome.candidates, **outcome.plan)
    else:
        log.error("night refused", why=outcome.refused, **outcome.plan)


def _refine(work: Work) -> None:
    """Weigh what was answered, and ask about what is new; a trigger of the database asks for it."""
    weighed = weigh_answers(work.store, work.identity, on=work.today)
    if weighed.refinements:
        work.log.info("answers weighed", **asdict(weighed))
    asking = Asking(work.settings.refine_from, work.settings.refine_days)
    asked = ask_all(work.store, work.identity, on=work.today, asking=asking)
    if asked:
        work.log.info("societies asked", candidates=asked)


def _tidy(work: Work) -> None:
    with work.store.as_unit() as session:
        take_up(session.connection(), alone=False, seconds=DEAD_AFTER)
    uploads.clear_leftovers(work.store)


def _sign(work: Work) -> None:
    with work.store.as_unit() as session:
        key = audit.signing_key(work.settings.audit_key)
        audit.sign(session, key, work.settings.checkpoints)
