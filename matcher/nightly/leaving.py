"""What leaves in a night: batches that are over, with their records, candidates and files.

And records by themselves: those that are due for review leave matching, and of those that their
society took back the fingerprints are destroyed.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from matcher.protection.deletion import destroy_fingerprints
from matcher.store import audit, refinements
from matcher.store.barring import REVIEWED, bar_overdue
from matcher.store.batches import lock_agreement
from matcher.store.changing import change, locked
from matcher.store.database import Store
from matcher.store.models import AgreementRow, BatchRow, CandidateRow, Part, Record
from matcher.store.retirements import retired_on
from matcher.store.states.batches import BATCH, LEAVING


def clear_away(store: Store, on: date) -> int:
    """End what is over on a day, and destroy what it held; safe to do again at any point.

    A batch is over when its retention, its key epoch or its agreement is, when its society has
    retired its epoch, or when it was withdrawn, superseded or refused. Its records go with their
    candidates, and its file after them.

    Args:
        store: The store.
        on: The day.

    Returns:
        How many batches were destroyed.
    """
    # A transaction each: what they hold, the audit log's order above all, requests wait for.
    for step in (_expire, refinements.expire, _bar_overdue):
        with store.as_unit() as session:
            step(session, on)
    with store.as_unit() as session:
        leaving = select(BatchRow.id).where(BatchRow.state.in_(LEAVING)).order_by(BatchRow.id)
        gone = session.scalars(leaving).all()
    count = sum(_destroy(store, batch) for batch in gone)
    with store.as_unit() as session:
        destroyed = set(
            session.scalars(select(BatchRow.id).where(BatchRow.state == "destroyed")).all()
        )
    for batch_id in store.fingerprints.ids() & destroyed:
        store.fingerprints.destroy(batch_id)
    destroy_fingerprints(store, on)
    store.fingerprints.sweep(destroyed)
    return count


def _bar_overdue(session: Session, on: date) -> None:
    """Bar what is due for review, under each agreement while nothing else changes there."""
    for agreement in session.scalars(select(AgreementRow.agreement_id).order_by("agreement_id")):
        lock_agreement(session, agreement)
    overdue = bar_overdue(session, on)
    if overdue:
        audit.append(
            session, "records.overdue", f"night of {on}",
            details={"records": overdue, "rule": REVIEWED},
        )  # fmt: skip


def _expire(session: Session, on: date) -> None:
    over = session.scalars(
        select(BatchRow)
        .join(AgreementRow, AgreementRow.agreement_id == BatchRow.agreement)
        .where(
            BatchRow.state.in_(BATCH.before("expire")),
            or_(BatchRow.expires_on <= on, AgreementRow.valid_until < on),
        )
        .order_by(BatchRow.id)
        .with_for_update(of=BatchRow)
    ).all()
    for batch in {batch.id: batch for batch in (*over, *retired_on(session, on))}.values():
        change(session, batch, "expire", society=batch.society)


def _destroy(store: Store, batch: UUID) -> bool:
    """Let a batch be gone, with all that was made of it; say whether it was still there."""
    with store.as_unit() as session:
        row = locked(session, BatchRow, batch)
        if row.state not in LEAVING:
            return False
        lock_agreement(session, row.agreement)
        change(session, row, "destroy", society=row.society, details=_remove(session, batch))
        return True


def _remove(session: Session, batch: UUID) -> dict[str, int]:
    """Delete a batch's records, which takes their candidates along; say how many of both."""
    records = select(Record.id).where(Record.batch_id == batch)
    candidates = session.scalar(
        select(func.count())
        .select_from(CandidateRow)
        .where(or_(CandidateRow.left_record.in_(records), CandidateRow.right_record.in_(records)))
    )
    removed = session.scalar(select(func.count()).select_from(records.subquery()))
    session.execute(delete(Record).where(Record.batch_id == batch))
    session.execute(delete(Part).where(Part.batch_id == batch))
    return {"records": removed or 0, "candidates": candidates or 0}
