"""Key epochs that societies take out of use, and the batches that leave with them."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.retirement import Retirement
from matcher.store import audit
from matcher.store.models import BatchRow, Retired


def retire(session: Session, notice: Retirement, *, actor: str) -> int:
    """Note that a society retires a key epoch and every earlier one.

    After the last day no envelope of these epochs is opened again, no list shows what is held under
    them, and the next night destroys the batches. Of several notices of one epoch the earliest last
    day counts.

    Args:
        session: A transaction `as_unit`.
        notice: The notice, whose signature was checked.
        actor: Who brought it.

    Returns:
        How many records leave.
    """
    of_society = {"agreement": notice.agreement_id, "society": notice.society}
    noted = insert(Retired).values(
        **of_society, key_epoch=notice.key_epoch, last_day=notice.last_day
    )
    session.execute(
        noted.on_conflict_do_update(
            index_elements=["agreement", "society", "key_epoch"],
            set_={"last_day": func.least(Retired.last_day, noted.excluded.last_day)},
        )
    )
    _end(session, notice)
    audit.append(
        session, "epoch.retire", f"agreement {notice.agreement_id}", actor=actor,
        society=notice.society,
        details={"key_epoch": notice.key_epoch, "last_day": str(notice.last_day)},
    )  # fmt: skip
    leaving = select(func.coalesce(func.sum(BatchRow.records), 0)).where(
        BatchRow.agreement == notice.agreement_id,
        BatchRow.society == notice.society,
        BatchRow.state == "accepted",
        BatchRow.key_epoch <= notice.key_epoch,
    )
    return int(session.scalar(leaving) or 0)


def _end(session: Session, notice: Retirement) -> None:
    """Let what is held under these epochs end with their last day, on every list too."""
    given = {
        "agreement": notice.agreement_id, "society": notice.society, "epoch": notice.key_epoch,
        "last_day": notice.last_day,
    }  # fmt: skip
    session.execute(
        text("""
        UPDATE kinmatch.batches SET expires_on = least(expires_on, CAST(:last_day AS date) + 1)
        WHERE agreement = :agreement AND society = :society AND state = 'accepted'
          AND key_epoch <= :epoch
        """),
        given,
    )
    session.execute(
        text("""
        UPDATE kinmatch.candidate_sides SET shown_until = least(shown_until, :last_day)
        FROM kinmatch.candidates
        JOIN kinmatch.records ON records.id IN (left_record, right_record)
        WHERE candidates.id = candidate_id AND records.agreement = :agreement
          AND records.society = :society AND records.key_epoch <= :epoch
        """),
        given,
    )
    session.execute(_ASKED_UNTIL, given)


# What is asked about records of a retired epoch is asked until its last day alone, of both sides.
_ASKED_UNTIL: Final = text("""
WITH ending AS (
  UPDATE kinmatch.refinements SET expires_on = CAST(:last_day AS date) + 1
  WHERE agreement = :agreement AND key_epoch <= :epoch
    AND :society IN (left_society, right_society) AND expires_on > CAST(:last_day AS date) + 1
  RETURNING id
)
UPDATE kinmatch.refinement_files SET expires_on = CAST(:last_day AS date) + 1
FROM ending WHERE refinement_id = ending.id
""")


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
