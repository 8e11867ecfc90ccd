"""What nights did."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NEW_ID, NOW, Table


class RunRow(Table):
    """A run; states are in `matcher.store.states.runs`. `plan` says what it compares."""

    __tablename__ = "runs"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), index=True)
    state: Mapped[str]
    on_date: Mapped[date]
    is_full: Mapped[bool]
    compares_as: Mapped[str]
    plan: Mapped[dict[str, Any]]
    plan_digest: Mapped[str]
    pairs: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    planned_at: Mapped[datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW, onupdate=NOW)

    __table_args__ = (
        # One run at a time under an agreement, whoever starts it.
        Index(
            "uq_runs_one_unfinished",
            "agreement",
            unique=True,
            postgresql_where=text("state IN ('planned', 'comparing')"),
        ),
    )


class Comparison(Table):
    """What a published run compared with what, once and for all.

    `left_part` and `right_part` are `new` (records whose `compared_in` became this run) or `held`
    (those that had been compared before). A full run has `new` on both sides.
    """

    __tablename__ = "comparisons"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key_epoch: Mapped[int]
    left_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    left_role: Mapped[int] = mapped_column(SmallInteger)
    left_part: Mapped[str]
    left_rows: Mapped[int]
    right_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    right_role: Mapped[int] = mapped_column(SmallInteger)
    right_part: Mapped[str]
    right_rows: Mapped[int]
