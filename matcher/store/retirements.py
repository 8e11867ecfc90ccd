"""Key epochs that societies take out of use, and the batches that leave with them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.retirement import Retirement
from matcher.store import audit
from matcher.store.models import BatchRow, Retired


def retire(session: Session, notice: Retirement, *, actor: str) -> int:
    """Note that a society retires a key epoch and every earlier one; the same twice is once.

    After the notice's last day no envelope of these epochs is opened again, and the next night
    destroys the batches.

    Args:
        session: A transaction `as_unit`.
        notice: The notice, whose signature was checked.
        actor: Who brought it.

    Returns:
        How many records leave.
    """
    epoch = {
        "agreement": notice.agreement_id,
        "society": notice.society,
        "key_epoch": notice.key_epoch,
    }
    noted = insert(Retired).values(**epoch, last_day=notice.last_day).on_conflict_do_nothing()
    if session.execute(noted.returning(Retired.key_epoch)).one_or_none() is not None:
        audit.append(
            session, "epoch.retire", f"agreement {notice.agreement_id}", actor=actor,
            society=notice.society,
            details={"key_epoch": notice.key_epoch, "last_day": str(notice.last_day)},
        )  # fmt: skip
    leaving = select(BatchRow.records).where(
        BatchRow.agreement == notice.agreement_id,
        BatchRow.society == notice.society,
        BatchRow.state == "accepted",
        BatchRow.key_epoch <= notice.key_epoch,
    )
    return sum(count or 0 for count in session.scalars(leaving))


def retired_on(session: Session, on: date) -> Sequence[BatchRow]:
    """The accepted batches of epochs whose last day is over, held until the transaction ends."""
    return session.scalars(
        select(BatchRow)
        .join(
            Retired,
            (Retired.agreement == BatchRow.agreement)
            & (Retired.society == BatchRow.society)
            & (BatchRow.key_epoch <= Retired.key_epoch),
        )
        .where(BatchRow.state == "accepted", Retired.last_day < on)
        .order_by(BatchRow.id)
        .with_for_update(of=BatchRow)
    ).all()
