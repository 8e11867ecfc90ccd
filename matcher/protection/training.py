"""Who has which duty in data protection, and whose training is current.

Access to the service needs training that is current that day: a user who has none, or whose last
course has run out, gets in nowhere, by whatever credentials. Duties are the Movement's: focal point
and staff in charge at a society, advisory group and commission for all, data-protection officer.
"""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, ParameterError
from matcher.formats.rulebook import refuse
from matcher.store import audit
from matcher.store.models import Duty, Training, User

DUTIES: Final = (
    "focal-point", "staff-in-charge", "advisory-group", "commission", "data-protection-officer",
)  # fmt: skip
"""Duties that a user may have; those of the table of rules."""

LONGEST_DAYS: Final = 731
"""Days after which a course has to be done again at the latest: two years."""


def record_training(
    session: Session,
    user: UUID,
    *,
    course: str,
    completed_on: date,
    valid_until: date,
    recorded_by: str = audit.UNIT_ACTOR,
) -> None:
    """Record that a user has done a course.

    Args:
        session: A transaction `as_unit`.
        user: Their id.
        course: Which course.
        completed_on: The day on which they did it.
        valid_until: The last day on which it counts.
        recorded_by: Who says so.

    Raises:
        AbsentError: There is no such user.
        ParameterError: It ends before it was done, or lasts longer than `LONGEST_DAYS`.
    """
    if not 0 <= (valid_until - completed_on).days <= LONGEST_DAYS:
        raise ParameterError(
            f"Training must count from the day on which it was done, for {LONGEST_DAYS} days at "
            "most."
        )
    society = _user(session, user).society
    session.add(
        Training(
            user_id=user, society=society, course=course, completed_on=completed_on,
            valid_until=valid_until, recorded_by=recorded_by,
        )
    )  # fmt: skip
    session.flush()
    audit.append(
        session, "training.record", f"user {user}", actor=recorded_by, society=society,
        details={"course": course, "until": str(valid_until)},
    )  # fmt: skip


def trained_until(session: Session, user: UUID) -> date | None:
    """Give the last day on which a user's training counts; None if they have none."""
    return session.scalar(select(func.max(Training.valid_until)).where(Training.user_id == user))


def require_current(until: date | None, on: date) -> None:
    """Let a user in whose training is current.

    Args:
        until: What `trained_until` gave for them.
        on: The day.

    Raises:
        GateError: They have none, or it has run out.
    """
    if until is None or until < on:
        last = "there is none" if until is None else f"the last one ended on {until}"
        raise refuse("access.training-current", f"No training of this user is current: {last}.")


def give_duty(session: Session, user: UUID, duty: str, *, since: date) -> None:
    """Give a user a duty; one that they have stays as it is.

    Raises:
        AbsentError: There is no such user.
        ParameterError: There is no such duty.
    """
    if duty not in DUTIES:
        raise ParameterError(f"A duty must be one of {', '.join(DUTIES)}.")
    if duty in duties_of(session, user, since):
        return
    society = _user(session, user).society
    session.add(Duty(user_id=user, society=society, duty=duty, since=since))
    session.flush()
    audit.append(
        session, "duty.give", f"user {user}", society=society, details={"duty": duty},
    )  # fmt: skip


def end_duty(session: Session, user: UUID, duty: str, *, last_day: date) -> None:
    """End a user's duty.

    Raises:
        AbsentError: They do not have it.
    """
    row = session.scalars(
        select(Duty).where(Duty.user_id == user, Duty.duty == duty, Duty.until.is_(None))
    ).one_or_none()
    if row is None:
        raise AbsentError(f"User {user} has no duty '{duty}' that could end.")
    row.until = last_day
    session.flush()
    audit.append(
        session, "duty.end", f"user {user}", society=row.society, details={"duty": duty},
    )  # fmt: skip


def duties_of(session: Session, user: UUID, on: date) -> tuple[str, ...]:
    """Give the duties that a user has on a day, in the order of `DUTIES`."""
    held = set(
        session.scalars(
            select(Duty.duty).where(
                Duty.user_id == user,
                Duty.since <= on,
                or_(Duty.until.is_(None), Duty.until >= on),
            )
        )
    )
    return tuple(duty for duty in DUTIES if duty in held)


def _user(session: Session, user: UUID) -> User:
    found = session.get(User, user)
    if found is None:
        raise AbsentError(f"There is no user {user}.")
    return found
