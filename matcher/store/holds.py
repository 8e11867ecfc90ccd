"""What societies' notices do to the records that are here, and to those that come again.

A notice suspends, resumes, withdraws, deletes or renews records; what holds of a record is in
`matcher.store.states.holds`. A record that is barred leaves matching and every list in the
transaction that bars it; of one that is withdrawn or deleted, the row goes with all that was made
of it, and `matcher.protection.deletion` then destroys its fingerprints. Every notice is in the
journal before it is applied, so that a restored store is told of it too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.errors import IntegrityError, StateError
from matcher.formats.marks import marks_of
from matcher.formats.notices import Notice
from matcher.store import audit, barring
from matcher.store.batches import lock_agreement
from matcher.store.database import Store
from matcher.store.journal import Entry, Journal
from matcher.store.models import BatchRow, Hold, NoticeRow
from matcher.store.states.holds import GONE, HOLD

Handle = tuple[bool, bytes]
"""Whether it is a record key, or else a reference; and its bytes."""

RESTORED: Final = "deletion.survives-restore"
"""The rule by which a restored store is told of what societies have asked since."""

_MANY: Final = 5_000  # handles a statement


@dataclass(frozen=True)
class Applied:
    """What a notice did.

    Attributes:
        number: Its entry in the journal.
        kind: Its kind.
        records: How many rows it was about here; a record may have one in each key epoch, and
            none if it is not here now.
        again: Whether it had been applied before.
    """

    number: int
    kind: str
    records: int
    again: bool = False


def apply_notice(
    store: Store, journal: Journal, notice: Notice, *, on: date, actor: str = audit.UNIT_ACTOR
) -> Applied:
    """Apply a notice whose signature was checked; the same notice twice is one.

    Args:
        store: The store; the keys of the fingerprints need not be open.
        journal: The journal.
        notice: The notice.
        on: The day.
        actor: Who brought it.

    Raises:
        StateError: A later notice of the society was applied already, or its kind is not possible
            for one of the records; nothing is changed.
        OutputError: The journal can't be written; nothing is changed.
    """
    with journal.alone():
        catch_up(store, journal)
        with store.as_unit() as session:
            known = _known(session, notice)
            if known is not None:
                return _same(journal, known, notice)
            _require_possible(session, notice)
            last = session.scalar(select(func.max(NoticeRow.number))) or 0
        before = next(iter(journal.entries(after=last - 1)), None) if last else None
        entry = Entry.following(before, notice, on)
        journal.append(entry)
        with store.as_unit() as session:
            return _apply(session, entry, actor)


def catch_up(store: Store, journal: Journal) -> int:
    """Apply what the journal holds and the store does not know, as after a restore or a crash.

    Returns:
        How many entries were applied.

    Raises:
        IntegrityError: The journal is older than the store, or another one's.
    """
    with store.as_unit() as session:
        last = session.scalars(
            select(NoticeRow).order_by(NoticeRow.number.desc()).limit(1)
        ).one_or_none()
        number, digest = (0, "") if last is None else (last.number, last.digest)
    entries = list(journal.entries(after=number - 1))
    if number and (not entries or entries[0].digest != digest):
        raise IntegrityError(
            f"{journal.path}: is older than the store, or another store's. Bring its newest copy: "
            f"without it records would be compared that societies have taken back. [{RESTORED}]"
        )
    missing = [entry for entry in entries if entry.number > number]
    for entry in missing:
        with store.as_unit() as session:
            _apply(session, entry, audit.UNIT_ACTOR)
    return len(missing)


def _known(session: Session, notice: Notice) -> NoticeRow | None:
    """The row of a notice that was applied before; a lower number than the last is refused."""
    of_society = (
        NoticeRow.agreement == notice.agreement_id,
        NoticeRow.society == notice.society,
    )
    known = session.scalars(
        select(NoticeRow).where(*of_society, NoticeRow.sent == notice.number)
    ).one_or_none()
    if known is None:
        last = session.scalar(select(func.max(NoticeRow.sent)).where(*of_society))
        if last is not None and last > notice.number:
            raise StateError(
                f"Notice {notice.number} of '{notice.society}' is older than {last}, which was "
                "applied. Write it anew, with a higher number, if it still holds."
            )
    return known


def _same(journal: Journal, known: NoticeRow, notice: Notice) -> Applied:
    entry = next(iter(journal.entries(after=known.number - 1)))
    if not entry.is_of(notice):
        raise StateError(
            f"Another notice of '{notice.society}' has number {notice.number} already. Write this "
            "one anew, with a higher number."
        )
    return Applied(known.number, known.kind, known.records, again=True)


def _require_possible(session: Session, notice: Notice) -> None:
    handles = _handles(notice.references, notice.keys)
    states = set(_states(session, notice.agreement_id, notice.society, handles).values())
    for state in sorted({HOLD.first, *states}):
        HOLD.after(state, notice.kind)


def _handles(references: Iterable[str], keys: Iterable[str]) -> list[Handle]:
    return [
        *((False, bytes.fromhex(one)) for one in references),
        *((True, bytes.fromhex(one)) for one in keys),
    ]


def _states(
    session: Session, agreement: str, society: str, handles: Sequence[Handle]
) -> dict[Handle, str]:
    """The states of those that have a hold."""
    found: dict[Handle, str] = {}
    for start in range(0, len(handles), _MANY):
        rows = session.execute(
            select(Hold.is_key, Hold.handle, Hold.state).where(
                Hold.agreement == agreement,
                Hold.society == society,
                tuple_(Hold.is_key, Hold.handle).in_(handles[start : start + _MANY]),
            )
        )
        found.update({(is_key, handle): state for is_key, handle, state in rows})
    return found


def _apply(session: Session, entry: Entry, actor: str) -> Applied:
    # Acceptance and planning hold the agreement too: no record slips in between.
    lock_agreement(session, entry.agreement_id)
    ids = _records_of(session, entry)
    notice = NoticeRow(
        number=entry.number,
        society=entry.society,
        agreement=entry.agreement_id,
        sent=entry.sent,
        kind=entry.kind,
        made_on=entry.made_on,
        records=len(ids),
        digest=entry.digest,
    )
    session.add(notice)
    session.flush()
    _hold(session, entry)
    match entry.kind:
        case "suspend":
            barring.bar(session, ids, "suspended")
        case "withdraw" | "delete":
            barring.remove(session, ids)
        case "resume":
            barring.unbar(session, ids, entry.applied_on)
        case "renew":
            barring.renew(session, ids, entry.review_on, entry.applied_on)
    rule = barring.NOT_COMPARED if entry.kind == "suspend" else None
    audit.append(
        session, f"record.{entry.kind}", f"notice {entry.number}", actor=actor,
        society=entry.society, details={"records": len(ids), "digest": entry.digest, "rule": rule},
    )  # fmt: skip
    return Applied(entry.number, entry.kind, len(ids))


def _records_of(session: Session, entry: Entry) -> list[int]:
    """The rows that an entry is about: by their references, and by their marks in each batch."""
    given: dict[str, Any] = {"agreement": entry.agreement_id, "society": entry.society}
    found = set(
        session.scalars(
            text("""
            SELECT id FROM kinmatch.records WHERE agreement = :agreement AND society = :society
              AND reference = ANY(:references)
            """),
            {**given, "references": [bytes.fromhex(one) for one in entry.references]},
        )
    )
    keys = [bytes.fromhex(one) for one in entry.keys]
    batches = select(BatchRow.id, BatchRow.mark_nonce).where(
        BatchRow.agreement == entry.agreement_id,
        BatchRow.society == entry.society,
        BatchRow.state != "destroyed",
    )
    for batch, nonce in session.execute(batches).all() if keys else ():
        if nonce is None:  # not accepted yet
            continue
        found.update(
            session.scalars(
                text(
                    "SELECT id FROM kinmatch.records WHERE batch_id = :batch AND mark = ANY(:marks)"
                ),
                {"batch": batch, "marks": marks_of(keys, nonce)},
            )
        )
    return sorted(found)


def _hold(session: Session, entry: Entry) -> None:
    """Let every record that an entry names be in the state that the entry leads to."""
    handles = _handles(entry.references, entry.keys)
    before = _states(session, entry.agreement_id, entry.society, handles)
    after = {one: HOLD.after(before.get(one, HOLD.first), entry.kind) for one in handles}
    free = [one for one, state in after.items() if state == HOLD.first and one in before]
    for start in range(0, len(free), _MANY):
        session.execute(
            delete(Hold).where(
                Hold.agreement == entry.agreement_id,
                Hold.society == entry.society,
                tuple_(Hold.is_key, Hold.handle).in_(free[start : start + _MANY]),
            )
        )
    changed = [
        {
            "agreement": entry.agreement_id, "society": entry.society, "is_key": is_key,
            "handle": handle, "state": state, "since": entry.applied_on, "notice": entry.number,
        }
        for (is_key, handle), state in after.items()
        if state not in (HOLD.first, before.get((is_key, handle)))
    ]  # fmt: skip
    if changed:
        statement = insert(Hold)
        news = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["agreement", "society", "is_key", "handle"],
                set_={"state": news.state, "since": news.since, "notice": news.notice},
            ),
            changed,
        )


def not_destroyed(session: Session) -> list[tuple[str, str]]:
    """Give agreement and society of records that are gone and whose fingerprints may be here."""
    query = (
        select(Hold.agreement, Hold.society)
        .where(Hold.state.in_(GONE), Hold.destroyed_on.is_(None))
        .distinct()
        .order_by(Hold.agreement, Hold.society)
    )
    return [(agreement, society) for agreement, society in session.execute(query)]


def waiting_of(session: Session, agreement: str, society: str) -> list[int]:
    """Give the ids of a society's holds whose fingerprints are yet to be destroyed."""
    query = select(Hold.id).where(
        Hold.agreement == agreement,
        Hold.society == society,
        Hold.state.in_(GONE),
        Hold.destroyed_on.is_(None),
    )
    return list(session.scalars(query))


def batches_of(session: Session, agreement: str, society: str) -> list[UUID]:
    """Give the batches of a society under an agreement that are not destroyed, by id."""
    query = select(BatchRow.id).where(
        BatchRow.agreement == agreement, BatchRow.society == society, BatchRow.state != "destroyed"
    )
    return list(session.scalars(query.order_by(BatchRow.id)))
