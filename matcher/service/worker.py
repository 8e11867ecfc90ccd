"""The worker's process: it takes jobs until it is told to stop, and outlives its database."""

import asyncio
import contextlib
import signal
from typing import Final

import psycopg
from procrastinate import PsycopgConnector, exceptions

from matcher.formats.errors import StoreError
from matcher.service.jobs import DEAD_AFTER, Work, make_jobs
from matcher.store.jobs import QUEUE, SCHEMA, WORKERS, require_jobs, take_up

_CONCURRENCY: Final = 2
"""A night, and what societies send meanwhile."""

_POLL_SECONDS: Final = 5.0
_PAUSE: Final = 1.0


async def run_worker(work: Work) -> None:
    """Take jobs until SIGTERM or SIGINT; what is begun is finished, but for a night.

    A night ends after the tile it is at; the next worker goes on from there. When the database is
    lost, it is started again, or waited for.

    Raises:
        StoreError: The queue is another release's.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        work.stopping.set()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with work.store.as_unit() as session:
        require_jobs(session.connection())
    work.log.info("worker started")
    while not stopped.is_set():
        try:
            await _serve(work, stopped)
        except (StoreError, psycopg.OperationalError, exceptions.ConnectorException):
            work.log.warning("the database was lost")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), _PAUSE)
    work.log.info("worker stopped")


async def _serve(work: Work, stopped: asyncio.Event) -> None:
    """Take jobs for as long as the database is there."""
    address, options = work.store.unit_address
    settings = f"{options} -c search_path={SCHEMA}"
    alive = await asyncio.to_thread(_sign_of_life, work, address, options)
    with alive:
        connector = PsycopgConnector(
            conninfo=address, kwargs={"options": settings}, min_size=1, timeout=3
        )
        app = make_jobs(work, connector)
        async with app.open_async():
            taking = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=_CONCURRENCY,
                    fetch_job_polling_interval=_POLL_SECONDS,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    stalled_worker_timeout=DEAD_AFTER,
                )
            )
            waiting = asyncio.create_task(stopped.wait())
            await asyncio.wait({taking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            taking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await taking


def _sign_of_life(work: Work, address: str, options: str) -> psycopg.Connection:
    """Share the workers' lock for as long as the connection lives, which ends with the process.

    Who finds it free is alone, and takes up at once what dead workers had begun.
    """
    with work.store.as_unit():
        pass  # starts the private server again, if it was killed
    connection = psycopg.connect(address, options=options, autocommit=True)
    (alone,) = connection.execute("SELECT pg_try_advisory_lock(%s)", [WORKERS]).fetchone() or (0,)
    with work.store.as_unit() as session:
        take_up(session.connection(), alone=bool(alone), seconds=DEAD_AFTER)
    connection.execute("SELECT pg_advisory_lock_shared(%s)", [WORKERS])
    if alone:
        connection.execute("SELECT pg_advisory_unlock(%s)", [WORKERS])
    return connection
