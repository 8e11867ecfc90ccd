"""What two societies say of a candidate, and what follows from it.

What both say moves the candidate's state, and only when both confirmed and the gates passed does
either learn who the other side is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError, StateError
from matcher.store.changing import change, locked, named
from matcher.store.models import CandidateRow, CandidateSide, Decision, Disclosure
from matcher.store.states.candidates import UNDECIDED

VERDICTS: Final = ("confirm", "reject", "unsure")
"""What a society may say of a candidate."""

NOTE_CODES: Final = ("details-agree", "details-differ", "too-little-known", "known-already")
"""Why a society says so. There is none for what a person wishes: the linkage unit must not hold it,
and `reject` without a note says to the other side all that it needs to know."""

_WAYS: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("open", "half_confirmed"): ("confirm_first",),
    ("open", "rejected"): ("reject",),
    ("half_confirmed", "open"): ("retract",),
    ("half_confirmed", "confirmed"): ("confirm_second",),
    ("half_confirmed", "rejected"): ("reject",),
    ("rejected", "open"): ("reconsider",),
    ("rejected", "half_confirmed"): ("reconsider", "confirm_first"),
    ("rejected", "confirmed"): ("reconsider", "confirm_first", "confirm_second"),
    # What both have confirmed stays so: these two are refused.
    ("confirmed", "half_confirmed"): ("retract",),
    ("confirmed", "rejected"): ("reject",),
}
"""Which events lead from a state to another; a new candidate counts as an open one."""


@dataclass(frozen=True)
class Decided:
    """What a decision led to.

    Attributes:
        state: The candidate's state now.
        disclosed: Whether both sides were told who the other is.
    """

    state: str
    disclosed: bool


class Gates(Protocol):
    """What must hold before anything is said, before a society confirms, and before disclosure."""

    def shown(self, session: Session, row: CandidateRow) -> bool:
        """Say whether the candidate may be shown now, by the agreement as it is in force."""

    def confirm(self, session: Session, row: CandidateRow, society: str) -> None:
        """Refuse a society's confirmation where something of its own side is missing.

        What depends on one side alone belongs here, with its reason for that side, before
        anything is written. So a confirmation that would lead nowhere is never told to the other
        side, and the wish of a person not to be found looks to it like no decision at all.

        Raises:
            KinmatchError: It can't confirm yet, with what is missing.
        """

    def disclose(self, session: Session, row: CandidateRow) -> bool:
        """Say whether both may learn who the other is; by what both know, such as the agreement."""


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
        gates: Asked first of all, before a confirmation, and when both have confirmed.
        user: Who decides.
        note_code: One of `NOTE_CODES`.

    Raises:
        ParameterError: The verdict or the code is none.
        AbsentError: The society has no such candidate, or it may not be shown now.
        StateError: It is in another version, or that can't be said in the state that it is in.
        KinmatchError: A gate does not let it be confirmed.
    """
    if verdict not in VERDICTS:
        raise ParameterError(f"A verdict must be one of {', '.join(VERDICTS)}.")
    if note_code is not None and note_code not in NOTE_CODES:
        raise ParameterError(f"A note must be one of {', '.join(NOTE_CODES)}.")
    row, own, other = _held(session, candidate, society)
    if not gates.shown(session, row):
        raise _absent(candidate)
    if row.version != version:
        raise StateError(
            f"Candidate {named(candidate)} changed since version {version}; look at it again."
        )
    if verdict == "confirm" and own.verdict != "confirm":
        gates.confirm(session, row, society)
    events = _events(row.state, verdict, other.verdict)
    own.verdict = verdict
    session.add(
        Decision(
            candidate_id=candidate, version=version, society=society, user_id=user,
            verdict=verdict, note_code=note_code,
        )
    )  # fmt: skip
    actor = str(user) if user is not None else society
    for event in events:
        change(session, row, event, actor=actor, society=society, details={"verdict": verdict})
    own.state = other.state = row.state
    return Decided(row.state, _settle(session, row, (own, other), gates))


def settle(session: Session, candidate: bytes, gates: Gates) -> bool:
    """Ask the gates once more, where both have confirmed and something has changed since.

    Args:
        session: A transaction `as_unit`.
        candidate: Its id.
        gates: What is asked.

    Returns:
        Whether both sides have been told who the other is.

    Raises:
        AbsentError: There is no such candidate.
    """
    row = locked(session, CandidateRow, candidate)
    return _settle(session, row, _sides(session, candidate), gates)


def _held(
    session: Session, candidate: bytes, society: str
) -> tuple[CandidateRow, CandidateSide, CandidateSide]:
    """Hold a candidate and both its sides; only then is anything added to the audit log.

    A night that publishes holds sides and then waits for the log, so nobody may hold the log and
    then wait for a side.
    """
    if session.get(CandidateSide, (candidate, society)) is None:
        raise _absent(candidate)
    row = locked(session, CandidateRow, candidate)
    one, other = _sides(session, candidate)
    own, theirs = (one, other) if one.society == society else (other, one)
    if own.barred or not own.listed:
        raise _absent(candidate)
    return row, own, theirs


def _absent(candidate: bytes) -> AbsentError:
    return AbsentError(f"There is no candidate {named(candidate)}; see that its id is right.")


def _sides(session: Session, candidate: bytes) -> tuple[CandidateSide, CandidateSide]:
    one, other = session.scalars(
        select(CandidateSide)
        .where(CandidateSide.candidate_id == candidate)
        .order_by(CandidateSide.society)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return one, other


def _events(state: str, own: str, other: str | None) -> Sequence[str]:
    """The way from a state to where both sides' verdicts lead."""
    verdicts = {own, other}
    if "reject" in verdicts:
        aim = "rejected"
    elif verdicts == {"confirm"}:
        aim = "confirmed"
    else:
        aim = "half_confirmed" if "confirm" in verdicts else "open"
    return _WAYS.get(("open" if state in UNDECIDED else state, aim), ())


def _settle(
    session: Session, row: CandidateRow, sides: tuple[CandidateSide, CandidateSide], gates: Gates
) -> bool:
    if row.state != "confirmed":
        return False
    if session.get(Disclosure, (row.id, sides[0].society)) is not None:
        return True
    if not gates.disclose(session, row):
        return False
    for own, other in (sides, sides[::-1]):
        session.add(
            Disclosure(
                candidate_id=row.id, society=own.society,
                other_society=other.society, other_reference=other.reference,
            )
        )  # fmt: skip
    session.flush()
    return True


def disclosed(session: Session, candidate: bytes, society: str) -> Disclosure | None:
    """Who the other side is, if this society was told."""
    return session.get(Disclosure, (candidate, society))
