"""Notices applied: what leaves matching and every list, what comes again, and what a restore knows.

Nights over real batches in a real database; the journal is a real file.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from people import (
    ONE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    notice_of,
    record_key,
    reference,
    registered,
    send,
    sought,
)
from sqlalchemy import func, select

from matcher.formats.agreement import Agreement
from matcher.formats.errors import IntegrityError, StateError
from matcher.formats.notices import Notice
from matcher.nightly.night import Limits, run_night
from matcher.store import listings
from matcher.store.database import Store
from matcher.store.journal import Journal
from matcher.store.keeping_up import Applied, catch_up, enter
from matcher.store.models import CandidateRow, CandidateSide, Hold, NoticeRow, Record

Tell = Callable[..., Applied]


@pytest.fixture
def agreement(store: Store) -> Agreement:
    return add(store, draw_agreement())


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def given(store: Store, agreement: Agreement, tmp_path: Path) -> Callable[..., UUID]:
    def submitted(society: str, people: list[tuple[int, str]], **rest: object) -> UUID:
        return send(store, tmp_path, agreement, society, people, **rest)

    return submitted


@pytest.fixture
def tell(store: Store, agreement: Agreement, journal: Journal) -> Tell:
    numbers = iter(range(1, 1000))

    def told(kind: str, society: str, *people: int, on: date = TODAY, **rest: Any) -> Applied:
        number = rest.pop("number", None) or next(numbers)
        notice = notice_of(agreement, society, *people, kind=kind, number=number, on=on, **rest)
        return enter(store, journal, notice, on=on)

    return told


def night(store: Store, on: date = TODAY) -> None:
    outcomes = run_night(store, on=on, limits=Limits(10**9, 10**6), top=10, threads=1)
    assert not [one.refused for one in outcomes if one.refused]


def shown(store: Store, society: str, on: date = TODAY) -> set[bytes]:
    """The society's own records of which it is shown candidates."""
    with store.as_society(society) as session:
        return {
            one.reference
            for one in listings.page(session, society=society, until=on, on=on, count=100)
        }


def one(*people: int) -> set[bytes]:
    return {reference(ONE, person) for person in people}


@pytest.fixture
def met(store: Store, given: Callable[..., UUID]) -> None:
    """Three people who are sought by one society and registered by another, and found."""
    given(ONE, sought(1, 2, 3))
    given(TWO, registered(1, 2, 3))
    night(store)
    assert shown(store, ONE) == one(1, 2, 3)


@pytest.mark.usefixtures("met")
def test_a_suspended_record_leaves_every_list_at_once_and_comes_back_when_it_is_resumed(
    store: Store, tell: Tell
) -> None:
    applied = tell("suspend", TWO, 1)
    assert (applied.records, applied.again) == (1, False)
    assert shown(store, ONE) == one(2, 3)
    assert shown(store, TWO) == {reference(TWO, 2), reference(TWO, 3)}
    night(store)
    assert shown(store, ONE) == one(2, 3)
    tell("resume", TWO, 1)
    assert shown(store, ONE) == one(2, 3)
    night(store)
    assert shown(store, ONE) == one(1, 2, 3)


def test_a_suspended_record_is_never_compared(
    store: Store, given: Callable[..., UUID], tell: Tell
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))
    tell("suspend", ONE, 1)
    night(store)
    with store.as_unit() as session:
        taken = session.scalars(select(Record.reference).where(Record.taken_in.is_not(None))).all()
        assert set(taken) == {reference(ONE, 2), reference(TWO, 1), reference(TWO, 2)}
        assert session.scalar(select(func.count()).select_from(CandidateRow)) == 1


