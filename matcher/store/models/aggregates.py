"""What analysts are given: tables of counts, made once a month."""

from datetime import date
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import Table


class Aggregate(Table):
    """The tables of one agreement in one month, with small cells suppressed already.

    `month` is its first day. Counts that were suppressed are nowhere in it.
    """

    __tablename__ = "aggregates"

    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    made_on: Mapped[date]
    least: Mapped[int]
    tables: Mapped[dict[str, Any]]
