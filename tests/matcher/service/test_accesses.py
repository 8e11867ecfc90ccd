"""Looks that are noted: in order, once, and never shown where they can't be noted."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from matcher.formats.errors import ServiceError, StoreError
from matcher.service import accesses
from matcher.service.accesses import AccessLog
from matcher.store import audit
from matcher.store.database import Store
from matcher.store.models import AuditEntry


def look(number: int) -> audit.Access:
    return audit.Access("someone", None, "test.see", f"thing {number}", {"number": number})


def subjects(store: Store) -> list[str]:
    with store.as_unit() as session:
        return list(
            session.scalars(
                select(AuditEntry.subject)
                .where(AuditEntry.action == "test.see")
                .order_by(AuditEntry.number)
            )
        )


class Broken:
    """A store whose database is away, until it is back."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_away = True

    @contextmanager
    def as_unit(self) -> Iterator[Any]:
        """Begin a transaction, or fail."""
        if self.is_away:
            raise StoreError("The database is away.")
        with self.store.as_unit() as session:
            yield session


def test_looks_of_many_threads_are_all_there_and_the_log_is_whole(
    store: Store, tmp_path: Path
) -> None:
    log = AccessLog(store)
    log.start()
    together = threading.Barrier(8)

    def work(thread: int) -> None:
        together.wait()
        for number in range(50):
            log.note(look(thread * 50 + number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    with store.as_unit() as session:
        for number in range(20):  # others add to the log meanwhile
            audit.append(session, "test.do", f"thing {number}")
    for thread in threads:
        thread.join()
    log.stop()
    found = subjects(store)
    assert sorted(found) == sorted(f"thing {number}" for number in range(400))
    for thread in range(8):  # each thread's are in its order
        own = [one for one in found if int(one.split()[1]) // 50 == thread]
        assert own == [f"thing {thread * 50 + number}" for number in range(50)]
    with store.as_unit() as session:
        key = audit.signing_key(tmp_path / "key").public_key()
        assert audit.verify(session, key, tmp_path / "none").findings == ()


def test_nothing_is_lost_or_doubled_while_the_database_is_away(store: Store) -> None:
    broken = Broken(store)
    log = AccessLog(broken)  # type: ignore[arg-type]  # all that it uses of a store
    log.note(look(1))
    with pytest.raises(StoreError):
        log.write()
    log.note(look(2))
    broken.is_away = False
    log.write()
    log.write()
    assert subjects(store) == ["thing 1", "thing 2"]


def test_when_too_many_wait_nothing_more_is_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accesses, "MOST_WAITING", 3)
    log = AccessLog(store)
    for number in range(3):
        log.note(look(number))
    with pytest.raises(ServiceError) as refused:
        log.note(look(3))
    assert refused.value.code == "unavailable"
    log.write()
    log.note(look(4))
    log.write()
    assert subjects(store) == ["thing 0", "thing 1", "thing 2", "thing 4"]


def test_the_writer_goes_on_after_a_failure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "SECONDS", 0.01)
    broken = Broken(store)
    log = AccessLog(broken)  # type: ignore[arg-type]  # all that it uses of a store
    log.note(look(1))
    log.start()
    threading.Event().wait(0.1)
    broken.is_away = False
    for _ in range(500):
        if subjects(store):
            break
        threading.Event().wait(0.02)
    assert subjects(store) == ["thing 1"]
    log.stop()


def test_at_the_end_looks_wait_for_a_log_that_is_held(store: Store) -> None:
    broken = Broken(store)
    log = AccessLog(broken)  # type: ignore[arg-type]  # all of a store that it asks for
    log.note(look(1))
    threading.Timer(0.6, lambda: setattr(broken, "is_away", False)).start()
    log.stop()
    assert subjects(store) == ["thing 1"]
