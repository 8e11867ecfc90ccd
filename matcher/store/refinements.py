"""Refinements: two societies are asked about candidates of theirs, both answer, it is scored.

What is asked and answered travels in letters (`matcher.formats.letter`), which are kept as they
are until the refinement is over, and then are gone. A society reads what it is asked under
row-level security; answers are taken in as the linkage unit, for the society that sends them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, InputError, StateError
from matcher.formats.letter import Letter
from matcher.formats.refinement import ANSWER_KIND
from matcher.store import audit
from matcher.store.agreements import agreement_of
from matcher.store.changing import change, locked
from matcher.store.models import RefinedCandidate, RefinementFile, RefinementRow
from matcher.store.states.refinements import REFINEMENT

UNDER_WAY: Final = REFINEMENT.before("expire")
"""States of a refinement that is not over."""

WAITS: Final = (0, 30, 60, 120)
"""Days for which a candidate is not asked about after it went unanswered once, twice, and so on.

Unanswered once more than there are waits, it is left alone until one of its records changes: a
society that does not answer is not sent the same requests for ever.
"""


@dataclass(frozen=True, repr=False)
class Asked:
    """What one society is asked.

    Attributes:
        society: Whom the letter is to.
        letter: The letter.
        seal: The seal of the requests inside.
    """

    society: str
    letter: bytes
    seal: str


def begin(
    session: Session,
    *,
    agreement: str,
    run: str,
    part: int,
    key_epoch: int,
    asked: tuple[Asked, Asked],
    candidates: Sequence[tuple[bytes, int]],
    asked_on: date,
    expires_on: date,
) -> UUID:
    """Ask two societies about candidates of theirs.

    Args:
        session: A transaction `as_unit`.
        agreement: The agreement's id.
        run: Digest of the plan of the night that found them or knows them.
        part: A number that no other refinement of the run has.
        key_epoch: The epoch of the records' keys.
        asked: What the left and the right society are asked.
        candidates: Their ids and versions.
        asked_on: The day; what is asked shows when that day's night does.
        expires_on: The day on which it is over if not both have answered.

    Returns:
        The refinement's id.
    """
    left, right = asked
    row = RefinementRow(
        agreement=agreement,
        run=run,
        part=part,
        key_epoch=key_epoch,
        left_society=left.society,
        right_society=right.society,
        state=REFINEMENT.first,
        expires_on=expires_on,
    )
    session.add(row)
    session.flush()
    session.add_all(
        RefinementFile(
            refinement_id=row.id, society=one.society, agreement=agreement, run=run, part=part,
            candidates=len(candidates), requests=one.letter, requests_digest=_digest(one.letter),
            requests_seal=one.seal, size=len(one.letter), asked_on=asked_on, expires_on=expires_on,
        )
        for one in asked
    )  # fmt: skip
    session.add_all(
        RefinedCandidate(refinement_id=row.id, candidate_id=candidate, version=version)
        for candidate, version in candidates
    )
    session.flush()
    session.execute(_MARK, {"refinement": row.id, "marked": "requested"})
    # The unit's own entry: in the societies' it would show before the letters do.
    audit.append(
        session, "refinement.request", f"refinement {row.id}",
        details={"candidates": len(candidates), "agreement": agreement},
    )  # fmt: skip
    return row.id


# A candidate's sides say how far its refinement is, as long as it is about the same version.
_MARK = text("""
UPDATE kinmatch.candidate_sides SET refinement = :marked
FROM kinmatch.refined_candidates AS refined
WHERE refined.refinement_id = :refinement AND candidate_sides.candidate_id = refined.candidate_id
  AND candidate_sides.version = refined.version
""")


# Of a candidate whose records may not meet now nothing was weighed; it is asked about later.
_MARK_SCORED = text("""
UPDATE kinmatch.candidate_sides
SET refinement = CASE WHEN attributes IS NOT NULL THEN 'scored' END
FROM kinmatch.refined_candidates AS refined
WHERE refined.refinement_id = :refinement AND candidate_sides.candidate_id = refined.candidate_id
  AND candidate_sides.version = refined.version
