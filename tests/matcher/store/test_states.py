"""Lives as tables, and changes of state: none without its audit entry, none skipped at once."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from people import ONE, TODAY, add, draw_agreement
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from matcher.formats.errors import StateError, StoreError
from matcher.store import audit, batches
from matcher.store.changing import LIVES, change, locked
from matcher.store.database import UNIT, Store
from matcher.store.models import AuditEntry, BatchRow
from matcher.store.states.lifecycle import Lifecycle


@pytest.mark.parametrize("life", LIVES.values(), ids=lambda life: life.name)
def test_every_state_is_reached_from_the_first(life: Lifecycle) -> None:
    reached, ahead = set(), {life.first}
    while ahead:
        reached |= ahead
        ahead = {after for (state, _), after in life.moves.items() if state in reached} - reached
    assert reached == set(life.states)


@pytest.mark.parametrize("life", LIVES.values(), ids=lambda life: life.name)
def test_what_is_not_in_the_table_cannot_happen(life: Lifecycle) -> None:
    for state in life.states:
        for event in life.events:
            if (state, event) in life.moves:
                assert life.after(state, event) == life.moves[state, event]
            else:
                with pytest.raises(StateError, match=state):
                    life.after(state, event)


@pytest.fixture
def batch(store: Store) -> UUID:
    agreement = add(store, draw_agreement())
    with store.as_society(ONE) as session:
        row = batches.register(
            session, society=ONE, agreement=agreement.agreement_id, digest="sha256:00", size=3,
            on=TODAY, actor="tester",
        )  # fmt: skip
        return row.id


def moves(store: Store) -> list[str]:
    with store.as_unit() as session:
        logged = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [one.action for one in logged if one.action.startswith("batch.")]


def test_a_change_that_is_undone_leaves_no_entry(store: Store, batch: UUID) -> None:
    def change_and_fail() -> None:
        with store.as_unit() as session:
            change(session, locked(session, BatchRow, batch), "receive")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert moves(store) == ["batch.register"]
    with store.as_unit() as session:
        assert session.get_one(BatchRow, batch).state == "registered"


def test_of_many_threads_one_does_it_and_the_others_are_told(store: Store, batch: UUID) -> None:
    together = threading.Barrier(12)

    def withdraw(_: int) -> bool:
        together.wait()
        try:
            with store.as_unit() as session:
                change(session, locked(session, BatchRow, batch), "withdraw")
        except StateError:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        done = list(pool.map(withdraw, range(12)))
    assert done.count(True) == 1
    assert moves(store) == ["batch.register", "batch.withdraw"]


def append_many(url: str, count: int) -> None:
    engine = create_engine(url)
    for number in range(count):
        with Session(engine) as session:
            audit.append(session, "test.count", f"number {number}")
            session.commit()
    engine.dispose()


def test_entries_of_many_processes_have_one_order_and_no_gap(
    store: Store, batch: UUID, tmp_path: Path
) -> None:
    assert store.server is not None
    with store.as_unit() as session:
        before = len(session.scalars(select(AuditEntry.number)).all())
    url = store.server.url(UNIT)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_many, args=(url, 25)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with store.as_unit() as session:
        numbers = session.scalars(select(AuditEntry.number).order_by(AuditEntry.number)).all()
        assert list(numbers) == list(range(1, before + 100 + 1))
        key = audit.signing_key(tmp_path / "key.pem").public_key()
        assert audit.verify(session, key, tmp_path / "none").findings == ()


def test_registering_the_same_content_again_is_the_same_batch(store: Store, batch: UUID) -> None:
    with store.as_society(ONE) as session:
        again = batches.register(
            session, society=ONE, agreement="ab" * 16, digest="sha256:00", size=3, on=TODAY,
            actor="tester",
        )  # fmt: skip
        assert again.id == batch
    assert moves(store) == ["batch.register"]


def test_parts_come_in_any_order_and_again_but_not_with_other_content(
    store: Store, batch: UUID
) -> None:
    with store.as_society(ONE) as session:
        batches.note_part(session, batch, number=1, size=2, digest="b", actor="tester")
        batches.note_part(session, batch, number=1, size=2, digest="b", actor="tester")
        with pytest.raises(StateError, match="another content"):
            batches.note_part(session, batch, number=1, size=2, digest="c", actor="tester")
        with pytest.raises(StateError, match="2 of 3 bytes"):
            batches.finish(session, batch, actor="tester")
        batches.note_part(session, batch, number=0, size=1, digest="a", actor="tester")
        assert batches.finish(session, batch, actor="tester").state == "validating"
        assert batches.finish(session, batch, actor="tester").state == "validating"
        with pytest.raises(StateError):
            batches.note_part(session, batch, number=2, size=1, digest="d", actor="tester")


def validating(store: Store, batch: UUID) -> None:
    with store.as_society(ONE) as session:
        batches.note_part(session, batch, number=0, size=3, digest="a", actor="tester")
        batches.finish(session, batch, actor="tester")


def test_a_batch_of_another_society_is_not_there(store: Store, batch: UUID) -> None:
    with pytest.raises(StoreError, match="no batch"), store.as_society("red-two") as session:
        batches.finish(session, batch, actor="tester")
