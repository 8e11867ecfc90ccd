"""Aggregates: fixed tables of counts for analysts, with small cells suppressed."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from matcher.service.callers import Caller, anyone
from matcher.service.problems import documented
from matcher.store import aggregates, audit

router = APIRouter(prefix="/aggregates", tags=["aggregates"])

Analyst = Annotated[Caller, anyone("aggregates")]
Counts = dict[str, int | None]


class Aggregate(BaseModel):
    """The tables of one agreement in one month.

    A count is rounded, and null where it is suppressed.
    """

    agreement: str = Field(examples=["ab" * 16])
    month: date = Field(description="Its first day: counted is what nights before it found.")
    made_on: date = Field(description="The day on which the tables were made; they stay so.")
    least: int = Field(examples=[10], description="The least count that is told.")
    total: int | None = Field(examples=[1250], description="Candidates.")
    bands: Counts = Field(examples=[{"strong": 150, "possible": 300, "weak": 800}])
    tables: dict[str, dict[str, Counts]] = Field(
        examples=[{"state": {"strong": {"open": 120, "confirmed": None, "rejected": None}}}],
        description="By `state`, `roles` and `month`: for each band its parts.",
    )


class Aggregates(BaseModel):
    """The tables of this month, of every agreement that the caller may know of."""

    items: list[Aggregate]


@router.get("", responses=documented())
def listed(caller: Analyst) -> Aggregates:
    """Give the month's tables. There is nothing to choose, so that nothing can be subtracted."""
    with caller.transaction() as session:
        visible = aggregates.visible(session)
    least = caller.serving.settings.small_cells
    items = []
    for agreement in visible:
        with caller.store.as_unit() as session:
            row = aggregates.of_month(session, agreement, on=caller.today, least=least)
            items.append(
                Aggregate(
                    agreement=agreement,
                    month=row.month,
                    made_on=row.made_on,
                    least=row.least,
                    **row.tables,
                )
            )
    caller.serving.accesses.note(
        audit.Access(caller.actor, caller.society, "aggregates.see", "aggregates", {})
    )
    return Aggregates(items=items)