""")


def listed(session: Session, *, answered: bool, on: date, until: date) -> list[RefinementFile]:
    """Give what a society is asked, the one that is over first first; of one day by id.

    Args:
        session: A transaction `as_society`, whose they are.
        answered: Whether those that it has answered, or those that it has not.
        on: The day; what is over that day is not asked any more.
        until: Up to which day's; what is asked on a later one does not show yet.
    """
    query = select(RefinementFile).where(
        RefinementFile.requests.is_not(None),
        RefinementFile.asked_on <= until,
        RefinementFile.expires_on > on,
        RefinementFile.answer_digest.is_not(None)
        if answered
        else RefinementFile.answer_digest.is_(None),
    )
    ordered = query.order_by(RefinementFile.expires_on, RefinementFile.refinement_id)
    return list(session.scalars(ordered))


def require_asked(
    session: Session, refinement: UUID, society: str, *, on: date, until: date
) -> None:
    """Refuse a refinement in which a society is asked nothing.

    Args:
        session: A transaction that sees the society's rows.
        refinement: Its id.
        society: Which.
        on: As for `listed`.
        until: As for `listed`.

    Raises:
        AbsentError: There is none under that id in which it is asked something now.
    """
    _shown(session, refinement, society, on, until)


def requests_of(
    session: Session, refinement: UUID, society: str, *, on: date, until: date
) -> bytes:
    """Give the letter that asks a society; the arguments are those of `require_asked`.

    Raises:
        AbsentError: It is asked nothing under that id, no longer, or not yet.
    """
    found = _shown(session, refinement, society, on, until)
    if found.requests is None:
        raise _absent(refinement)
    return found.requests


def _shown(
    session: Session, refinement: UUID, society: str, on: date, until: date
) -> RefinementFile:
    found = _asked(session, refinement, society, on)
    if found.asked_on > until:
        raise _absent(refinement)
    return found


def _asked(session: Session, refinement: UUID, society: str, on: date) -> RefinementFile:
    found = session.get(RefinementFile, (refinement, society))
    if found is None or found.expires_on <= on:
        raise _absent(refinement)
    return found


def release(
    session: Session, refinement: UUID, *, society: str, answer: bytes, actor: str, on: date
) -> RefinementRow:
    """Take a society's answer; the same answer twice is one.

    Args:
        session: A transaction `as_unit`.
        refinement: Its id.
        society: Who answers.
        answer: The letter with the answer.
        actor: Who sends it.
        on: The day.

    Raises:
        AbsentError: The society is not asked under that id, or no longer.
        InputError, IntegrityError, MismatchError: The letter is none of this society's to the
            linkage unit that answers these requests.
        StateError: It has answered already, otherwise, or the refinement is over.
    """
    _asked(session, refinement, society, on)
    row = locked(session, RefinementRow, refinement)
    file = session.get_one(RefinementFile, (refinement, society), populate_existing=True)
    digest = _digest(answer)
    if file.answer_digest == digest:
        return row
    if file.answer_digest is not None:
        raise StateError("These requests were answered already, with another answer.")
    if row.state not in UNDER_WAY:
        raise StateError("These requests are over; the next night asks anew what it needs.")
    _require_answer(session, file, answer)
    file.answer, file.answer_digest = answer, digest
    event = "release_first" if row.state == REFINEMENT.first else "release_second"
    if event == "release_first":
        row.first_released_by = society
    change(session, row, event, actor=actor, society=society, details={"digest": digest})
    return row


def _require_answer(session: Session, file: RefinementFile, answer: bytes) -> None:
    """Refuse a letter that is not this society's answer; it is not opened for that."""
    agreement = agreement_of(session, file.agreement)
    header = Letter.of(answer, agreement, Path("the answer")).header
    wanted = (file.society, agreement.linkage_unit, ANSWER_KIND, file.requests_seal)
    if (header.sender, header.recipient, header.holds, header.answers) != wanted:
        raise InputError(
            "The answer is not this society's to the linkage unit, or answers other requests. "
            "Answer the requests that were fetched under this id."
        )


def to_score(session: Session) -> list[UUID]:
    """Give the refinements that both societies have answered, by id."""
    # A restored database has states without letters: what is not there expires in its time.
    query = (
        select(RefinementRow.id)
        .join(RefinementFile, RefinementFile.refinement_id == RefinementRow.id)
        .where(RefinementRow.state == "released", RefinementFile.answer.is_not(None))
        .group_by(RefinementRow.id)
        .having(func.count() == 2)  # both sides
    )
    return list(session.scalars(query.order_by(RefinementRow.id)))


