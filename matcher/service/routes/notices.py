"""Notices: what a society has to say of its records and keys, signed."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import select

from matcher.formats.errors import AbsentError
from matcher.formats.signed import MAX_BYTES
from matcher.service.callers import Member, member
from matcher.service.edge import allow_body
from matcher.service.notices import Desk, said_of, take
from matcher.service.problems import documented
from matcher.store.agreements import agreement_of
from matcher.store.models import NoticeRow, Retired

router = APIRouter(prefix="/notices", tags=["notices"])

_OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
Sender = Annotated[Member, member("notices")]


class Taken(BaseModel):
    """A notice that is in force."""

    kind: str = Field(examples=["suspend"])
    agreement: str = Field(examples=["ab" * 16])
    records: int = Field(
        examples=[2], description="How many of the records that are held it is about."
    )


class Sent(BaseModel):
    """A notice that was taken before."""

    kind: str = Field(examples=["suspend"])
    agreement: str = Field(examples=["ab" * 16])
    number: int | None = Field(examples=[7], description="The society's own; null for an epoch's.")
    key_epoch: int | None = Field(examples=[None], description="The epoch that is retired.")
    on: date = Field(description="The day it was written; of an epoch the last day.")


class Notices(BaseModel):
    """What the society has sent, protection notices by number, then epochs."""

    items: list[Sent]


@router.post(
    "",
    status_code=201,
    openapi_extra={"requestBody": {"content": _OCTETS, "required": True}},
    responses=documented(
        "not-found", "agreement", "state", "invalid-content", "altered", "mismatch"
    ),
)
async def sent(caller: Sender, request: Request) -> Taken:
    """Take a signed notice and do what it asks for; the same again changes nothing."""
    allow_body(request.scope, MAX_BYTES)
    return await run_in_threadpool(_take, caller, await request.body())


def _take(caller: Member, content: bytes) -> Taken:
    _, key, society = said_of(content)
    if society != caller.society:
        raise AbsentError("There is no agreement of this society's with that id.")
    with caller.transaction() as session:
        agreement = agreement_of(session, key)
    desk = Desk(caller.store, caller.serving.settings, caller.today, caller.actor)
    done = take(desk, content, agreement)
    return Taken(kind=done.kind, agreement=key, records=done.records)


@router.get("", responses=documented())
def listed(caller: Sender) -> Notices:
    """List what the society has sent."""
    with caller.transaction() as session:
        written = select(
            NoticeRow.kind, NoticeRow.agreement, NoticeRow.sent.label("number"),
            NoticeRow.made_on.label("on"),
        ).where(NoticeRow.sent.is_not(None)).order_by(NoticeRow.number)  # fmt: skip
        protecting = [Sent(**one, key_epoch=None) for one in session.execute(written).mappings()]
        epochs = [
            Sent(
                kind="retire", agreement=one.agreement, number=None, key_epoch=one.key_epoch,
                on=one.last_day,
            )
            for one in session.scalars(
                select(Retired).order_by(Retired.agreement, Retired.key_epoch)
            )
        ]  # fmt: skip
    return Notices(items=[*protecting, *epochs])
