"""The ledger of envelopes in the database; the rules stand in `matcher.formats.ledger`.

An envelope is noted in the transaction that takes its batch in, so it counts as accepted if and
only if its batch does: a batch that is refused for another reason leaves its number free.
"""

import hashlib
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.formats.ledger import Accepted, Receipt
from matcher.store import audit
from matcher.store.database import Store
from matcher.store.models import Envelope, Retired


class DatabaseLedger:
    """A ledger of which `accept` promises only; `note` keeps.

    Attributes:
        store: The store.
        on: The day, which decides whether a key epoch is retired.
    """

    def __init__(self, store: Store, on: date) -> None:
        self.store = store
        self.on = on

    def check(self, receipt: Receipt, *, again: bool) -> None:
        """Refuse an envelope as `Accepted.require` does.

        Raises:
            EnvelopeError: It is refused.
        """
        with self.store.as_unit() as session:
            accepted_of(session, receipt, self.on).require(receipt, again=again)

    def accept(self, receipt: Receipt, *, again: bool) -> None:
        """Check once more; who takes the batch in calls `note`."""
        self.check(receipt, again=again)


def note(session: Session, receipt: Receipt, *, on: date) -> None:
    """Note that an envelope is accepted, so that it never is again.

    Args:
        session: The transaction `as_unit` that takes its batch in.
        receipt: The envelope's.
        on: The day.

    Raises:
        EnvelopeError: It must not be accepted, by what has been since it was checked.
    """
    # Two at once: the second waits here for the first, and then sees its number.
    session.execute(select(func.pg_advisory_xact_lock(_lock_number(receipt))))
    accepted_of(session, receipt, on).require(receipt)
    session.add(Envelope(**receipt.model_dump()))
    session.flush()
    audit.append(
        session, "envelope.accept", f"envelope {receipt.digest}", society=receipt.society,
        details={"agreement": receipt.agreement_id, "number": receipt.number},
    )  # fmt: skip


def accepted_of(session: Session, receipt: Receipt, on: date) -> Accepted:
    """What the society of a receipt has had accepted under its agreement, in order of numbers.

    Args:
        session: A transaction `as_unit`, or of that society's.
        receipt: Says of which society and agreement.
        on: The day; an epoch is retired once its last day is over.
    """
    rows = session.scalars(
        select(Envelope)
        .where(Envelope.agreement_id == receipt.agreement_id, Envelope.society == receipt.society)
        .order_by(Envelope.number)
    )
    retired = session.scalar(
        select(func.max(Retired.key_epoch)).where(
            Retired.agreement == receipt.agreement_id,
            Retired.society == receipt.society,
            Retired.last_day < on,
        )
    )
    receipts = (
        Receipt(**{name: getattr(row, name) for name in Receipt.model_fields}) for row in rows
    )
    return Accepted(receipts=tuple(receipts), retired_epoch=retired or 0)


def _lock_number(receipt: Receipt) -> int:
    digest = hashlib.sha256(f"{receipt.agreement_id}\n{receipt.society}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
