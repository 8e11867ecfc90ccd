"""A breach that is found late: what was within reach and is destroyed since counts too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from people import ONE, TODAY, TWO, add, draw_agreement, notice_of, send, sought

from matcher.protection.breach import Incident, inventory
from matcher.store.database import Store
from matcher.store.journal import Journal
from matcher.store.keeping_up import enter

AGREEMENT = "ab" * 16
LATER = TODAY + timedelta(days=30)


def test_what_was_deleted_since_was_within_reach_too(store: Store, tmp_path: Path) -> None:
    agreement = add(store, draw_agreement())
    send(store, tmp_path, agreement, ONE, sought(1, 2, 3))
    start = datetime.now(UTC).date() - timedelta(days=1)
    end = max(start, LATER)
    notice = notice_of(agreement, ONE, 2, kind="delete")
    enter(store, Journal(tmp_path / "journal"), notice, on=TODAY)
    for kind, subject, gone in (
        ("society", ONE, 1), ("machine", "linkage-unit", 1), ("key", AGREEMENT, 1),
        ("key", "store", 1), ("society", TWO, 0),
    ):  # fmt: skip
        with store.as_unit() as session:
            found = inventory(session, Incident(kind, subject, start, end))  # type: ignore[arg-type]  # by name
        assert sum(one.gone for one in found.societies) == gone
    with store.as_unit() as session:
        later = end + timedelta(days=400)
        found = inventory(session, Incident("society", ONE, later, later))
    assert sum(one.gone for one in found.societies) == 0
