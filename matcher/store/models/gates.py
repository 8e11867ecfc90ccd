"""What people decided that gates ask for: clearances, training, duties, sharing, requests."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NEW_ID, NOW, Table


class Clearance(Table):
    """A society's word that its side of a candidate is cleared and its person was consulted.

    There is none without both, so a person's refusal is held nowhere.
    """

    __tablename__ = "clearances"

    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    cleared_on: Mapped[date]


class ServiceFeedback(Table):
    """What a society tells the other of what became of a disclosed candidate, with consent."""

    __tablename__ = "service_feedback"

    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    to_society: Mapped[str] = mapped_column(ForeignKey("societies.name"), index=True)
    code: Mapped[str]
    consent_on: Mapped[date]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    given_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Training(Table):
    """A course in data protection that a user has done."""

    __tablename__ = "trainings"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    course: Mapped[str]
    completed_on: Mapped[date]
    valid_until: Mapped[date]
    recorded_by: Mapped[str]


class Duty(Table):
    """A duty in data protection that a user has, from a day on, until another day."""

    __tablename__ = "duties"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    duty: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]


class SharingDecision(Table):
    """A way through the sharing decision tree: each answer, and the outcome.

    The number tells which is newer. One for a candidate is of a version, and goes with it.
    """

    __tablename__ = "sharing_decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), index=True)
    subject: Mapped[str]
    candidate_id: Mapped[bytes | None] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int | None]
    recipient: Mapped[str]
    answers: Mapped[dict[str, Any]]
    outcome: Mapped[str]
    decided_by: Mapped[str]
    role: Mapped[str]
    decided_on: Mapped[date]


class ForeignRequest(Table):
    """A request for data from who is no humanitarian; refused unless the commission says else."""

    __tablename__ = "foreign_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    received_on: Mapped[date]
    requester: Mapped[str]
    is_authority: Mapped[bool]
    asks_for: Mapped[str]
    state: Mapped[str]
    before_commission_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    decided_by: Mapped[str | None]
    role: Mapped[str | None]
    reason: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW)
