"""Refinements: what a society is asked about its candidates, and its answers."""

import hashlib
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from matcher.formats.errors import ServiceError
from matcher.service import uploads
from matcher.service.callers import Member, member
from matcher.service.edge import allow_body
from matcher.service.padding import pad_to
from matcher.service.problems import documented
from matcher.store import refinements
from matcher.store.models import RefinementFile

router = APIRouter(prefix="/refinements", tags=["refinements"])

LISTING: Final = 1 << 14
"""Bytes of a listing: room for some forty letters, be they there or not."""

_OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_EXAMPLE_ID = UUID("5c1b8a5e-2f57-4f0f-8b1e-0a4a44f2b7d3")

RefinementId = Annotated[UUID, Path(description="The refinement's id.", examples=[_EXAMPLE_ID])]
Releaser = Annotated[Member, member("refinements")]


class Refinement(BaseModel):
    """What a society is asked about some of its candidates, in one letter."""

    id: UUID = Field(examples=[_EXAMPLE_ID])
    agreement: str = Field(examples=["ab" * 16])
    run: str = Field(examples=["sha256:" + "6b" * 32])
    part: int = Field(examples=[1])
    count: int = Field(examples=[250], description="Candidates that are asked about.")
    size: int = Field(examples=[16_384], description="Bytes of the letter.")
    digest: str = Field(examples=["sha256:" + "6b" * 32], description="SHA-256 of the letter.")
    expires_on: date = Field(description="From this day on it is over.")


class Refinements(BaseModel):
    """What a society is asked, the one that is over first first."""

    items: list[Refinement]


def _told(row: RefinementFile) -> Refinement:
    return Refinement(
        id=row.refinement_id,
        agreement=row.agreement,
        run=row.run,
        part=row.part,
        count=row.candidates,
        size=row.size,
        digest=row.requests_digest,
        expires_on=row.expires_on,
    )


@router.get("", responses=documented())
def listed(
    request: Request,
    caller: Releaser,
    state: Annotated[
        Literal["open", "answered"], Query(description="Which: still to be answered, or answered.")
    ] = "open",
) -> Refinements:
    """List what the society is asked; what is over is not listed any more."""
    pad_to(request.scope, LISTING)
    with caller.transaction() as session:
        rows = refinements.listed(
            session, answered=state == "answered", on=caller.today, until=caller.shown_until
        )
        return Refinements(items=[_told(row) for row in rows])


@router.get(
    "/{refinement_id}/request",
    response_class=Response,
    responses={200: {"content": _OCTETS}, **documented("not-found")},
)
def request(refinement_id: RefinementId, caller: Releaser) -> Response:
    """Give the letter that asks: signed by the linkage unit, readable by the society alone."""
    with caller.transaction() as session:
        content = refinements.requests_of(
            session, refinement_id, caller.society, on=caller.today, until=caller.shown_until
        )
    return Response(content, media_type="application/octet-stream")


@router.put(
    "/{refinement_id}/answer",
    status_code=204,
    responses=documented(
        "not-found", "state", "too-large", "altered", "mismatch", "invalid-content", "timeout"
    ),
    openapi_extra={"requestBody": {"required": True, "content": _OCTETS}},
)
async def answered(
    refinement_id: RefinementId,
    caller: Releaser,
    request: Request,
    content_digest: Annotated[
        str,
        Header(
            max_length=1000, examples=["sha-256=:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=:"]
        ),
    ],
) -> None:
    """Take the society's answer, in a letter to the linkage unit; the same again changes nothing.

    Who signed it is checked here; what is inside is looked at once the other society has answered.
    """
    digest = uploads.digest_of(content_digest)
    await run_in_threadpool(_require_asked, caller, refinement_id)
    allow_body(request.scope, caller.serving.settings.most_part_bytes)
    content = await request.body()
    if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
        raise ServiceError(
            "altered", "The answer is not what its Content-Digest says; send it again."
        )
    await run_in_threadpool(_take, caller, refinement_id, content)


def _require_asked(caller: Member, refinement: UUID) -> None:
    """Refuse before anything is read what no society, or another one, is asked."""
    with caller.transaction() as session:
        refinements.require_asked(
            session, refinement, caller.society, on=caller.today, until=caller.shown_until
        )


def _take(caller: Member, refinement: UUID, content: bytes) -> None:
    # The other society's side is touched too, which no society's own transaction may.
    with caller.store.as_unit() as session:
        refinements.release(
            session,
            refinement,
            society=caller.society,
            answer=content,
            actor=caller.actor,
            on=caller.today,
        )
