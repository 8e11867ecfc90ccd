"""Nights on end, in which submissions, nights and the database are killed at random points.

Afterwards every accepted record must have been compared exactly once with every other that it may
meet, no candidate may be lost or doubled, and the audit log must be whole. Run as a program:

    python tests/matcher/nightly/soak.py NIGHTS RECORDS_A_NIGHT SEED
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does, for `people`

from people import ONE, THREE, TODAY, TWO, add, draw_agreement, submit, write
from sqlalchemy import func, select, text

from matcher.formats.agreement import Agreement
from matcher.nightly.night import Limits, run_night
from matcher.settings import Settings
from matcher.store import audit
from matcher.store.database import Store, open_store
from matcher.store.models import CandidateRow, CandidateSide, Record, RunRow
from matcher.vault import StoreKeys

SOCIETIES = (ONE, TWO, THREE)
PASSPHRASE = "soak"  # noqa: S105  # of throwaway keys
LIMITS = Limits(10**12, 10**7)

DOUBLED = """
SELECT count(*) FROM (
  SELECT left_society, left_role, right_society, right_role,
    sum(left_rows::bigint * right_rows) AS compared
  FROM kinmatch.comparisons GROUP BY 1, 2, 3, 4
) AS done
JOIN LATERAL (SELECT count(*) FROM kinmatch.records
  WHERE society = left_society AND role = left_role) AS lefts ON true
JOIN LATERAL (SELECT count(*) FROM kinmatch.records
  WHERE society = right_society AND role = right_role) AS rights ON true
WHERE compared <> lefts.count * rights.count
"""


def the_agreement() -> Agreement:
    return draw_agreement(valid_until=date(2030, 1, 1), retention_days=1000)


def opened(folder: Path) -> tuple[Settings, StoreKeys]:
    settings = Settings.load(data_folder=folder)
    return settings, StoreKeys.open(settings.store_keys, PASSPHRASE)


def submit_all(folder: Path, night: int) -> None:
    """Submit every society's batch of a night; those that are in already are left."""
    with open_store(*opened(folder)) as store:
        for society in SOCIETIES:
            path = folder.parent / f"{night}-{society}.parquet"
            submit(store, path, the_agreement(), society, on=day(night))


def one_night(folder: Path, night: int) -> None:
    settings, keys = opened(folder)
    with open_store(settings, keys) as store:
        outcomes = run_night(store, on=day(night), limits=LIMITS, top=10, threads=1)
        if any(outcome.refused for outcome in outcomes):
            sys.exit(3)
        with store.as_unit() as session:
            audit.sign(session, audit.signing_key(settings.audit_key), settings.checkpoints)


def day(night: int) -> date:
    return TODAY + timedelta(days=night)


def write_batches(folder: Path, night: int, records: int, rng: random.Random) -> int:
    """Write each society's batch: new people each night, some of them in several societies."""
    pool = range(night * records, night * records + max(2, records // 2))
    written = 0
    for society in SOCIETIES:
        chosen = rng.sample(pool, min(len(pool), records // 3))
        people = [(person, rng.choice(("sought", "registered"))) for person in chosen]
        write(folder.parent / f"{night}-{society}.parquet", the_agreement(), society, people)
        written += len(people)
    return written


def until_done(folder: Path, what: str, night: int, rng: random.Random, kills: int) -> int:
    """Have a process do something, and kill it or its database at random; then let it be done."""
    killed, failed, longest = 0, 0, 3.0
    while True:
        begin = time.monotonic()
        process = subprocess.Popen([sys.executable, __file__, what, str(folder), str(night)])
        try:
            process.wait(rng.uniform(0, longest) if killed < kills else None)
        except subprocess.TimeoutExpired:
            killed += 1
            if rng.random() < 0.4:
                kill_database(folder)
            else:
                process.kill()
            process.wait()
        else:
            longest = max(1.0, time.monotonic() - begin)
        if process.returncode == 0:
            return killed
        failed += killed >= kills
        if failed > 2:
            raise SystemExit(f"{what} of night {night} ended with {process.returncode}")


def kill_database(folder: Path) -> None:
    with contextlib.suppress(OSError, ValueError, IndexError):  # it is not up yet, or down already
        pid = (folder / "database" / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGKILL)


def check(store: Store, settings: Settings, records: int) -> dict[str, int]:
    """Look at the store after all nights; what is wrong fails an assertion."""
    with store.as_unit() as session:
        assert session.scalar(select(func.count()).select_from(Record)) == records
        assert session.scalar(select(func.count()).where(Record.compared_in.is_(None))) == 0
        assert session.scalar(text(DOUBLED)) == 0
        states = set(session.scalars(select(RunRow.state)))
        assert states <= {"published", "abandoned"}
        key = audit.signing_key(settings.audit_key).public_key()
        verified = audit.verify(session, key, settings.checkpoints)
        assert verified.findings == ()
    found = candidates(store)
    run_night(store, on=day(0), limits=LIMITS, top=10, full=True)
    assert candidates(store) == found
    return {"candidates": len(found), "entries": verified.entries}


def candidates(store: Store) -> dict[bytes, tuple[float, int]]:
    with store.as_unit() as session:
        sides = session.scalar(select(func.count()).select_from(CandidateSide))
        rows = {row.id: (row.score, row.band) for row in session.scalars(select(CandidateRow))}
        assert sides == 2 * len(rows)
        return rows


def soak(nights: int, records: int, seed: int, kills: int = 3) -> dict[str, int]:
    """Soak a new store in a temporary folder.

    Returns:
        How often something was killed, and how many records, candidates and audit entries there
        are.
    """
    rng = random.Random(seed)  # noqa: S311  # no secret
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        folder = Path(name) / "data"
        settings = Settings.load(data_folder=folder)
        keys = StoreKeys.new(settings.store_keys, PASSPHRASE)
        with open_store(settings, keys) as store:
            add(store, the_agreement())
        killed = total = 0
        for night in range(nights):
            total += write_batches(folder, night, records, rng)
            for what in ("submit", "night"):
                killed += until_done(folder, what, night, rng, kills)
        with open_store(settings, keys) as store:
            told = check(store, settings, total)
    return {"killed": killed, "records": total, **told}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["submit", at, number]:
            submit_all(Path(at), int(number))
        case ["night", at, number]:
            one_night(Path(at), int(number))
        case [number, records, seed]:
            print(soak(int(number), int(records), int(seed)))  # noqa: T201  # the program's result
