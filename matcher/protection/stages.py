"""What each stage of a candidate reveals, and what people must have done before the next.

A candidate reveals a band, its refinement levels. Who the other side is shows only after both
societies confirmed, and each of them confirms only once its own side is cleared: safeguarding was
looked at, the person its record is about, or who asked for that person, was consulted and agrees,
and the sharing decision tree permits it. What is missing is told to that side alone. To the other
side a confirmation that is not made looks like no decision: a person who does not wish to be found
shows nowhere, not even here.

Process feedback (pending, accepted, rejected) follows from decisions and needs no consent. What
became of the persons is service feedback, and needs theirs.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError
from matcher.formats.rulebook import refuse
from matcher.protection import sharing
from matcher.store import audit
from matcher.store.candidates import disclosed
from matcher.store.changing import locked, named
from matcher.store.models import (
    AgreementRow,
    CandidateRow,
    CandidateSide,
    Clearance,
    Disclosure,
    ServiceFeedback,
)

SERVICE_CODES: Final = (
    "contact-restored", "message-delivered", "reunited", "news-of-death", "service-ended",
)  # fmt: skip
"""What service feedback may say; no words."""

_SIDES: Final = 2


@dataclass(frozen=True)
class Stages:
    """The gates before a confirmation and before a disclosure; see `candidates.Gates`.

    Attributes:
        on: The day.
        is_safe: Whether the society that decides says that safeguarding was looked at and cleared.
        is_agreed: Whether it says that its person was consulted and agrees.
        user: Who says so.
    """

    on: date
    is_safe: bool = False
    is_agreed: bool = False
    user: UUID | None = None

    def shown(self, session: Session, row: CandidateRow) -> bool:
        """Let both sides speak of what may be shown today alone."""
        return is_shown(session, row, self.on)

    def confirm(self, session: Session, row: CandidateRow, society: str) -> None:
        """Let a society confirm whose own side is cleared, and keep that it is.

        Raises:
            GateError: The side is not cleared, or the sharing decision tree does not permit it.
        """
        require_cleared(is_safe=self.is_safe)
        require_consulted(is_agreed=self.is_agreed)
        sharing.require_confirmation(session, row, society)
        session.merge(
            Clearance(
                candidate_id=row.id, version=row.version, society=society, user_id=self.user,
                cleared_on=self.on,
            )
        )  # fmt: skip

    def disclose(self, session: Session, row: CandidateRow) -> bool:
        """Let both sides learn who the other is where both are cleared and may still meet."""
        return is_shown(session, row, self.on) and both_cleared(session, row)


def is_shown(session: Session, row: CandidateRow, on: date) -> bool:
    """Tell whether a candidate may be shown on a day: to neither side, or to both."""
    agreement = session.get_one(AgreementRow, row.agreement)
    shown = session.scalar(
        select(func.count()).where(
            CandidateSide.candidate_id == row.id,
            CandidateSide.listed,
            ~CandidateSide.barred,
            CandidateSide.shown_until >= on,
        )
    )
    return agreement.valid_from <= on <= agreement.valid_until and shown == _SIDES


def require_shown(session: Session, row: CandidateRow, on: date) -> None:
    """Let a candidate pass that may be shown today.

    Raises:
        AbsentError: It may not: it looks like none.
    """
    if not is_shown(session, row, on):
        raise AbsentError(f"There is no candidate {named(row.id)}; see that its id is right.")


def require_cleared(*, is_safe: bool) -> None:
    """Let a confirmation pass whose society looked at safeguarding on its own side.

    Raises:
        GateError: It did not say so.
    """
    if not is_safe:
        raise refuse("disclosure.safeguarding-cleared")


def require_consulted(*, is_agreed: bool) -> None:
    """Let a confirmation pass whose society consulted its own person, who agrees.

    Raises:
        GateError: It did not say so.
    """
    if not is_agreed:
        raise refuse("disclosure.person-consulted")


def both_cleared(session: Session, row: CandidateRow) -> bool:
    """Tell whether both sides of a candidate are cleared, in the version that it is in.

    Each was when it confirmed; and what it last answered in the sharing decision tree permits it.
    """
    query = select(Clearance.society).where(
        Clearance.candidate_id == row.id, Clearance.version == row.version
    )
    cleared = session.scalars(query).all()
    return len(cleared) == _SIDES and sharing.permits(session, row, cleared)


def require_disclosed(session: Session, candidate: bytes, society: str) -> Disclosure:
    """Give what a society was told of the other side: rule "disclosure.both-confirmed".

    Raises:
        AbsentError: It was told nothing, or has no such candidate; a refusal that said which of
            the two would tell of the other side.
    """
    found = disclosed(session, candidate, society)
    if found is None:
        raise AbsentError(f"There is no candidate {named(candidate)}; see that its id is right.")
    return found


def give_service_feedback(
    session: Session,
    candidate: bytes,
    *,
    society: str,
    code: str,
    consent_on: date | None,
    on: date,
    user: UUID | None = None,
) -> None:
    """Tell the other society what became of the persons; what was told before is replaced.

    Args:
        session: A transaction `as_unit`.
        candidate: Its id.
        society: Who tells.
        code: One of `SERVICE_CODES`.
        consent_on: The day on which the person consented to this; None if they did not.
        on: The day.
        user: Who tells.

    Raises:
        ParameterError: The code is none, or the consent is of a later day.
        AbsentError: The other side has not been disclosed to the society, or may not be shown now.
        GateError: There is no consent.
    """
    if code not in SERVICE_CODES:
        raise ParameterError(f"Service feedback must be one of {', '.join(SERVICE_CODES)}.")
    told = require_disclosed(session, candidate, society)
    require_shown(session, locked(session, CandidateRow, candidate), on)
    given = require_service_consent(consent_on, on)
    session.merge(
        ServiceFeedback(
            candidate_id=candidate, society=society, to_society=told.other_society, code=code,
            consent_on=given, user_id=user,
        )
    )  # fmt: skip
    audit.append(
        session, "feedback.give", f"candidate {named(candidate)}",
        actor=society if user is None else str(user), society=society, details={"code": code},
    )  # fmt: skip


def require_service_consent(consent_on: date | None, on: date) -> date:
    """Let service feedback pass to which the person consented; give the day.

    Raises:
        GateError: There is no consent.
        ParameterError: It is of a later day.
    """
    if consent_on is None:
        raise refuse("feedback.service-consent")
    if consent_on > on:
        raise ParameterError("A consent can't be of a day that is still to come.")
    return consent_on


def service_feedback(session: Session, candidate: bytes, society: str) -> ServiceFeedback | None:
    """What the other society told this one; None if nothing.

    Args:
        session: A transaction `as_society`.
        candidate: Its id.
        society: Who was told.
    """
    return session.scalars(
        select(ServiceFeedback).where(
            ServiceFeedback.candidate_id == candidate, ServiceFeedback.to_society == society
        )
    ).one_or_none()
