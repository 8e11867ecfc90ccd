"""The audit log, as far as it is about the caller's society."""

import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from matcher.service.callers import Member, member
from matcher.service.problems import documented
from matcher.store import audit

router = APIRouter(prefix="/audit", tags=["audit"])

Officer = Annotated[Member, member("audit")]


class Entry(BaseModel):
    """An entry of the audit log."""

    number: int = Field(examples=[1], description="Its place among the society's entries.")
    at: datetime
    actor: str = Field(description="A user's id, or `linkage-unit`.")
    action: str = Field(examples=["candidate.confirm_first"])
    subject: str = Field(examples=["candidate " + "5f" * 16])
    details: dict[str, str | int | bool | None]


class Entries(BaseModel):
    """A page of entries, oldest first."""

    items: list[Entry]
    next: int | None = Field(description="Give it as `after` for the next page; null at the end.")


@router.get("", responses=documented())
def listed(
    caller: Officer,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[int, Query(ge=0, lt=2**31, description="`next` of the page before.")] = 0,
) -> Entries:
    """List what was done for the society and on its behalf."""
    with caller.transaction() as session:
        found = audit.own(session, society=caller.society, after=after, count=limit + 1)
    caller.serving.accesses.note(
        audit.Access(
            caller.actor, caller.society, "audit.see", "audit log", {"after": after, "limit": limit}
        )
    )
    items = [
        Entry.model_validate({**one._asdict(), "details": json.loads(one.details)})
        for one in found[:limit]
    ]
    return Entries(items=items, next=after + limit if len(found) > limit else None)
