"""Societies, and the agreements between them."""

from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AbsentError, AgreementError
from matcher.formats.terms import require_terms
from matcher.store import audit
from matcher.store.models import AgreementRow, BatchRow, Corridor, Party, Society


def add_agreement(session: Session, agreement: Agreement, *, actor: str = audit.UNIT_ACTOR) -> None:
    """Record an agreement with its parties and corridors, or the amendment of one.

    One that is there already is left as it is.

    Args:
        session: A transaction `as_unit`.
        agreement: As signed.
        actor: Who did it.

    Raises:
        AgreementError: The one that is there is neither this one nor one that this one amends.
        GateError: It has no terms, or they are not what they must be.
    """
    row = require_admissible(session, agreement)
    if row is not None and row.digest == agreement.digest:
        return
    for name in agreement.parties:
        session.execute(insert(Society).values(name=name).on_conflict_do_nothing())
    if row is None:
        row = AgreementRow(agreement_id=agreement.agreement_id)
        session.add(row)
    row.digest = agreement.digest
    row.document = agreement.model_dump(mode="json")
    row.valid_from = agreement.valid_from
    row.valid_until = agreement.valid_until
    row.retention_days = agreement.retention_days
    session.flush()
    _replace_terms(session, agreement)
    audit.append(
        session, "agreement.add", f"agreement {agreement.agreement_id}", actor=actor,
        details={"digest": agreement.digest},
    )  # fmt: skip


def require_admissible(session: Session, agreement: Agreement) -> AgreementRow | None:
    """Hold an agreement as it is here, if it may become what is given.

    Raises:
        AgreementError, GateError: As `add_agreement`.
    """
    require_terms(agreement)
    row = session.get(AgreementRow, agreement.agreement_id, with_for_update=True)
    if row is not None and row.digest not in (agreement.digest, *agreement.amends):
        raise AgreementError(
            f"Agreement {agreement.agreement_id} is here as {row.digest}, which this version does "
            "not amend. Give a version that amends it."
        )
    return row


def _replace_terms(session: Session, agreement: Agreement) -> None:
    """Write who takes part and what flows, and until when batches may now be kept."""
    key = agreement.agreement_id
    session.execute(delete(Party).where(Party.agreement == key))
    session.execute(delete(Corridor).where(Corridor.agreement == key))
    session.add_all(Party(agreement=key, society=name) for name in agreement.parties)
    session.add_all(
        Corridor(agreement=key, from_society=start, to_society=end)
        for start, end in agreement.corridors
    )
    kept = select(BatchRow).where(BatchRow.agreement == key, BatchRow.state == "accepted")
    for batch in session.scalars(kept):
        if batch.received_on is not None and batch.key_epoch is not None:
            batch.expires_on = expiry_of(agreement, batch.key_epoch, batch.received_on)
    session.flush()


def expiry_of(agreement: Agreement, epoch: int, received_on: date) -> date:
    """The day from which a batch may no longer be kept: its retention, epoch or agreement is over.

    Args:
        agreement: Its agreement.
        epoch: Its key epoch; one that the agreement no longer has is over.
        received_on: The day it was accepted.
    """
    ends = [one.valid_until for one in agreement.epochs if one.number == epoch]
    over = min([agreement.valid_until, *ends]) + timedelta(days=1) if ends else received_on
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
