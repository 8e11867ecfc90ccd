"""Candidates as societies see and decide them.

Each society sees its own record's side. What both say moves the candidate's state, and only when
both confirmed and the gates passed does either learn who the other side is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError, StateError
from matcher.store.changing import change, locked, named
from matcher.store.models import CandidateRow, CandidateSide, Decision, Disclosure
from matcher.store.states.candidates import UNDECIDED

VERDICTS: Final = ("confirm", "reject", "unsure")
"""What a society may say of a candidate."""


def listed(
    session: Session,
    *,
    society: str,
    count: int,
    after: tuple[float, bytes] | None = None,
    states: Sequence[str] | None = None,
) -> list[CandidateSide]:
    """Give a society's candidates, best score first; of equal scores by id.

    Args:
        session: A transaction, best `as_society`.
        society: Whose.
        count: How many at most.
        after: Score and id of the last one seen, to go on from there.
        states: Only those in these states; all if None.
    """
    query = select(CandidateSide).where(CandidateSide.society == society, CandidateSide.listed)
    if states is not None:
        query = query.where(CandidateSide.state.in_(states))
    if after is not None:
        score, candidate = after
        query = query.where(
            CandidateSide.score <= score,
            or_(CandidateSide.score < score, CandidateSide.candidate_id > candidate),
        )
    ordered = query.order_by(CandidateSide.score.desc(), CandidateSide.candidate_id)
    return list(session.scalars(ordered.limit(count)))


@dataclass(frozen=True)
class Decided:
    """What a decision led to.

    Attributes:
        state: The candidate's state now.
        disclosed: Whether both sides were told who the other is.
    """

    state: str
    disclosed: bool


Gates = Callable[[Session, CandidateRow], bool]
"""Told of a candidate that both confirmed; says whether both may learn who the other side is."""


def decide(
    session: Session,
    candidate: bytes,
    *,
    society: str,
    verdict: str,
    version: int,
    gates: Gates,
    user: UUID | None = None,
    note_code: str | None = None,
) -> Decided:
    """Take down what a society says of a candidate of its own, and what follows from it.

    Args:
        session: A transaction `as_unit`.
        candidate: Its id.
        society: Who says so; a society that has no side of it is told that there is none.
        verdict: One of `VERDICTS`.
        version: The version that was looked at; another one must be looked at anew.
        gates: Asked when both have confirmed.
        user: Who decides.
        note_code: A code for why; no words.

    Raises:
        ParameterError: The verdict is none.
        AbsentError: The society has no such candidate.
        StateError: It is in another version, or that can't be said in the state that it is in.
    """
    if verdict not in VERDICTS:
        raise ParameterError(f"A verdict must be one of {', '.join(VERDICTS)}.")
    side = session.get(CandidateSide, (candidate, society))
    if side is None or not side.listed:
        raise AbsentError(f"There is no candidate {named(candidate)}; see that its id is right.")
    row = locked(session, CandidateRow, candidate)
    session.refresh(side)
    if row.version != version:
        raise StateError(
            f"Candidate {named(candidate)} changed since version {version}; look at it again."
        )
    session.add(
        Decision(
            candidate_id=candidate, version=version, society=society, user_id=user,
            verdict=verdict, note_code=note_code,
        )
    )  # fmt: skip
    others = session.scalars(
        select(CandidateSide.verdict).where(
            CandidateSide.candidate_id == candidate, CandidateSide.society != society
        )
    ).one()
    side.verdict, before = verdict, side.verdict
    actor = str(user) if user is not None else society
    for event in _events(row.state, before, verdict, others):
        change(session, row, event, actor=actor, society=society, details={"verdict": verdict})
    session.execute(
        update(CandidateSide).where(CandidateSide.candidate_id == candidate).values(state=row.state)
    )
    disclosed = row.state == "confirmed" and gates(session, row)
    if disclosed:
        _disclose(session, row)
    return Decided(row.state, disclosed)


def _events(state: str, before: str | None, verdict: str, others: str | None) -> list[str]:
    """What a verdict lets happen to a candidate, given what both sides said so far."""
    if verdict == before:
        return []
    if verdict == "reject":
        # Rejected by the other side already: this one's word is noted, nothing more happens.
        return [] if state == "rejected" else ["reject"]
    if verdict == "unsure":
        if before == "confirm" and state != "rejected":  # once both confirmed, that is refused
            return ["retract"]
        return ["reconsider"] if before == "reject" and others != "reject" else []
    if state == "rejected":
        if others == "reject":
            return []
        return ["reconsider", "confirm_first", *(["confirm_second"] if others == "confirm" else [])]
    return ["confirm_first" if state in UNDECIDED else "confirm_second"]


def _disclose(session: Session, row: CandidateRow) -> None:
    sides = session.scalars(select(CandidateSide).where(CandidateSide.candidate_id == row.id)).all()
    for own, other in (sides, sides[::-1]):
        session.add(
            Disclosure(
                candidate_id=row.id, society=own.society,
                other_society=other.society, other_reference=other.reference,
            )
        )  # fmt: skip
    session.flush()


def disclosed(session: Session, candidate: bytes, society: str) -> Disclosure | None:
    """Who the other side is, if this society was told."""
    return session.get(Disclosure, (candidate, society))
