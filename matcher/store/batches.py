"""Batches: registered, received in parts, checked, accepted or refused, withdrawn.

A society's own transactions (`as_society`) register, note parts, finish and withdraw; row-level
security keeps them to that society's batches. Accepting is the linkage unit's
(`matcher.store.acceptance`).
"""

import hashlib
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.errors import AbsentError, AgreementError, StateError
from matcher.formats.rulebook import refuse
from matcher.formats.scheme import Scheme
from matcher.formats.terms import require_corridor
from matcher.store import audit
from matcher.store.agreements import agreement_of
from matcher.store.changing import change, locked
from matcher.store.copying import copy_rows
from matcher.store.models import AgreementRow, BatchRow, Part
from matcher.store.recognising import STAYS_DELETED, barred_rows
from matcher.store.states.batches import BATCH

_DIGEST_BYTES = 16


def register(
    session: Session,
    *,
    society: str,
    agreement: str,
    digest: str,
    size: int,
    on: date,
    actor: str,
    supersedes: UUID | None = None,
) -> BatchRow:
    """Begin a batch, or find the one that was begun with the same content.

    Args:
        session: A transaction `as_society`.
        society: Whose.
        agreement: The agreement's id.
        digest: SHA-256 of the file as it will be sent, `sha256:` and 64 hexadecimal digits.
        size: Its bytes.
        on: The day.
        actor: Who registers it.
        supersedes: A batch of the same society that leaves when this one is accepted.

    Raises:
        AgreementError: The agreement is not valid on that day.
        StateError: The batch with that content was begun with another agreement or size.
        GateError: No corridor from or to the society is open that day.
        AbsentError: There is no such agreement, or no such batch to supersede, for this society.
    """
    lock_registration(session, society)
    known = found_by_digest(session, society, digest)
    if known is not None:
        if (known.agreement, known.size) != (agreement, size):
            raise StateError("A batch of that content has another agreement or size.")
        return known
    terms = agreement_of(session, agreement)
    require_valid(terms, on)
    require_corridor(terms, society, on)
    if supersedes is not None:
        older = locked(session, BatchRow, supersedes)
        if (older.society, older.agreement) != (society, agreement):
            raise StateError("A batch can supersede one of the same society and agreement alone.")
    row = BatchRow(
        society=society,
        agreement=agreement,
        digest=digest,
        size=size,
        supersedes=supersedes,
        state=BATCH.first,
        registered_on=on,
        expires_on=on + timedelta(days=terms.retention_days),
    )
    session.add(row)
    session.flush()
    audit.append(
        session, "batch.register", f"batch {row.id}", actor=actor, society=society,
        details={"agreement": agreement, "digest": digest, "size": size},
    )  # fmt: skip
    return row


def lock_registration(session: Session, society: str) -> None:
    """Register one batch of a society at a time, until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(_lock_number("register", society))))


def found_by_digest(session: Session, society: str, digest: str) -> BatchRow | None:
    """Give a society's batch with that content, if it has registered one."""
    return session.scalars(
        select(BatchRow).where(BatchRow.society == society, BatchRow.digest == digest)
    ).one_or_none()


def listed(session: Session, *, count: int, after: UUID | None = None) -> list[BatchRow]:
    """Give batches, the one registered last first; of one day by id.

    Args:
        session: A transaction `as_society`, whose batches they are.
        count: How many at most.
        after: The last one seen, to go on from there.

    Raises:
        AbsentError: There is no such batch to go on from.
    """
    query = select(BatchRow).order_by(BatchRow.registered_on.desc(), BatchRow.id)
    if after is not None:
        last = found(session, after)
        query = query.where(
            BatchRow.registered_on <= last.registered_on,
            or_(BatchRow.registered_on < last.registered_on, BatchRow.id > last.id),
        )
    return list(session.scalars(query.limit(count)))


def found(session: Session, batch: UUID) -> BatchRow:
    """Give a batch.

    Raises:
        AbsentError: There is none, or none that this transaction's society may see.
    """
    row = session.get(BatchRow, batch)
    if row is None:
        raise AbsentError(f"There is no batch {batch}; see that its id is right.")
    return row


def require_valid(agreement: Agreement, on: date) -> None:
    """Refuse an agreement that is not valid on a day.

    Raises:
        AgreementError: It is not.
    """
    if not agreement.valid_from <= on <= agreement.valid_until:
        raise AgreementError(
            f"Agreement {agreement.agreement_id} is valid from {agreement.valid_from} to "
            f"{agreement.valid_until}, not on {on}. Nothing is taken in without a valid agreement."
        )


def note_part(
    session: Session, batch: UUID, *, number: int, size: int, digest: str, actor: str
) -> None:
    """Note that a part of a batch's file has arrived whole; the same part twice is one.

    Raises:
        StateError: The batch takes no more parts, another part has that number, or there would be
            more than the batch's size.
        AbsentError: There is no such batch.
    """
    row = locked(session, BatchRow, batch)
    if row.state == BATCH.first:
        change(session, row, "receive", actor=actor, society=row.society)
    if row.state != "receiving":
        raise StateError(f"A batch that is {row.state} takes no more parts.")
    known = session.get(Part, (batch, number))
    if known is None:
        arrived = sum(part.size for part in parts_of(session, batch))
        if arrived + size > row.size:
            raise StateError(f"With part {number} there would be more than {row.size:,} bytes.")
        session.add(
            Part(batch_id=batch, number=number, society=row.society, size=size, digest=digest)
        )
    elif (known.size, known.digest) != (size, digest):
        raise StateError(f"Part {number} was received already, with another content.")


