"""Requests for data by who is no humanitarian: a register in which the answer is no.

A request is refused when it is written down. An authority's may be brought before the commission,
and nobody answers it before the commission has decided, by one of its members. Whatever is decided,
nothing here hands out data: the linkage unit knows no names.
"""

from datetime import date
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError
from matcher.formats.rulebook import refuse
from matcher.protection.training import duties_of, require_current, trained_until
from matcher.store import audit
from matcher.store.models import ForeignRequest, Society, User
from matcher.store.states.requests import REQUEST

COMMISSION: Final = "commission"
"""The duty of who decides."""

_LEAST_REASON = 10


def register(
    session: Session,
    *,
    requester: str,
    is_authority: bool,
    asks_for: str,
    on: date,
    society: str | None = None,
) -> ForeignRequest:
    """Write a request down, refused.

    Args:
        session: A transaction `as_unit`.
        requester: Who asks: an office or organisation.
        is_authority: Whether it is a public authority.
        asks_for: What it asks for, without a person's name.
        on: The day on which it came.
        society: The society it was sent to; None for the linkage unit.

    Raises:
        AbsentError: There is no such society.
        ParameterError: Who asks or what for is not said.
    """
    if not requester.strip() or not asks_for.strip():
        raise ParameterError("A request needs who asks and what for.")
    if society is not None and session.get(Society, society) is None:
        raise AbsentError(f"There is no society {society} here.")
    row = ForeignRequest(
        society=society, received_on=on, requester=requester, is_authority=is_authority,
        asks_for=asks_for, state=REQUEST.first,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, row, "request.register")
    return row


def bring_before_commission(session: Session, request: UUID, *, on: date) -> ForeignRequest:
    """Bring an authority's request before the commission.

    Raises:
        AbsentError: There is no such request.
        GateError: It is no authority's.
        StateError: It is there already, or decided.
    """
    row = _held(session, request)
    require_authority(row)
    row.state = REQUEST.after(row.state, "bring")
    row.before_commission_on = on
    session.flush()
    _note(session, row, "request.bring")
    return row


def require_authority(row: ForeignRequest) -> None:
    """Let an authority's request be brought further; everybody else's stays refused.

    Raises:
        GateError: It is no authority's.
    """
    if not row.is_authority:
        raise refuse("requests.refused-by-default", f"Request {row.id} is no authority's.")


def decide(
    session: Session,
    request: UUID,
    *,
    outcome: Literal["grant", "refuse"],
    by: UUID,
    reason: str,
    on: date,
) -> ForeignRequest:
    """Write down what the commission decided.

    Args:
        session: A transaction `as_unit`.
        request: Its id.
        outcome: What it decided.
        by: The user who signs for the commission: a member of it, with current training.
        reason: Why, in 10 characters or more.
        on: The day.

    Raises:
        AbsentError: There is no such request or user.
        GateError: It has not been before the commission, or the user may not sign for it.
        ParameterError: Why is not said.
        StateError: It is decided already.
    """
    row = _held(session, request)
    require_commission(row)
    require_member(session, by, on)
    if len(reason.strip()) < _LEAST_REASON:
        raise ParameterError("A decision needs a reason of 10 characters.")
    row.state = REQUEST.after(row.state, outcome)
    row.decided_on, row.decided_by, row.role, row.reason = on, str(by), COMMISSION, reason
    session.flush()
    _note(session, row, f"request.{outcome}", actor=str(by))
    return row


def require_commission(row: ForeignRequest) -> None:
    """Let a request be decided that has been brought before the commission.

    Raises:
        GateError: It has not.
    """
    if row.before_commission_on is None:
        raise refuse("requests.commission-first", f"Request {row.id} has not been there.")


def require_member(session: Session, user: UUID, on: date) -> None:
    """Let a user sign for the commission who is a member of it, with current training.

    Args:
        session: A transaction `as_unit`.
        user: Their id.
        on: The day.

    Raises:
        AbsentError: There is no such user.
        GateError: They have not the duty that day, are let in no more, or are not trained.
    """
    found = session.get(User, user)
    if found is None:
        raise AbsentError(f"There is no user {user}; 'kinmatch user list' shows who there is.")
    if not found.active or COMMISSION not in duties_of(session, user, on):
        raise refuse(
            "requests.commission-decides", f"User {user} is no member of the commission on {on}."
        )
    require_current(trained_until(session, user), on)


def requests(session: Session) -> list[ForeignRequest]:
    """Give the whole register, the newest first."""
    return list(
        session.scalars(
            select(ForeignRequest).order_by(
                ForeignRequest.received_on.desc(), ForeignRequest.recorded_at.desc()
            )
        )
    )


def _held(session: Session, request: UUID) -> ForeignRequest:
    row = session.get(ForeignRequest, request, with_for_update=True, populate_existing=True)
    if row is None:
        raise AbsentError(f"There is no request {request}; see that its id is right.")
    return row


def _note(
    session: Session, row: ForeignRequest, action: str, *, actor: str = audit.UNIT_ACTOR
) -> None:
    audit.append(
        session, action, f"request {row.id}", actor=actor, society=row.society,
        details={"state": row.state},
    )  # fmt: skip
