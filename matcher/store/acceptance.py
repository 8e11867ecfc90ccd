"""Accepting a batch that has arrived whole, or refusing it with every reason.

Safe to do again after a crash at any point, and by two workers at once: a batch that is past it is
left as it is.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.exposure import check_exposure
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.errors import AgreementError, EnvelopeError, GateError
from matcher.formats.identity import Identity
from matcher.formats.ledger import Receipt
from matcher.formats.opening import opened_envelope
from matcher.formats.terms import require_corridor, require_terms
from matcher.store import barring, receipts
from matcher.store.agreements import agreement_of, expiry_of
from matcher.store.batches import lock_agreement, require_valid, store_records
from matcher.store.changing import change, locked
from matcher.store.database import Store
from matcher.store.models import AgreementRow, BatchRow
from matcher.store.narrowing import require_not_outgrown
from matcher.store.recognising import require_marks


def accept(
    store: Store,
    batch: UUID,
    envelope: Path,
    *,
    identity: Identity,
    on: date,
    threads: int | None = None,
) -> str:
    """Open a batch's envelope, check it, and take the batch in or refuse it.

    Args:
        store: The store.
        batch: In state `validating`.
        envelope: The file that was uploaded.
        identity: The linkage unit's.
        on: The day.
        threads: How many threads measure exposure; all processors if None.

    Returns:
        The state that the batch is in now: `accepted`, `refused`, or where it was already.
    """
    with store.as_unit() as session:
        row = locked(session, BatchRow, batch)
        state, agreement = row.state, agreement_of(session, row.agreement)
    if state != "validating":
        return state
    ledger = receipts.DatabaseLedger(store, on)
    try:
        with opened_envelope(
            envelope, identity=identity, agreements=[agreement], on=on, ledger=ledger
        ) as opened:
            receipt = Receipt(
                digest=opened.digest,
                **opened.header.model_dump(
                    include={"agreement_id", "society", "number", "key_epoch"}
                ),
            )
            opened.content.seek(0)
            file = cast("BinaryIO", opened.content)  # it reads as one
            return take_in(store, batch, opened.batch, file, receipt, on=on, threads=threads)
    except EnvelopeError as error:
        return refuse(store, batch, [str(error).replace(str(envelope), "The envelope")])


def take_in(
    store: Store,
    batch: UUID,
    content: Batch,
    file: BinaryIO,
    receipt: Receipt,
    *,
    on: date,
    threads: int | None = None,
) -> str:
    """Take in a batch whose envelope has been opened, or refuse it with all that is against it.

    Args:
        store: The store.
        batch: In state `validating`.
        content: What it says.
        file: Its bytes, from where it stands.
        receipt: Its envelope's.
        on: The day; the batch may be kept for as many days from here as its agreement says.
        threads: As for `accept`.

    Returns:
        As `accept`.

    Raises:
        EnvelopeError: A later envelope of the society was accepted meanwhile.
    """
    with store.as_unit() as session:
        row = locked(session, BatchRow, batch)
        state, society, superseded = row.state, row.society, row.supersedes
        agreement, outgrown = _agreed(session, row)
    if state != "validating":
        return state
    start = file.tell()
    problems = list(_problems(content, agreement, outgrown, society, on))
    held = _held(store, agreement, content.header.key_epoch, superseded)
    try:
        check_exposure(content, agreement, held=held, threads=threads)
    except GateError as error:
        problems.append(str(error))
    if problems:
        return refuse(store, batch, problems)
    file.seek(start)  # what was measured was read from it
    store.fingerprints.put(batch, file)
    with store.as_unit() as session:
        row = locked(session, BatchRow, batch)
        if row.state == "validating":
            # Runs are planned and published under this lock: no record is taken in between.
            lock_agreement(session, row.agreement)
            agreement, outgrown = _agreed(session, row)  # it may have been amended meanwhile
            row.problems = list(_problems(content, agreement, outgrown, society, on))
            if row.problems:
                change(session, row, "refuse", society=society)
            else:
                _enter(session, row, content, agreement, receipt, on)
        return row.state


def refuse(store: Store, batch: UUID, problems: list[str]) -> str:
    """Refuse a batch, unless it is past that.

    Args:
        store: The store.
        batch: In state `validating`.
        problems: Every reason, in sentences for its society.

    Returns:
        The state that it is in now.
    """
    with store.as_unit() as session:
        row = locked(session, BatchRow, batch)
        if row.state == "validating":
            row.problems = problems
            change(session, row, "refuse", society=row.society)
        return row.state


def _problems(
    content: Batch, agreement: Agreement, outgrown: list[str], society: str, on: date
) -> Iterator[str]:
    checks = (
        lambda: require_valid(agreement, on),
        lambda: require_terms(agreement),
        lambda: require_corridor(agreement, society, on),
        lambda: agreement.require_epoch(content.header.key_epoch, on),
        lambda: require_not_outgrown(agreement, outgrown, content.header.agreement_digest),
        lambda: require_marks(content),
    )
    for check in checks:
        try:
            check()
        except (AgreementError, GateError) as error:
            yield str(error)
    if content.header.society != society:
        yield "The batch says that it is another society's; send each society's own alone."


def _agreed(session: Session, row: BatchRow) -> tuple[Agreement, list[str]]:
    """A batch's agreement as it is in force, and the digests of versions that permitted more."""
    under = session.get_one(AgreementRow, row.agreement)
    return Agreement.model_validate(under.document), under.outgrown


def _held(
    store: Store, agreement: Agreement, epoch: int, superseded: UUID | None
) -> Iterator[Batch]:
    """The batches that would be held beside a new one; not the one that it takes the place of.

    Nothing is asked of the database before the first is: without a ceiling none ever is.
    """
    held = select(BatchRow.id).where(
        BatchRow.agreement == agreement.agreement_id,
        BatchRow.key_epoch == epoch,
        BatchRow.state == "accepted",
        BatchRow.id.is_distinct_from(superseded),
    )
    with store.as_unit() as session:
        found = session.scalars(held.order_by(BatchRow.id)).all()
    for one in found:
        yield store.fingerprints.open(one, agreement)


def _enter(
    session: Session,
    row: BatchRow,
    content: Batch,
    agreement: Agreement,
    receipt: Receipt,
    on: date,
) -> None:
    row.received_on = on
    row.key_epoch = content.header.key_epoch
    row.expires_on = expiry_of(session, agreement, row.society, row.key_epoch, on)
    row.records = len(content)
    store_records(session, row, content, agreement.scheme)
    session.flush()
    barring.bring_forward(session, row.id)
    if row.supersedes is not None:
        older = locked(session, BatchRow, row.supersedes)
        if older.state == "accepted":
            barring.leave_out(session, older.id, row.id)
            change(session, older, "supersede", society=row.society)
    receipts.note(session, receipt, on=on)
    change(session, row, "accept", society=row.society, details={"records": len(content)})
