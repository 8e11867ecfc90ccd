"""Whole batches that their society takes back."""

from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from matcher.store import audit, barring
from matcher.store.changing import change, locked
from matcher.store.journal import BatchWithdrawal
from matcher.store.models import BatchRow
from matcher.store.states.batches import BATCH

_WITHDRAWN: Final = "withdrawn"


def withdrawal_of(row: BatchRow) -> BatchWithdrawal:
    """Say that a batch is taken back."""
    return BatchWithdrawal(
        agreement_id=row.agreement, society=row.society, batch=row.id, file_digest=row.digest,
        size=row.size,
    )  # fmt: skip


def require_possible(session: Session, said: BatchWithdrawal) -> None:
    """Refuse to take a batch back that is past it.

    Raises:
        StateError: It was refused, has expired, or is gone.
        AbsentError: There is no such batch.
    """
    row = locked(session, BatchRow, said.batch)
    if row.state != _WITHDRAWN:
        BATCH.after(row.state, "withdraw")


def withdraw(session: Session, said: BatchWithdrawal, *, on: date, actor: str) -> int:
    """Take a batch back: its records leave matching and every list, and the night removes them.

    One that is gone meanwhile stays so. One that is not here, as after a restore, is noted as
    withdrawn: the same file is not taken in again.

    Args:
        session: A transaction `as_unit` that holds the agreement.
        said: Which batch.
        on: The day.
        actor: Who took it back.

    Returns:
        How many records leave.
    """
    row = session.get(BatchRow, said.batch, with_for_update=True, populate_existing=True)
    if row is None:
        session.add(
            BatchRow(
                id=said.batch, society=said.society, agreement=said.agreement_id,
                digest=said.file_digest, size=said.size, state=_WITHDRAWN, registered_on=on,
                expires_on=on,
            )
        )  # fmt: skip
        audit.append(
            session, "batch.withdraw", f"batch {said.batch}", actor=actor, society=said.society,
            details={"from": "absent", "to": _WITHDRAWN},
        )  # fmt: skip
        return 0
    if row.state not in BATCH.before("withdraw"):
        return 0
    left = barring.bar_batch(session, row.id)
    change(session, row, "withdraw", actor=actor, society=row.society)
    return left