def awaited(session: Session, agreement: str, least: float) -> int:
    """Give how many candidates under an agreement are to be refined and are not yet.

    Args:
        session: A transaction `as_unit`.
        agreement: Its id.
        least: The first score from which candidates are refined, in bits.
    """
    return int(session.scalar(_AWAITED, {"agreement": agreement, "least": least}) or 0)


_AWAITED = text("""
SELECT count(DISTINCT candidate_id) FROM kinmatch.candidate_sides
JOIN kinmatch.candidates ON candidates.id = candidate_id AND candidates.score >= :least
WHERE candidate_sides.agreement = :agreement AND listed AND NOT barred
  AND candidate_sides.state IN ('new', 'open', 'half_confirmed')
  AND refinement IS DISTINCT FROM 'scored'
  AND NOT EXISTS (
    SELECT FROM kinmatch.unanswered AS before
    WHERE before.candidate_id = candidate_sides.candidate_id
      AND before.version = candidate_sides.version AND before.ask_on IS NULL
  )
""")


def answers_of(session: Session, refinement: UUID) -> tuple[RefinementFile, RefinementFile]:
    """Give what the left and the right society were asked and answered."""
    row = session.get_one(RefinementRow, refinement)
    left, right = (
        session.get_one(RefinementFile, (refinement, society))
        for society in (row.left_society, row.right_society)
    )
    return left, right


def score(session: Session, refinement: UUID, outcome: Mapping[str, Any]) -> None:
    """End a refinement whose answers were weighed; the answers go.

    Args:
        session: A transaction `as_unit`.
        refinement: Its id.
        outcome: Counts.

    Raises:
        StateError: Not both have answered, or it is past this.
    """
    row = locked(session, RefinementRow, refinement)
    row.outcome = dict(outcome)
    change(session, row, "score", details=outcome)
    session.execute(_MARK_SCORED, {"refinement": refinement})
    _forget(session, row)


def abandon(session: Session, refinement: UUID, why: str) -> None:
    """End a refinement whose answers can't be weighed; the next night asks anew.

    Raises:
        StateError: It is over.
    """
    row = locked(session, RefinementRow, refinement)
    _expire(session, row, {"why": why})


def expire(session: Session, on: date) -> int:
    """End all that were not answered in time, and say how many."""
    late = session.scalars(
        select(RefinementRow)
        .where(RefinementRow.state.in_(UNDER_WAY), RefinementRow.expires_on <= on)
        .order_by(RefinementRow.id)
        .with_for_update()
    ).all()
    for row in late:
        note_unanswered(session, row.id, on=on)
        _expire(session, row, {})
    return len(late)


def note_unanswered(session: Session, refinement: UUID, *, on: date) -> None:
    """Count for each candidate of a refinement that nobody can weigh an answer, by `WAITS`."""
    days = [on + timedelta(days=wait) for wait in WAITS]
    session.execute(_NOTE_UNANSWERED, {"refinement": refinement, "days": days})


# What went unanswered in an earlier version counts no more; past the last wait there is no day.
_NOTE_UNANSWERED = text("""
INSERT INTO kinmatch.unanswered AS before (candidate_id, version, times, ask_on)
SELECT candidate_id, version, 1, (CAST(:days AS date[]))[1] FROM kinmatch.refined_candidates
WHERE refinement_id = :refinement
ON CONFLICT (candidate_id) DO UPDATE SET
  version = excluded.version,
  times = CASE WHEN before.version = excluded.version THEN before.times ELSE 0 END + 1,
  ask_on = (CAST(:days AS date[]))[
    CASE WHEN before.version = excluded.version THEN before.times ELSE 0 END + 1
  ]
""")


def _expire(session: Session, row: RefinementRow, details: audit.Details) -> None:
    change(session, row, "expire", details=details)
    session.execute(_MARK, {"refinement": row.id, "marked": None})
    session.execute(delete(RefinedCandidate).where(RefinedCandidate.refinement_id == row.id))
    _forget(session, row)


def _forget(session: Session, row: RefinementRow) -> None:
    session.execute(
        update(RefinementFile)
        .where(RefinementFile.refinement_id == row.id)
        .values(requests=None, answer=None)
    )


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _absent(refinement: UUID) -> AbsentError:
    return AbsentError(f"There is no refinement {refinement}; see that its id is right.")
