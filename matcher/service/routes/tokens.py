"""The caller's own tokens: looked at, followed by a new one, ended."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError
from matcher.service.callers import ANY_SCOPE, Caller, anyone
from matcher.service.problems import documented
from matcher.store import access

router = APIRouter(prefix="/tokens", tags=["tokens"])

_EXAMPLE_ID = UUID("5a2d3a0a-52f5-4dd3-8f3f-0a4c53f1f3aa")

TokenId = Annotated[UUID, Path(description="The token's id.", examples=[_EXAMPLE_ID])]
Owner = Annotated[Caller, anyone(ANY_SCOPE)]


class Token(BaseModel):
    """A token, without what makes it one."""

    id: UUID = Field(examples=[_EXAMPLE_ID])
    scopes: list[str] = Field(examples=[["batches", "candidates"]])
    expires_at: datetime
    current: bool = Field(description="Whether it is the one that this request came with.")


class Tokens(BaseModel):
    """The caller's tokens that are valid, the one that ends first first."""

    items: list[Token]


class NewToken(BaseModel):
    """A token that follows another; it is told here and never again."""

    token: str = Field(examples=["kinmatch_…"])
    expires_at: datetime
    old_until: datetime = Field(description="Until then the one before it can be used too.")


def _require_own(session: Session, caller: Caller, token_id: UUID) -> None:
    """Refuse a token of somebody else's, or one that may do more than the caller's own."""
    for row in access.tokens_of(session, caller.user, at=caller.now):
        if row.id == token_id and (row.id == caller.token or caller.scopes.issuperset(row.scopes)):
            return
    raise AbsentError(f"There is no token {token_id} of this user that is valid.")


@router.get("", responses=documented())
def listed(caller: Owner) -> Tokens:
    """List the caller's tokens."""
    with caller.transaction() as session:
        rows = access.tokens_of(session, caller.user, at=caller.now)
        items = [
            Token(
                id=row.id,
                scopes=row.scopes,
                expires_at=row.expires_at,
                current=row.id == caller.token,
            )
            for row in rows
        ]
    return Tokens(items=items)


@router.post("/{token_id}/rotate", status_code=201, responses=documented("not-found", "quota"))
def rotated(token_id: TokenId, caller: Owner) -> NewToken:
    """Make a token with the same scopes; for a while both are valid."""
    settings = caller.serving.settings
    expires_at = caller.now + timedelta(days=settings.token_days)
    old_until = caller.now + timedelta(hours=settings.token_overlap_hours)
    with caller.transaction() as session:
        _require_own(session, caller, token_id)
        token = access.rotate_token(
            session,
            token_id,
            user=caller.user,
            at=caller.now,
            expires_at=expires_at,
            old_until=old_until,
        )
    return NewToken(token=token, expires_at=expires_at, old_until=old_until)


@router.delete("/{token_id}", status_code=204, responses=documented("not-found"))
def ended(token_id: TokenId, caller: Owner) -> None:
    """End a token's life."""
    with caller.transaction() as session:
        _require_own(session, caller, token_id)
        access.revoke_token(session, token_id, at=caller.now, actor=caller.actor)
    caller.serving.credentials.forget(token_id)
