"""Nights on end, in which service, worker and database are killed at random points.

Afterwards every accepted record must have been compared exactly once with every other that it may
meet, no candidate may be lost or doubled, and the audit log must be whole. Run as a program:

    python tests/matcher/nightly/soak.py NIGHTS RECORDS_A_NIGHT SEED [RESULT.json]
"""

import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does
sys.path.insert(0, str(Path(__file__).parent))

from people import ONE, THREE, TWO, draw_agreement, write
from running_unit import Unit
from sqlalchemy import func, select, text

from matcher.formats.agreement import Agreement
from matcher.formats.envelope import write_envelope
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity
from matcher.nightly.night import Limits, run_night
from matcher.settings import Settings
from matcher.store import audit
from matcher.store.database import Store, open_store
from matcher.store.models import BatchRow, CandidateRow, CandidateSide, Record, RunRow

SOCIETIES = (ONE, TWO, THREE)
LIMITS = Limits(10**12, 10**8)

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


class Soak:
    """One soak: a linkage unit, three societies, and what kills at random."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)  # noqa: S311  # no secret
        self.unit = Unit(folder)
        self.today = datetime.now(UTC).date()  # envelopes are checked on the day they arrive
        self.identities = {name: Identity.generate(name) for name in (*SOCIETIES, "hub")}
        self.agreement = self._agreement()
        self.unit.set_up(self.agreement, self.identities["hub"])
        self.kills = dict.fromkeys(("service", "worker", "database"), 0)

    def _agreement(self) -> Agreement:
        return draw_agreement(
            valid_from=self.today - timedelta(days=1),
            valid_until=self.today + timedelta(days=1000),
            retention_days=900,
            identities=[one.public for one in self.identities.values()],
        )

    def write(self, night: int, records: int) -> dict[str, Path]:
        """Write each society's envelope: new people each night, some of them in several."""
        pool = range(night * records, night * records + max(2, records // 2))
        envelopes = {}
        for society in SOCIETIES:
            chosen = self.random.sample(pool, min(len(pool), records // 3))
            people = [(person, self.random.choice(("sought", "registered"))) for person in chosen]
            batch = write(self.folder / "batch", self.agreement, society, people)
            envelopes[society] = self.folder / f"{night}-{society}.envelope"
            write_envelope(
                batch, envelopes[society], identity=self.identities[society],
                agreement=self.agreement, number=night + 1,
            )  # fmt: skip
        return envelopes

    def night(self, night: int, store: Store, records: int, kills: int) -> None:
        """Have a night's batches sent and its night run, while things are killed."""
        envelopes = self.write(night, records)
        with self._killing(kills):
            states = [
                self.unit.submit(society, path, self.agreement)
                for society, path in envelopes.items()
            ]
        assert states == ["accepted"] * len(states), states
        with self._killing(kills):
            self.unit.night(store, self.day(night))
        for path in envelopes.values():
            path.unlink()

    def day(self, night: int) -> date:
        """The day of a night; few enough in all that no refinement has to be asked for again."""
        return self.today + timedelta(days=night // 5)

    @contextmanager
    def _killing(self, kills: int) -> Iterator[None]:
        """Kill so many things at random moments, within about the time that the block takes."""
        over = threading.Event()

        def kill() -> None:
            for _ in range(kills):
                if over.wait(self.random.uniform(0, 3)):
                    return
                what = self.random.choice(sorted(self.kills))
                self.kills[what] += 1
                {
                    "service": self.unit.serve.kill,
                    "worker": self.unit.work.kill,
                    "database": self.unit.kill_database,
                }[what]()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()


def check(store: Store, settings: Settings, records: int, on: date) -> dict[str, int]:
    """Look at the store after all nights; what is wrong fails an assertion."""
    with store.as_unit() as session:
        assert set(session.scalars(select(BatchRow.state))) == {"accepted"}
        assert session.scalar(select(func.count()).select_from(Record)) == records
        assert session.scalar(select(func.count()).where(Record.compared_in.is_(None))) == 0
        assert session.scalar(text(DOUBLED)) == 0
        states = set(session.scalars(select(RunRow.state)))
        assert states <= {"published", "abandoned"}
        key = audit.signing_key(settings.audit_key).public_key()
        verified = audit.verify(session, key, settings.checkpoints)
        assert verified.findings == ()
    found = candidates(store)
    run_night(store, on=on, limits=LIMITS, top=settings.top, full=True)
    assert candidates(store) == found
    return {"candidates": len(found), "entries": verified.entries}


def candidates(store: Store) -> dict[bytes, tuple[float, int]]:
    with store.as_unit() as session:
        sides = session.scalar(select(func.count()).select_from(CandidateSide))
        rows = {row.id: (row.score, row.band) for row in session.scalars(select(CandidateRow))}
        assert sides == 2 * len(rows)
        return rows


def soak(nights: int, records: int, seed: int, kills: int = 1) -> dict[str, object]:
    """Soak a new linkage unit in a temporary folder.

    Args:
        nights: How many.
        records: New records a night, of three societies together.
        seed: Of all that is random, but for when exactly a signal arrives.
        kills: At most so many while batches come in, and as many in the night itself.

    Returns:
        How often what was killed, and how many records, candidates and audit entries there are.
    """
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        one = Soak(folder, seed)
        settings = one.unit.settings
        with open_store(settings, one.unit.keys()) as store:
            with one.unit.running():
                for night in range(nights):
                    one.night(night, store, records, kills)
                    print(night, one.kills, round(time.monotonic() - begin), file=sys.stderr)  # noqa: T201  # progress
            told = check(store, settings, nights * 3 * (records // 3), one.day(nights))
    return {
        "nights": nights,
        "records": nights * 3 * (records // 3),
        **told,
        "killed": one.kills,
        "starts": {"service": one.unit.serve.starts, "worker": one.unit.work.starts},
        "seconds": round(time.monotonic() - begin),
    }


if __name__ == "__main__":
    outcome = soak(*map(int, sys.argv[1:4]))
    print(outcome)  # noqa: T201  # the program's result
    if len(sys.argv) > 4:
        with written_whole(Path(sys.argv[4])) as path:
            path.write_text(json.dumps(outcome, indent=1) + "\n")
