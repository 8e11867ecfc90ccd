"""Refinements: asked for, released by both societies, scored."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError
from matcher.store import audit
from matcher.store.changing import change, locked, named
from matcher.store.models import CandidateRow, CandidateSide, RefinementRow
from matcher.store.states.refinements import REFINEMENT

_OPEN = ("requested", "half_released", "released")


def request(
    session: Session, candidate: bytes, *, society: str, expires_on: date, actor: str
) -> RefinementRow:
    """Ask for the second stage of a candidate; one that is under way already is given again.

    Args:
        session: A transaction `as_unit`.
        candidate: Its id.
        society: Who asks; it must have a side of the candidate.
        expires_on: The day on which it ends if not both have released.
        actor: Who asks.

    Raises:
        AbsentError: The society has no such candidate.
    """
    _require_side(session, candidate, society)
    locked(session, CandidateRow, candidate)  # of two who ask at once, the second finds the first's
    running = session.scalars(
        select(RefinementRow)
        .where(RefinementRow.candidate_id == candidate, RefinementRow.state.in_(_OPEN))
        .with_for_update()
    ).one_or_none()
    if running is not None:
        return running
    row = RefinementRow(candidate_id=candidate, state=REFINEMENT.first, expires_on=expires_on)
    session.add(row)
    session.flush()
    audit.append(
        session, "refinement.request", f"refinement {row.id}", actor=actor, society=society,
        details={"candidate": candidate.hex()},
    )  # fmt: skip
    return row


def release(session: Session, refinement: UUID, *, society: str, actor: str) -> RefinementRow:
    """Note that a society has released its attribute fingerprints; released twice is once.

    Raises:
        StoreError: The society has no side of it.
        StateError: It is past this.
    """
    row = locked(session, RefinementRow, refinement)
    _require_side(session, row.candidate_id, society)
    if row.state == "requested":
        row.first_released_by = society
        change(session, row, "release_first", actor=actor, society=society)
    elif row.state != "half_released" or row.first_released_by != society:
        change(session, row, "release_second", actor=actor, society=society)
    return row


def refuse(session: Session, refinement: UUID, *, society: str, actor: str) -> RefinementRow:
    """Note that a society does not release its side.

    Raises:
        StoreError: The society has no side of it.
        StateError: It is past this.
    """
    row = locked(session, RefinementRow, refinement)
    _require_side(session, row.candidate_id, society)
    change(session, row, "refuse", actor=actor, society=society)
    return row


def score(session: Session, refinement: UUID, outcome: Mapping[str, Any]) -> RefinementRow:
    """Note what the attributes said, once both sides were released.

    Args:
        session: A transaction `as_unit`.
        refinement: Its id.
        outcome: Per attribute the level and its weight in bits, and the score; codes and numbers.

    Raises:
        StateError: Not both have released, or it is past this.
    """
    row = locked(session, RefinementRow, refinement)
    row.outcome = dict(outcome)
    change(session, row, "score")
    return row


def expire(session: Session, on: date) -> int:
    """End all that were not scored in time, and say how many."""
    late = session.scalars(
        select(RefinementRow)
        .where(RefinementRow.state.in_(_OPEN), RefinementRow.expires_on <= on)
        .order_by(RefinementRow.id)
        .with_for_update()
    ).all()
    for row in late:
        change(session, row, "expire")
    return len(late)


def _require_side(session: Session, candidate: bytes, society: str) -> None:
    if session.get(CandidateSide, (candidate, society)) is None:
        raise AbsentError(f"There is no candidate {named(candidate)}; see that its id is right.")
