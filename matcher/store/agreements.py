"""What agreements between societies are in force, and until when they let batches be kept."""

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AbsentError
from matcher.store.models import AgreementRow, Retired


def expiry_of(
    session: Session, agreement: Agreement, society: str, epoch: int, received_on: date
) -> date:
    """The day from which a batch may no longer be kept: its retention, epoch or agreement is over.

    Args:
        session: A transaction `as_unit`.
        agreement: Its agreement.
        society: Whose batch; a key epoch that this society retired ends with the last day it named.
        epoch: Its key epoch; one that the agreement no longer has is over.
        received_on: The day it was accepted.
    """
    ends = [one.valid_until for one in agreement.epochs if one.number == epoch]
    over = min([agreement.valid_until, *ends]) + timedelta(days=1) if ends else received_on
    retired = session.scalar(
        select(func.min(Retired.last_day)).where(
            Retired.agreement == agreement.agreement_id,
            Retired.society == society,
            Retired.key_epoch >= epoch,
        )
    )
    if retired is not None:
        over = min(over, retired + timedelta(days=1))
    return min(over, received_on + timedelta(days=agreement.retention_days))


def agreement_of(session: Session, agreement_id: str) -> Agreement:
    """Give an agreement by its id, as it was last amended.

    Raises:
        AbsentError: There is none, or none that this transaction's society is a party to.
    """
    row = session.get(AgreementRow, agreement_id)
    if row is None:
        raise AbsentError(
            f"There is no agreement {agreement_id} here; the linkage unit has to add it."
        )
    return Agreement.model_validate(row.document)
