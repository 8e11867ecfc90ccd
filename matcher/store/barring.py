"""Taking records out of matching and out of every list, and letting them in again.

What is called here happens in one transaction that holds the agreement. A night that is comparing
meanwhile finds the marks of these records gone, and drops what it found of them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from matcher.store import refinements
from matcher.store.models import CandidateRow

NOT_COMPARED: Final = "objection.not-compared"
"""The rule by which a record is suspended."""

REVIEWED: Final = "retention.review-current"
"""The rule by which a record that is due for review is barred."""

LEAVING: Final = "leaving"
"""Why a record is barred whose batch was taken back, or can't be read any more."""


def bar(session: Session, ids: Sequence[int], why: str) -> None:
    """Let records take no part in matching, and hide their candidates from both sides.

    Args:
        session: A transaction `as_unit`.
        ids: The rows' ids.
        why: `suspended`, `overdue`, or `LEAVING`, which nothing lifts.
    """
    _leave_cases(session, ids, only_kin=True)
    session.execute(
        text("""
        UPDATE kinmatch.records SET taken_in = NULL, compared_in = NULL,
          barred = CASE WHEN barred = :leaving THEN barred ELSE :why END
        WHERE id = ANY(:ids)
        """),
        {"ids": list(ids), "why": why, "leaving": LEAVING},
    )
    session.execute(
        text("""
        UPDATE kinmatch.candidate_sides SET barred = true, listed = false FROM kinmatch.candidates
        WHERE candidates.id = candidate_id
          AND (left_record = ANY(:ids) OR right_record = ANY(:ids))
        """),
        {"ids": list(ids)},
    )
    _abandon_refinements(session, ids)  # last, since it holds the audit log, and others wait for it


def remove(session: Session, ids: Sequence[int]) -> int:
    """Delete records, with candidates, decisions, disclosures and refinements of them.

    That data of them were shared, and why, stays; that it was theirs doesn't.

    Returns:
        How many candidates went.
    """
    _leave_cases(session, ids, only_kin=True)
    _abandon_refinements(session, ids)
    given = {"ids": list(ids)}
    gone = session.scalar(
        select(func.count())
        .select_from(CandidateRow)
        .where(text("left_record = ANY(:ids) OR right_record = ANY(:ids)")),
        given,
    )
    session.execute(
        text("""
        UPDATE kinmatch.sharing_decisions AS decision SET subject = 'deleted' FROM kinmatch.records
        WHERE records.id = ANY(:ids) AND decision.society = records.society
          AND subject = encode(reference, 'hex')
        """),
        given,
    )
    session.execute(text("DELETE FROM kinmatch.records WHERE id = ANY(:ids)"), given)
    return gone or 0


def unbar(session: Session, ids: Sequence[int], on: date) -> None:
    """Let suspended records take part again, but those that are due for review on that day.

    They are new to the next night, which also shows their candidates again.
    """
    session.execute(
        text("""
        UPDATE kinmatch.records SET barred = CASE WHEN review_on <= :on THEN 'overdue' END
        WHERE id = ANY(:ids) AND barred = 'suspended'
        """),
        {"ids": list(ids), "on": on},
    )
    _leave_cases(session, ids, only_kin=False)


def renew(session: Session, ids: Sequence[int], review_on: date | None, on: date) -> None:
    """Give records another review date; those that were only overdue take part again."""
    given = {"ids": list(ids), "review_on": review_on, "on": on}
    let_in = session.scalars(
        text("""
        SELECT id FROM kinmatch.records
        WHERE id = ANY(:ids) AND barred = 'overdue' AND :review_on > :on
        """),
        given,
    ).all()
    session.execute(
        text("UPDATE kinmatch.records SET review_on = :review_on WHERE id = ANY(:ids)"), given
    )
    session.execute(
        text("""
        UPDATE kinmatch.candidate_sides SET shown_until = least(shown_until, :review_on - 1)
        FROM kinmatch.candidates
        WHERE candidates.id = candidate_id
          AND (left_record = ANY(:ids) OR right_record = ANY(:ids))
        """),
        given,
    )
    session.execute(
        text("UPDATE kinmatch.records SET barred = NULL WHERE id = ANY(:let_in)"),
        {"let_in": list(let_in)},
    )
    _leave_cases(session, let_in, only_kin=False)