def parts_of(session: Session, batch: UUID) -> list[Part]:
    """The parts that have arrived, by number."""
    return list(session.scalars(select(Part).where(Part.batch_id == batch).order_by(Part.number)))


def finish(session: Session, batch: UUID, *, actor: str) -> BatchRow:
    """Say that all parts have arrived; finished twice is finished once.

    Raises:
        StateError: Parts are missing, or the batch is past this.
    """
    row = locked(session, BatchRow, batch)
    if row.state == "validating":
        return row
    parts = parts_of(session, batch)
    arrived = sum(part.size for part in parts)
    if [part.number for part in parts] != list(range(len(parts))) or arrived != row.size:
        raise StateError(
            f"{arrived:,} of {row.size:,} bytes have arrived in {len(parts)} parts; send what is "
            "missing first."
        )
    change(session, row, "finish", actor=actor, society=row.society)
    return row


def lock_agreement(session: Session, agreement_id: str) -> None:
    """Hold an agreement until the transaction ends, so that what is under it stands still.

    Who only refers to it, as a batch that is registered does, need not wait.
    """
    session.execute(
        select(AgreementRow.digest)
        .where(AgreementRow.agreement_id == agreement_id)
        .with_for_update(key_share=True)
    )


def store_records(session: Session, row: BatchRow, content: Batch, scheme: Scheme) -> None:
    """Write a batch's records; a known reference moves here, and is new again if it changed.

    What its society has withdrawn or deleted is left out, and its fingerprints are to be destroyed
    anew; what it has suspended is barred from the start. A record without a review date is due on
    the day on which its batch may no longer be kept.
    """
    row.mark_nonce = bytes.fromhex(content.header.mark_nonce)
    gone, suspended = barred_rows(session, content, row.agreement, row.society)
    if gone:
        row.problems = [f"{len(gone):,} rows were left out. {refuse(STAYS_DELETED)}"]
    has_mark = content.has_mark.tolist()
    rows = zip(
        map(bytes, content.references),
        range(len(content)),
        content.roles.tolist(),
        row_digests(content, scheme),
        (bytes(mark) if has_mark[at] else None for at, mark in enumerate(content.marks)),
        (day or row.expires_on for day in content.review_on.tolist()),
        ("suspended" if at in suspended else None for at in range(len(content))),
        strict=True,
    )
    copy_rows(session, "incoming", _INCOMING, (one for one in rows if one[1] not in gone))
    given = {"agreement": row.agreement, "society": row.society, "batch": row.id}
    session.execute(_MOVE_IN, {**given, "epoch": row.key_epoch})


_INCOMING = {
    "reference": "bytea",
    "row": "integer",
    "role": "smallint",
    "digest": "bytea",
    "mark": "bytea",
    "review_on": "date",
    "barred": "text",
}

_MOVE_IN = text("""
INSERT INTO kinmatch.records (
  agreement, society, key_epoch, batch_id, reference, row, role, digest, mark, review_on, barred
)
SELECT :agreement, :society, :epoch, :batch, reference, row, role, digest, mark, review_on, barred
FROM incoming
ON CONFLICT (agreement, society, reference, key_epoch) DO UPDATE SET
  batch_id = excluded.batch_id, row = excluded.row, role = excluded.role, digest = excluded.digest,
  mark = excluded.mark, review_on = excluded.review_on, barred = excluded.barred,
  taken_in = CASE WHEN records.digest = excluded.digest AND records.barred IS NULL
    THEN records.taken_in END,
  compared_in = CASE WHEN records.digest = excluded.digest AND records.barred IS NULL
    THEN records.compared_in END
""")


def row_digests(content: Batch, scheme: Scheme) -> list[bytes]:
    """Digest all that a batch says of each of its rows and of the others of its case.

    References and the case's own number are random and don't count: a person of whom nothing
    changed has the same digest in two batches.
    """
    codes = np.stack([content.roles, content.relations, content.known.view(np.int8)], axis=1)
    parts = [codes.view(np.uint8)]
    for part in scheme.passes:
        bits, present = content.fingerprints(part.name)
        digests = b"".join(_digest(cells.tobytes()) for cells in bits.view(np.uint8))
        parts.append(np.frombuffer(digests, np.uint8).reshape(-1, _DIGEST_BYTES))
        parts.append(present[:, None].view(np.uint8))
    own = [_digest(cells.tobytes()) for cells in np.concatenate(parts, axis=1)]
    mates: dict[bytes, list[bytes]] = {}
    cases = [bytes(case) for case in content.cases]
    for row in np.flatnonzero(content.has_case).tolist():
        mates.setdefault(cases[row], []).append(own[row])
    together = {case: b"".join(sorted(digests)) for case, digests in mates.items()}
    return [
        _digest(digest + together[case]) if has_case else digest
        for digest, case, has_case in zip(own, cases, content.has_case.tolist(), strict=True)
    ]


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _lock_number(*parts: str) -> int:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
