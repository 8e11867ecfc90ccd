"""Agreements taken into the store, and their amendments, which act at once."""

from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError
from matcher.formats.terms import require_terms
from matcher.store import audit
from matcher.store.agreements import expiry_of
from matcher.store.models import AgreementRow, BatchRow, Corridor, Party, Society
from matcher.store.narrowing import narrow


def add_agreement(
    session: Session, agreement: Agreement, *, on: date, actor: str = audit.UNIT_ACTOR
) -> None:
    """Record an agreement with its parties and corridors, or the amendment of one.

    One that is there already is left as it is. What an amendment no longer permits is off every
    list when the transaction ends; what it newly permits shows after a night.

    Args:
        session: A transaction `as_unit`.
        agreement: As signed.
        on: The day.
        actor: Who did it.

    Raises:
        AgreementError: The one that is there is neither this one nor one that this one amends.
        GateError: It has no terms, or they are not what they must be.
    """
    row = require_admissible(session, agreement)
    if row is not None and row.digest == agreement.digest:
        return
    before = None if row is None else Agreement.model_validate(row.document)
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
    if before is not None:
        narrow(session, agreement, before=before, on=on)
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
    # As `lock_agreement` does: a batch that is registered meanwhile need not wait.
    row = session.get(AgreementRow, agreement.agreement_id, with_for_update={"key_share": True})
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
            batch.expires_on = expiry_of(
                session, agreement, batch.society, batch.key_epoch, batch.received_on
            )
    session.flush()