def bar_batch(session: Session, batch: UUID) -> int:
    """Take all records of a batch out of matching and off all lists, as it leaves.

    Returns:
        How many there are; the night removes them.
    """
    ids = session.scalars(
        text("SELECT id FROM kinmatch.records WHERE batch_id = :batch"), {"batch": batch}
    ).all()
    if ids:
        bar(session, list(ids), LEAVING)
    return len(ids)


def leave_out(session: Session, older: UUID, newer: UUID) -> None:
    """Bar whom a batch leaves out that takes the place of an older one; the night removes them.

    A record that the newer batch has under another key epoch stays until then.
    """
    ids = session.scalars(
        text("""
        SELECT id FROM kinmatch.records AS old WHERE batch_id = :older AND NOT EXISTS (
          SELECT FROM kinmatch.records AS new
          WHERE new.batch_id = :newer AND new.reference = old.reference
        )
        """),
        {"older": older, "newer": newer},
    ).all()
    if ids:
        bar(session, list(ids), LEAVING)


def bring_forward(session: Session, batch: UUID) -> None:
    """Let candidates of records that a batch says anew show no longer than it lets them.

    A later day than they had waits for a night.
    """
    session.execute(
        text("""
        UPDATE kinmatch.candidate_sides AS side SET shown_until = told.until
        FROM (
          SELECT candidates.id, least(review_on, expires_on) - 1 AS until
          FROM kinmatch.records JOIN kinmatch.batches ON batches.id = batch_id
          JOIN kinmatch.candidates ON left_record = records.id
          WHERE batch_id = :batch
          UNION ALL
          SELECT candidates.id, least(review_on, expires_on) - 1
          FROM kinmatch.records JOIN kinmatch.batches ON batches.id = batch_id
          JOIN kinmatch.candidates ON right_record = records.id
          WHERE batch_id = :batch
        ) AS told
        WHERE candidate_id = told.id AND shown_until > told.until
        """),
        {"batch": batch},
    )


def bar_overdue(session: Session, on: date) -> int:
    """Bar the records whose review date has come, and say how many."""
    late = session.scalars(
        text("SELECT id FROM kinmatch.records WHERE barred IS NULL AND review_on <= :on"),
        {"on": on},
    ).all()
    if late:
        bar(session, list(late), "overdue")
    return len(late)


def _leave_cases(session: Session, ids: Sequence[int], *, only_kin: bool) -> None:
    """Have compared anew what the people of the same cases were compared with.

    Who shares a case is in the batch alone, so this takes all that was found of the same batches:
    of those who leave, where people around a pair counted for something.
    """
    given = {"ids": list(ids), "only_kin": only_kin}
    session.execute(
        text("""
        UPDATE kinmatch.batches SET people_changed_at = clock_timestamp()
        WHERE id IN (SELECT batch_id FROM kinmatch.records WHERE id = ANY(:ids))
        """),
        given,
    )
    session.execute(
        text("""
        UPDATE kinmatch.records SET taken_in = NULL, compared_in = NULL
        FROM kinmatch.candidates JOIN kinmatch.candidate_sides ON candidate_id = candidates.id
        WHERE records.id IN (left_record, right_record)
          AND (kin IS NOT NULL OR NOT :only_kin)
          AND records.batch_id IN (SELECT batch_id FROM kinmatch.records WHERE id = ANY(:ids))
        """),
        given,
    )


def _abandon_refinements(session: Session, ids: Sequence[int]) -> None:
    """End the refinements that are under way and ask about one of the records."""
    asked = session.scalars(
        text("""
        SELECT DISTINCT refinements.id FROM kinmatch.refinements
        JOIN kinmatch.refined_candidates AS refined ON refined.refinement_id = refinements.id
        JOIN kinmatch.candidates ON candidates.id = refined.candidate_id
        WHERE refinements.state = ANY(:under_way)
          AND (left_record = ANY(:ids) OR right_record = ANY(:ids))
        ORDER BY refinements.id
        """),
        {"ids": list(ids), "under_way": list(refinements.UNDER_WAY)},
    ).all()
    for refinement in asked:
        refinements.abandon(session, refinement, "a record left matching")
