"""Keeping the store up to the journal: what it must not forget is entered there, then applied.

One way for all of it: notices about records, key epochs that are retired, batches that are
withdrawn, agreements that are admitted or amended. A crash between the two leaves an entry that the
store does not know; so does a restore. Both are caught up with before anything else.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.errors import IntegrityError
from matcher.formats.notices import Notice
from matcher.formats.retirement import Retirement
from matcher.store import admitting, audit, holds, retirements, withdrawals
from matcher.store.batches import lock_agreement
from matcher.store.database import Store
from matcher.store.journal import Admission, BatchWithdrawal, Entry, Journal, Said
from matcher.store.models import AgreementRow, BatchRow, NoticeRow

RESTORED: Final = "deletion.survives-restore"
"""The rule by which a restored store is told of what was taken back since."""


@dataclass(frozen=True)
class Applied:
    """What an entry did.

    Attributes:
        number: Its number in the journal.
        kind: What it was: a notice's kind, `retire`, `withdraw-batch` or `admit`.
        records: How many rows it was about here; a record may have one in each key epoch, and
            none if it is not here now.
        again: Whether it had been applied before.
    """

    number: int
    kind: str
    records: int
    again: bool = False


def enter(
    store: Store, journal: Journal, said: Said, *, on: date, actor: str = audit.UNIT_ACTOR
) -> Applied:
    """Apply what was said, once it is in the journal; the same twice is once.

    Args:
        store: The store; the keys of the fingerprints need not be open.
        journal: The journal.
        said: What was said; of a signed statement the signature was checked.
        on: The day.
        actor: Who brought it.

    Raises:
        StateError: A later notice of the society was applied already, or it is not possible now;
            nothing is changed.
        AgreementError, GateError: An agreement can't be admitted; nothing is changed.
        AbsentError: There is no such agreement or batch.
        OutputError: The journal can't be written; nothing is changed.
        StoreError: The database was lost, or the store's patience ended. Do the same again: what is
            in the journal by then is applied, and what is not was not done at all.
    """
    with store.as_unit() as session:
        # A night that publishes under this agreement is waited for here, where nobody waits for us.
        _hold(session, said)
    with journal.alone(store.patience):
        _, last = _caught_up(store, journal)
        with store.as_unit() as session:
            known = _known(session, said)
            if known is not None:
                return Applied(known.number, known.kind, known.records, again=True)
            _hold(session, said)
            _require_possible(session, said)
            entry = Entry.following(last, said, on)
            journal.append(entry)
            return _apply(session, entry, actor)


def catch_up(store: Store, journal: Journal) -> int:
    """Apply what the journal holds and the store does not know, as after a restore or a crash.

    Returns:
        How many entries were applied.

    Raises:
        IntegrityError: The journal is older than the store, or another one's.
    """
    return _caught_up(store, journal)[0]


def _caught_up(store: Store, journal: Journal) -> tuple[int, Entry | None]:
    """How many entries were applied, and the journal's last one."""
    with store.as_unit() as session:
        last = session.scalars(
            select(NoticeRow).order_by(NoticeRow.number.desc()).limit(1)
        ).one_or_none()
        number, digest = (0, "") if last is None else (last.number, last.digest)
    entries = list(journal.entries(after=number - 1))
    if number and (not entries or entries[0].digest != digest):
        raise IntegrityError(
            f"{journal.path}: is older than the store, or another store's. Bring its newest copy: "
            f"without it records would be compared that societies have taken back. [{RESTORED}]"
        )
    missing = [entry for entry in entries if entry.number > number]
    for entry in missing:
        with store.as_unit() as session:
            _apply(session, entry, audit.UNIT_ACTOR)
    return len(missing), entries[-1] if entries else None


def _known(session: Session, said: Said) -> NoticeRow | None:
    """The row of the very same that was applied before; of an agreement, if it is in force."""
    if isinstance(said, Admission):
        in_force = session.get(AgreementRow, said.agreement["agreement_id"])
        if in_force is None or in_force.digest != _agreement(said).digest:
            return None
    query = select(NoticeRow).where(NoticeRow.said == said.digest).order_by(NoticeRow.number)
    return session.scalars(query).first()


def _require_possible(session: Session, said: Said) -> None:
    match said:
        case Notice():
            holds.require_possible(session, said)
        case BatchWithdrawal():
            withdrawals.require_possible(session, said)
        case Admission():
            admitting.require_admissible(session, _agreement(said))
        case Retirement():
            pass  # whatever is said of an epoch, the earliest last day counts


def _apply(session: Session, entry: Entry, actor: str) -> Applied:
    said = entry.said
    row = NoticeRow(
        number=entry.number, digest=entry.digest, said=said.digest, records=0, **_columns(said)
    )
    _hold(session, said)
    session.add(row)
    session.flush()
    match said:
        case Notice():
            row.records = holds.apply(session, entry, said, actor=actor)
        case Retirement():
            row.records = retirements.retire(session, said, actor=actor)
        case BatchWithdrawal():
            row.records = withdrawals.withdraw(session, said, on=entry.applied_on, actor=actor)
        case Admission():
            admitting.add_agreement(session, _agreement(said), on=entry.applied_on, actor=actor)
    return Applied(entry.number, row.kind, row.records)


def _hold(session: Session, said: Said) -> None:
    """Hold what is changed, so that nothing is between the look at it and the change."""
    if isinstance(said, BatchWithdrawal):
        # Before the agreement, as whoever accepts or expires a batch does: nobody waits in a ring.
        session.get(BatchRow, said.batch, with_for_update=True, populate_existing=True)
    if not isinstance(said, Admission):
        # Acceptance and planning hold the agreement too: no record slips in between.
        lock_agreement(session, said.agreement_id)


def _columns(said: Said) -> dict[str, Any]:
    """What the row of an entry says of it beside its digests."""
    if isinstance(said, Admission):
        return {"kind": "admit"}
    of_society = {"agreement": said.agreement_id, "society": said.society}
    match said:
        case Notice():
            return of_society | {"kind": said.kind, "sent": said.number, "made_on": said.on}
        case Retirement():
            return of_society | {"kind": "retire"}
        case BatchWithdrawal():
            return of_society | {"kind": "withdraw-batch"}


def _agreement(said: Admission) -> Agreement:
    return Agreement.model_validate(said.agreement)
