"""Batches: registered, uploaded in parts, finished, withdrawn, looked at."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.errors import StateError
from matcher.protection.sharing import require_submission
from matcher.service import uploads
from matcher.service.callers import Member, member
from matcher.service.edge import allow_body
from matcher.service.limits import require_quota, require_room
from matcher.service.problems import documented
from matcher.store import batches
from matcher.store.agreements import agreement_of
from matcher.store.journal import Journal
from matcher.store.keeping_up import enter
from matcher.store.models import BatchRow, Part
from matcher.store.withdrawals import withdrawal_of

router = APIRouter(prefix="/batches", tags=["batches"])

MOST_PARTS = 10_000
_DIGEST = r"^sha256:[0-9a-f]{64}$"
_EXAMPLE_DIGEST = "sha256:" + "6b" * 32
_EXAMPLE_ID = UUID("0d9b2f4e-6f0e-4b3c-9c57-6f1f0f6a2f11")

BatchId = Annotated[UUID, Path(description="The batch's id.", examples=[_EXAMPLE_ID])]
Sender = Annotated[Member, member("batches")]


class NewBatch(BaseModel):
    """A batch that is to be sent."""

    model_config = ConfigDict(extra="forbid")

    agreement: str = Field(pattern="^[0-9a-f]{32}$", examples=["ab" * 16])
    digest: str = Field(
        pattern=_DIGEST, examples=[_EXAMPLE_DIGEST], description="SHA-256 of the whole file."
    )
    size: int = Field(
        strict=True, gt=0, lt=2**53, examples=[1_048_576], description="Bytes of the file."
    )
    supersedes: UUID | None = Field(
        default=None, description="A batch that leaves when this one is accepted."
    )


class PartOf(BaseModel):
    """A part that has arrived."""

    number: int = Field(examples=[0])
    size: int = Field(examples=[1_048_576])
    digest: str = Field(examples=[_EXAMPLE_DIGEST])


class Batch(BaseModel):
    """A batch as its society sees it."""

    id: UUID = Field(examples=[_EXAMPLE_ID])
    agreement: str = Field(examples=["ab" * 16])
    digest: str = Field(examples=[_EXAMPLE_DIGEST])
    size: int = Field(examples=[1_048_576])
    state: str = Field(examples=["receiving"])
    received: int = Field(examples=[0], description="Bytes that have arrived.")
    parts: list[PartOf] = Field(description="What has arrived and need not be sent again.")
    problems: list[str] = Field(description="Every reason for a refusal.")
    records: int | None = Field(examples=[25_000], description="Once it is accepted.")
    supersedes: UUID | None
    registered_on: date
    expires_on: date
    key_epoch: int | None = Field(examples=[1])


class Batches(BaseModel):
    """A page of batches, the one registered last first."""

    items: list[Batch]
    next: UUID | None = Field(description="Give it as `after` for the next page; null at the end.")


def _told(row: BatchRow, parts: list[Part]) -> Batch:
    return Batch(
        id=row.id,
        agreement=row.agreement,
        digest=row.digest,
        size=row.size,
        state=row.state,
        received=sum(part.size for part in parts),
        parts=[PartOf(number=one.number, size=one.size, digest=one.digest) for one in parts],
        problems=row.problems,
        records=row.records,
        supersedes=row.supersedes,
        registered_on=row.registered_on,
        expires_on=row.expires_on,
        key_epoch=row.key_epoch,
    )


def _with_parts(session: Session, row: BatchRow) -> Batch:
    return _told(row, batches.parts_of(session, row.id))


@router.post(
    "",
    status_code=201,
    responses={
        200: {"model": Batch, "description": "It was registered before."},
        **documented("not-found", "agreement", "gate", "state", "too-large", "quota", "no-room"),
    },
)
def register(asked: NewBatch, caller: Sender, response: Response) -> Batch:
    """Begin a batch; the same content again gives the batch that was begun with it."""
    settings = caller.serving.settings
    with caller.transaction() as session:
        batches.lock_registration(session, caller.society)
        if batches.found_by_digest(session, caller.society, asked.digest) is not None:
            response.status_code = 200
        else:
            require_room(caller.store.folder, settings)
            require_quota(session, settings, asked.size, caller.today)
            require_submission(session, agreement_of(session, asked.agreement), caller.society)
        row = batches.register(
            session,
            society=caller.society,
            agreement=asked.agreement,
            digest=asked.digest,
            size=asked.size,
            on=caller.today,
            actor=caller.actor,
            supersedes=asked.supersedes,
        )
        return _with_parts(session, row)


@router.get("", responses=documented("not-found"))
def listed(
    caller: Sender,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
) -> Batches:
    """List the society's batches."""
    with caller.transaction() as session:
        rows = batches.listed(session, count=limit + 1, after=after)
        page = rows[:limit]
        parts: dict[UUID, list[Part]] = {row.id: [] for row in page}
        wanted = select(Part).where(Part.batch_id.in_(parts)).order_by(Part.number)
        for part in session.scalars(wanted):
            parts[part.batch_id].append(part)
        items = [_told(row, parts[row.id]) for row in page]
    return Batches(items=items, next=items[-1].id if len(rows) > limit else None)


