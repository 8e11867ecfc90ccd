"""The second stage of candidates: what is asked of two societies, and what they answered."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NEW_ID, NOW, Table


class RefinementRow(Table):
    """The refinement of some candidates of two societies; see `matcher.store.states.refinements`.

    `run` is the plan's digest of the night that it followed, `part` its number in it; left and
    right are as in its candidates. `outcome` holds counts.
    """

    __tablename__ = "refinements"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"))
    run: Mapped[str]
    part: Mapped[int]
    key_epoch: Mapped[int]
    left_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    right_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    state: Mapped[str]
    first_released_by: Mapped[str | None] = mapped_column(ForeignKey("societies.name"))
    expires_on: Mapped[date]
    outcome: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW, onupdate=NOW)

    __table_args__ = (UniqueConstraint("agreement", "run", "part"),)


class RefinedCandidate(Table):
    """A candidate of a refinement, in the version that it was asked about."""

    __tablename__ = "refined_candidates"

    refinement_id: Mapped[UUID] = mapped_column(
        ForeignKey("refinements.id", ondelete="CASCADE"), primary_key=True
    )
    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    version: Mapped[int]


class Unanswered(Table):
    """How often a candidate, in the version asked about, was asked about without an answer in time.

    `ask_on` is the day from which it may be asked about again; null where it is not any more.
    """

    __tablename__ = "unanswered"

    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int]
    times: Mapped[int]
    ask_on: Mapped[date | None]


class RefinementFile(Table):
    """What one society is asked in a refinement, and its answer: letters, as they travel.

    Both are gone (null) once the refinement is over; `answer_digest` stays. `candidates` says
    how many are asked about, `asked_on` on which day: it shows when that day's night does.
    """

    __tablename__ = "refinement_files"

    refinement_id: Mapped[UUID] = mapped_column(
        ForeignKey("refinements.id", ondelete="CASCADE"), primary_key=True
    )
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"))
    run: Mapped[str]
    part: Mapped[int]
    candidates: Mapped[int]
    requests: Mapped[bytes | None]
    requests_digest: Mapped[str]
    requests_seal: Mapped[str]
    size: Mapped[int]
    asked_on: Mapped[date]
    expires_on: Mapped[date]
    answer: Mapped[bytes | None]
    answer_digest: Mapped[str | None]