@pytest.mark.usefixtures("met")
@pytest.mark.parametrize(("kind", "state"), [("withdraw", "withdrawn"), ("delete", "deleted")])
def test_of_what_is_taken_back_nothing_is_left(
    store: Store, tell: Tell, kind: str, state: str
) -> None:
    tell(kind, ONE, 2)
    assert shown(store, TWO) == {reference(TWO, 1), reference(TWO, 3)}
    with store.as_unit() as session:
        assert reference(ONE, 2) not in session.scalars(select(Record.reference)).all()
        assert session.scalar(select(func.count()).select_from(CandidateSide)) == 4
        (hold,) = session.scalars(select(Hold)).all()
        assert (hold.handle, hold.state) == (record_key(ONE, 2), state)
    night(store)
    assert shown(store, ONE) == one(1, 3)


@pytest.mark.usefixtures("met")
def test_a_deleted_record_stays_deleted_under_any_reference(
    store: Store, given: Callable[..., UUID], tell: Tell, agreement: Agreement
) -> None:
    tell("delete", ONE, 2)
    again = given(ONE, sought(2, 4), edition=" again", on=TODAY + timedelta(days=1))
    with store.as_unit() as session:
        left = session.scalars(select(Record.reference).where(Record.batch_id == again)).all()
        assert left == [reference(ONE, 4, " again")]
    night(store, TODAY + timedelta(days=1))
    assert shown(store, ONE) == one(1, 3)
    content = store.fingerprints.open(again, agreement)
    assert content.has_mark.sum() == 1
    _, present = content.fingerprints("name_birth")
    assert present.sum() == 1
    with pytest.raises(StateError, match="deleted"):
        tell("resume", ONE, 2)


@pytest.mark.usefixtures("met")
def test_a_withdrawn_record_comes_back_only_once_it_is_resumed(
    store: Store, given: Callable[..., UUID], tell: Tell
) -> None:
    tell("withdraw", ONE, 2)
    given(ONE, sought(2), edition=" again")
    night(store)
    assert shown(store, ONE) == one(1, 3)
    tell("resume", ONE, 2)
    given(ONE, sought(2), edition=" and again")
    night(store)
    assert shown(store, ONE) == {*one(1, 3), reference(ONE, 2, " and again")}


@pytest.mark.usefixtures("met")
def test_a_suspended_record_is_suspended_in_its_next_batch_too(
    store: Store, given: Callable[..., UUID], tell: Tell
) -> None:
    tell("suspend", ONE, 2)
    given(ONE, sought(2), edition=" again")
    night(store)
    assert shown(store, ONE) == one(1, 3)
    tell("resume", ONE, 2)
    night(store)
    assert shown(store, ONE) == {*one(1, 2, 3), reference(ONE, 2, " again")}


def test_what_is_due_for_review_leaves_the_same_night_and_renewed_it_comes_back(
    store: Store, given: Callable[..., UUID], tell: Tell
) -> None:
    due = TODAY + timedelta(days=5)
    given(ONE, sought(1, 2), review_on={1: due})
    given(TWO, registered(1, 2))
    night(store)
    night(store, due - timedelta(days=1))
    assert shown(store, ONE, due - timedelta(days=1)) == one(1, 2)
    assert shown(store, ONE, due) == one(2)
    night(store, due)
    assert shown(store, ONE, due) == one(2)
    tell("renew", ONE, 1, on=due, review_on=due)
    night(store, due)
    assert shown(store, ONE, due) == one(2)
    tell("renew", ONE, 1, on=due, review_on=due + timedelta(days=3))
    night(store, due)
    assert shown(store, ONE, due) == one(1, 2)


def test_who_is_suspended_supports_nobody_of_the_case(
    store: Store, given: Callable[..., UUID], tell: Tell
) -> None:
    people = [(1, "sought"), (2, "kin")]
    given(ONE, people, family={1: "son", 2: "father"}, noise={1: 0.12})
    given(TWO, [(1, "registered"), (2, "kin")], family={1: "son", 2: "father"}, noise={1: 0.12})
    night(store)

    def kin() -> list[float | None]:
        with store.as_unit() as session:
            return list(session.scalars(select(CandidateSide.kin)))

    assert len(kin()) == 2
    assert all(kin())
    tell("suspend", TWO, 2)
    night(store)
    assert kin() == [None, None]