@router.get("/{batch_id}", responses=documented("not-found"))
def shown(batch_id: BatchId, caller: Sender) -> Batch:
    """Show a batch: what has arrived, its state, and why it was refused if it was."""
    with caller.transaction() as session:
        return _with_parts(session, batches.found(session, batch_id))


@router.put(
    "/{batch_id}/parts/{number}",
    status_code=204,
    responses=documented("not-found", "state", "too-large", "altered", "timeout", "no-room"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def received(
    batch_id: BatchId,
    number: Annotated[int, Path(ge=0, lt=MOST_PARTS)],
    caller: Sender,
    request: Request,
    content_digest: Annotated[
        str,
        Header(
            max_length=1000, examples=["sha-256=:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=:"]
        ),
    ],
) -> None:
    """Take a part of a batch's file, whole or not at all; the same part again changes nothing."""
    digest = uploads.digest_of(content_digest)
    most = await run_in_threadpool(_awaited, caller, batch_id)
    allow_body(request.scope, most)
    size = await uploads.receive(caller.store, batch_id, number, digest, request.stream())
    await run_in_threadpool(_note, caller, batch_id, number, size, digest)


def _awaited(caller: Member, batch_id: UUID) -> int:
    """How large a part of this batch may be."""
    settings = caller.serving.settings
    with caller.transaction() as session:
        row = batches.found(session, batch_id)
        if row.state not in {"registered", "receiving"}:
            raise StateError(f"A batch that is {row.state} takes no more parts.")
        size = row.size
    require_room(caller.store.folder, settings)
    return min(settings.most_part_bytes, size)


def _note(caller: Member, batch_id: UUID, number: int, size: int, digest: str) -> None:
    try:
        with caller.transaction() as session:
            batches.note_part(
                session, batch_id, number=number, size=size, digest=digest, actor=caller.actor
            )
    except StateError:
        uploads.drop_part(caller.store, batch_id, number, digest)
        raise


@router.post("/{batch_id}/finish", status_code=202, responses=documented("not-found", "state"))
def finished(batch_id: BatchId, caller: Sender) -> Batch:
    """Say that all parts have arrived; the batch is then validated in the background."""
    with caller.transaction() as session:
        return _with_parts(session, batches.finish(session, batch_id, actor=caller.actor))


@router.post("/{batch_id}/withdraw", responses=documented("not-found", "state"))
def withdrawn(batch_id: BatchId, caller: Sender) -> Batch:
    """Take a batch back: its records are never compared again, and the next night removes them."""
    with caller.transaction() as session:
        said = withdrawal_of(batches.found(session, batch_id))
    journal = Journal(caller.serving.settings.protection_journal)
    enter(caller.store, journal, said, on=caller.today, actor=caller.actor)
    with caller.transaction() as session:
        told = _with_parts(session, batches.found(session, batch_id))
    uploads.clear(caller.store, batch_id)
    return told
