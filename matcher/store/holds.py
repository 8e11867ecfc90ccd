"""What societies' notices do to the records that are here, and to those that come again.

A notice suspends, resumes, withdraws, deletes or renews records; what holds of a record is in
`matcher.store.states.holds`. A record that is barred leaves matching and every list in the
transaction that bars it; of one that is withdrawn or deleted, the row goes with all that was made
of it, and `matcher.protection.deletion` then destroys its fingerprints. `matcher.store.keeping_up`
calls what is here once a notice is in the journal.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.errors import StateError
from matcher.formats.marks import marks_of
from matcher.formats.notices import Notice
from matcher.store import audit, barring
from matcher.store.journal import Entry
from matcher.store.models import BatchRow, Hold, NoticeRow
from matcher.store.states.holds import GONE, HOLD

Handle = tuple[bool, bytes]
"""Whether it is a record key, or else a reference; and its bytes."""

_MANY: Final = 5_000  # handles a statement


def require_possible(session: Session, notice: Notice) -> None:
    """Refuse a notice that can't be applied now, whose signature was checked.

    Args:
        session: A transaction `as_unit`.
        notice: The notice; the very same was not applied before.

    Raises:
        StateError: Another notice of the society has its number, a later one was applied already,
            or its kind is not possible for one of the records.
    """
    last = session.scalar(
        select(func.max(NoticeRow.sent)).where(
            NoticeRow.agreement == notice.agreement_id, NoticeRow.society == notice.society
        )
    )
    if last is not None and last >= notice.number:
        raise StateError(
            f"Notice {notice.number} of '{notice.society}' is not newer than {last}, which was "
            "applied. Write it anew, with a higher number, if it still holds."
        )
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


def apply(session: Session, entry: Entry, notice: Notice, *, actor: str) -> int:
    """Do what a notice says.

    Args:
        session: A transaction `as_unit` that holds the agreement.
        entry: The notice's entry in the journal, whose row is there.
        notice: The notice.
        actor: Who brought it.

    Returns:
        How many rows it was about here.
    """
    ids = _records_of(session, notice)
    _hold(session, entry, notice)
    match notice.kind:
        case "suspend":
            barring.bar(session, ids, "suspended")
        case "withdraw" | "delete":
            barring.remove(session, ids)
        case "resume":
            barring.unbar(session, ids, entry.applied_on)
        case "renew":
            barring.renew(session, ids, notice.review_on, entry.applied_on)
    rule = barring.NOT_COMPARED if notice.kind == "suspend" else None
    audit.append(
        session, f"record.{notice.kind}", f"notice {entry.number}", actor=actor,
        society=notice.society, details={"records": len(ids), "digest": entry.digest, "rule": rule},
    )  # fmt: skip
    return len(ids)


def _records_of(session: Session, notice: Notice) -> list[int]:
    """The rows that a notice is about: by their references, and by their marks in each batch."""
    given: dict[str, Any] = {"agreement": notice.agreement_id, "society": notice.society}
    found = set(
        session.scalars(
            text("""
            SELECT id FROM kinmatch.records WHERE agreement = :agreement AND society = :society
              AND reference = ANY(:references)
            """),
            {**given, "references": [bytes.fromhex(one) for one in notice.references]},
        )
    )
    keys = [bytes.fromhex(one) for one in notice.keys]
    batches = select(BatchRow.id, BatchRow.mark_nonce).where(
        BatchRow.agreement == notice.agreement_id,
        BatchRow.society == notice.society,
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


def _hold(session: Session, entry: Entry, notice: Notice) -> None:
    """Let every record that a notice names be in the state that it leads to."""
    handles = _handles(notice.references, notice.keys)
    before = _states(session, notice.agreement_id, notice.society, handles)
    after = {one: HOLD.after(before.get(one, HOLD.first), notice.kind) for one in handles}
    free = [one for one, state in after.items() if state == HOLD.first and one in before]
    for start in range(0, len(free), _MANY):
        session.execute(
            delete(Hold).where(
                Hold.agreement == notice.agreement_id,
                Hold.society == notice.society,
                tuple_(Hold.is_key, Hold.handle).in_(free[start : start + _MANY]),
            )
        )
    changed = [
        {
            "agreement": notice.agreement_id, "society": notice.society, "is_key": is_key,
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