def test_a_notice_is_applied_once_and_an_older_one_never(
    store: Store, given: Callable[..., UUID], tell: Tell
) -> None:
    given(ONE, sought(1))
    tell("suspend", ONE, 1, number=5)
    again = tell("suspend", ONE, 1, number=5)
    assert (again.number, again.again) == (1, True)
    with pytest.raises(StateError, match="not newer than 5"):
        tell("resume", ONE, 1, number=5)
    with pytest.raises(StateError, match="not newer than 5"):
        tell("resume", ONE, 1, number=4)
    with store.as_unit() as session:
        assert session.scalar(select(func.count()).select_from(NoticeRow)) == 1
    with store.as_society(TWO) as session:
        assert session.scalar(select(func.count()).select_from(NoticeRow)) == 0


def test_a_notice_names_records_by_reference_too(
    store: Store, agreement: Agreement, given: Callable[..., UUID], journal: Journal
) -> None:
    given(ONE, sought(1, 2))
    notice = Notice(
        agreement_id=agreement.agreement_id, society=ONE, number=1, kind="delete", on=TODAY,
        references=(reference(ONE, 1).hex(),),
    )  # fmt: skip
    assert enter(store, journal, notice, on=TODAY).records == 1
    batch = given(ONE, sought(1, 3))
    with store.as_unit() as session:
        left = session.scalars(select(Record.reference).where(Record.batch_id == batch)).all()
    assert left == [reference(ONE, 3)]


def test_another_society_s_key_does_nothing(
    store: Store, agreement: Agreement, given: Callable[..., UUID], journal: Journal
) -> None:
    given(ONE, sought(1))
    notice = Notice(
        agreement_id=agreement.agreement_id, society=TWO, number=1, kind="delete", on=TODAY,
        keys=(record_key(ONE, 1).hex(),), references=(reference(ONE, 1).hex(),),
    )  # fmt: skip
    assert enter(store, journal, notice, on=TODAY).records == 0
    with store.as_unit() as session:
        assert session.scalar(select(func.count()).select_from(Record)) == 1


@pytest.mark.usefixtures("met")
def test_what_the_journal_holds_and_the_store_does_not_is_caught_up(
    store: Store, tell: Tell, journal: Journal
) -> None:
    tell("suspend", ONE, 1)
    tell("delete", ONE, 2)
    assert catch_up(store, journal) == 0
    line = journal.path.read_bytes().splitlines(keepends=True)
    with store.as_unit() as session:
        for table in (Hold, NoticeRow):
            for row in session.scalars(select(table)):
                session.delete(row)
            session.flush()
    journal.path.write_bytes(b"".join(line) + b'{"cut off')
    assert catch_up(store, journal) == 2
    assert shown(store, ONE) == one(3)
    assert tell("resume", ONE, 1).number == 3
    assert [entry.number for entry in journal.entries()] == [1, 2, 3]


@pytest.mark.usefixtures("met")
@pytest.mark.parametrize("harm", ["lost", "older", "altered", "swapped"])
def test_a_journal_that_is_not_the_store_s_is_refused(
    store: Store, tell: Tell, journal: Journal, harm: str
) -> None:
    for person in (1, 2, 3):
        tell("suspend", ONE, person)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(
        {
            "lost": b"",
            "older": b"".join(lines[:2]),
            "altered": lines[0].replace(b"suspend", b"renewed", 1) + b"".join(lines[1:]),
            "swapped": lines[0] + lines[2] + lines[1],
        }[harm]
    )
    with pytest.raises(IntegrityError, match="newest copy"):
        catch_up(store, journal)
    with pytest.raises(IntegrityError):
        tell("resume", ONE, 1)
