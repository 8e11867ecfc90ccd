"""Finished batches are opened, checked by every rule, and taken in once or refused with reasons."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from people import (
    ONE,
    THREE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    receipt_for,
    sought,
    submit,
    take_back,
    write,
)
from sqlalchemy import Engine, event, func, select

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.envelope import write_envelope
from matcher.formats.identity import Identity
from matcher.formats.retirement import Retirement
from matcher.nightly.leaving import clear_away
from matcher.store import acceptance, batches
from matcher.store.database import Store
from matcher.store.models import AuditEntry, BatchRow, Envelope, Record
from matcher.store.retirements import retire

IDENTITIES = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}

Finished = Callable[..., tuple[UUID, Path]]


@pytest.fixture
def agreement(store: Store) -> Agreement:
    return add(store, draw_agreement(identities=[one.public for one in IDENTITIES.values()]))


@pytest.fixture
def finished(store: Store, agreement: Agreement, tmp_path: Path) -> Finished:
    """Seal people into an envelope, have it uploaded and finished; gives batch and file."""

    def made(number: int, *people: int, society: str = ONE, sender: str = ONE) -> tuple[UUID, Path]:
        batch = write(tmp_path / f"batch-{number}", agreement, sender, sought(*people))
        path = tmp_path / f"envelope-{number}"
        write_envelope(batch, path, identity=IDENTITIES[sender], agreement=agreement, number=number)
        return begun(store, agreement, society, path.stat().st_size, number), path

    return made


def begun(store: Store, agreement: Agreement, society: str, size: int, number: int) -> UUID:
    digest = f"sha256:{number:064x}"
    with store.as_society(society) as session:
        row = batches.register(
            session, society=society, agreement=agreement.agreement_id, digest=digest, size=size,
            on=TODAY, actor="tester",
        )  # fmt: skip
        batches.note_part(session, row.id, number=0, size=size, digest=digest, actor="tester")
        batches.finish(session, row.id, actor="tester")
        return row.id


def accept(store: Store, batch: UUID, path: Path, on: date = TODAY) -> str:
    return acceptance.accept(store, batch, path, identity=IDENTITIES["hub"], on=on, threads=1)


def problems(store: Store, batch: UUID) -> list[str]:
    with store.as_society(ONE) as session:
        return session.get_one(BatchRow, batch).problems


def count(store: Store, kind: type) -> int:
    with store.as_unit() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def test_an_envelope_is_taken_in_once(store: Store, finished: Finished) -> None:
    batch, path = finished(1, 1, 2)
    assert accept(store, batch, path) == "accepted"
    assert accept(store, batch, path) == "accepted"
    assert (count(store, Record), count(store, Envelope)) == (2, 1)
    assert store.fingerprints.ids() == {batch}


@pytest.mark.parametrize(("ceiling", "asked"), [(None, 0), (1.0, 1)])
def test_what_is_held_is_asked_for_only_where_there_is_a_ceiling(
    store: Store, tmp_path: Path, ceiling: float | None, asked: int
) -> None:
    agreement = add(store, draw_agreement(exposure_ceiling=ceiling))
    submit(store, write(tmp_path / "one", agreement, ONE, sought(1, 2)), agreement, ONE)
    path = write(tmp_path / "two", agreement, TWO, sought(3, 4))
    statements: list[str] = []

    def note(*about: Any) -> None:
        statements.append(about[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        submit(store, path, agreement, TWO)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    of_those_held = [one for one in statements if "batches.id IS DISTINCT FROM" in one]
    assert len(of_those_held) == asked


def test_what_is_held_under_another_key_epoch_is_nothing_beside_a_batch(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []

    def look(batch: Batch, _: Agreement, *, held: Iterable[Batch], **__: object) -> None:
        seen.extend((batch.header.society, len(one)) for one in held)

    monkeypatch.setattr(acceptance, "check_exposure", look)
    first = add(store, draw_agreement())
    submit(store, write(tmp_path / "old", first, ONE, sought(1, 2)), first, ONE)
    second = add(store, first.with_next_epoch(TODAY, overlap_days=30))
    submit(store, write(tmp_path / "new", second, ONE, sought(1, 2, 3)), second, ONE)
    submit(store, write(tmp_path / "beside", second, TWO, sought(4)), second, TWO)
    assert seen == [(TWO, 3)]


@pytest.mark.parametrize("place", [0, 0.1, 0.5, 0.9999])
def test_an_altered_envelope_is_refused_by_a_rule(
    store: Store, finished: Finished, place: float
) -> None:
    batch, path = finished(1, 1, 2)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    assert accept(store, batch, path) == "refused"
    assert accept(store, batch, path) == "refused"
    (problem,) = problems(store, batch)
    assert problem.startswith("The envelope")
    assert problem.endswith("]")
    assert str(path.parent) not in problem
    assert (count(store, Record), count(store, Envelope)) == (0, 0)
    assert store.fingerprints.ids() == set()
    with store.as_unit() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert list(actions).count("batch.refuse") == 1


def test_what_another_society_sealed_is_refused(store: Store, finished: Finished) -> None:
    batch, path = finished(1, 1, society=ONE, sender=TWO)
    assert accept(store, batch, path) == "refused"
    assert count(store, Record) == 0


@pytest.mark.parametrize("after", ["check_exposure", "_enter", "store_records"])
def test_a_crash_anywhere_is_made_good(
    store: Store, finished: Finished, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    batch, path = finished(1, 1, 2)
    original = getattr(acceptance, after)

    def killed(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(acceptance, after, killed)
    with pytest.raises(KeyboardInterrupt):
        accept(store, batch, path)
    monkeypatch.undo()
    assert count(store, Envelope) == 0
    assert accept(store, batch, path) == "accepted"
    assert (count(store, Record), count(store, Envelope)) == (2, 1)


def test_an_older_envelope_does_not_come_after_a_newer_one(
    store: Store, finished: Finished
) -> None:
    newer, older = finished(5, 1), finished(4, 2)
    assert accept(store, *newer) == "accepted"
    assert accept(store, *older) == "refused"
    assert "[replay]" in problems(store, older[0])[0]


def test_a_batch_withdrawn_while_it_was_checked_is_not_taken_in(
    store: Store, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, path = finished(1, 1)
    original = acceptance.check_exposure

    def meanwhile(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        take_back(store, batch)

    monkeypatch.setattr(acceptance, "check_exposure", meanwhile)
    assert accept(store, batch, path) == "withdrawn"
    assert (count(store, Record), count(store, Envelope)) == (0, 0)
    clear_away(store, TODAY)
    assert store.fingerprints.ids() == set()


def test_every_reason_is_told(store: Store, agreement: Agreement, tmp_path: Path) -> None:
    path = write(tmp_path / "batch", agreement, TWO, sought(1))
    batch = begun(store, agreement, ONE, 3, 1)
    receipt = receipt_for(store, agreement, ONE, "sha256:" + "ab" * 32)
    late = agreement.valid_until + timedelta(days=1)
    with path.open("rb") as file:
        content = read_batch(path, agreement)
        assert acceptance.take_in(store, batch, content, file, receipt, on=late) == "refused"
    told = problems(store, batch)
    assert len(told) >= 3
    assert "valid from" in told[0]
    assert "another society's" in told[-1]


def test_a_retired_epoch_is_opened_no_more_and_its_batches_leave(
    store: Store, agreement: Agreement, finished: Finished
) -> None:
    held, waiting = finished(1, 1), finished(2, 2)
    assert accept(store, *held) == "accepted"
    notice = Retirement(
        agreement_id=agreement.agreement_id, society=ONE, key_epoch=1, last_day=TODAY
    )
    for _ in range(2):
        with store.as_unit() as session:
            assert retire(session, notice, actor="tester") == 1
    clear_away(store, TODAY)
    assert store.fingerprints.ids() == {held[0]}
    tomorrow = TODAY + timedelta(days=1)
    assert accept(store, *waiting, on=tomorrow) == "refused"
    assert "[retired]" in problems(store, waiting[0])[0]
    clear_away(store, tomorrow)
    assert store.fingerprints.ids() == set()
    assert count(store, Record) == 0
