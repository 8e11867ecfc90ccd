"""Who calls: a user, for a society or for the linkage unit, with the scopes to do some things.

A route says what its caller must be:

    @router.get("/batches")
    def listed(caller: Annotated[Member, member("batches")]) -> list[Batch]:
        with caller.transaction() as session:      # sees that society's rows alone
            ...
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from matcher.formats.errors import ServiceError
from matcher.protection.training import require_current
from matcher.service.addresses import address_of, is_this_machine
from matcher.service.credentials import Holder
from matcher.service.problems import refused
from matcher.service.serving import Serving, serving_of
from matcher.store import Store, audit

ANY_SCOPE: Final = ""
"""For what every caller may do, such as look after their own tokens."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls.

    Attributes:
        serving: What the service has: settings, store, limits.
        user: Their id.
        role: One of `matcher.store.access.USER_ROLES`.
        society: Whose user; None for the linkage unit's own.
        scopes: What they may do.
        token: The API token they came with, if it was one.
        now: When the request came.
    """

    serving: Serving
    user: UUID
    role: str
    society: str | None
    scopes: frozenset[str]
    token: UUID | None
    now: datetime

    @property
    def store(self) -> Store:
        """The linkage unit's store."""
        return self.serving.store

    @property
    def today(self) -> date:
        """The day, in UTC."""
        return self.now.date()

    @property
    def shown_until(self) -> date:
        """The last day of whose night anything shows now: candidates, and what is asked of them.

        What a night found shows from the same hour of its day on, whenever it ended: when results
        come tells nothing of how much was found.
        """
        has_come = self.now.hour >= self.serving.settings.results_hour
        return self.today if has_come else self.today - timedelta(days=1)

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return str(self.user)

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction that sees the caller's society's rows alone; the unit's own sees all."""
        if self.society is None:
            return self.store.as_unit()
        return self.store.as_society(self.society)


@dataclass(frozen=True, kw_only=True)
class Member(Caller):
    """A caller who belongs to a society."""

    society: str


async def _looked_up(request: Request, serving: Serving) -> Holder:
    address = address_of(request, serving.settings)
    serving.limits.admit_stranger(address)
    try:
        return await run_in_threadpool(serving.credentials.look_up, request)
    except ServiceError:
        serving.limits.stranger(address)
        raise


async def missed(request: Request, error: Exception) -> Response:
    """Answer a caller who asked for what isn't there, or isn't theirs; who asks too often waits."""
    holder = getattr(request.state, "holder", None)
    serving = serving_of(request)
    if holder is not None and serving.limits.missed(holder):
        await run_in_threadpool(_note_probing, serving, holder)
    return await refused(request, error)


def _note_probing(serving: Serving, holder: Holder) -> None:
    user = str(holder.user)
    with serving.store.as_unit() as session:
        audit.append(session, "user.probe", f"user {user}", actor=user, society=holder.society)


class _Known(SecurityBase):
    """The dependency that gives a route its caller, or refuses the request."""

    model = HTTPBearer(description="A token of kinmatch's, or an identity provider's JWT.")
    scheme_name = "bearer"

    def __init__(self, scope: str, *, of_society: bool, pace: str) -> None:
        self._scope = scope
        self._of_society = of_society
        self._pace = pace

    async def __call__(self, request: Request) -> Caller | None:
        serving = serving_of(request)
        holder = serving.credentials.known(request)
        if holder is None:
            holder = await _looked_up(request, serving)
        return self._allowed(request, serving, holder)

    def _allowed(self, request: Request, serving: Serving, holder: Holder) -> Caller:
        serving.limits.take(holder, self._pace)
        request.state.holder = holder
        now = serving.clock()
        if serving.settings.training_required:
            require_current(holder.trained_until, now.date())
        if self._scope not in {ANY_SCOPE, *holder.scopes}:
            raise ServiceError("forbidden", f"This needs the scope '{self._scope}'.")
        if self._of_society and holder.society is None:
            raise ServiceError("forbidden", "This is for a user of a society.")
        said: dict[str, Any] = {
            "serving": serving,
            "user": holder.user,
            "role": holder.role,
            "society": holder.society,
            "scopes": holder.scopes,
            "token": holder.token,
            "now": now,
        }
        return Member(**said) if self._of_society else Caller(**said)


def member(scope: str, *, pace: str = "requests") -> Any:
    """Ask for a `Member` with a scope, as a route's dependency.

    Args:
        scope: One of `matcher.store.access.SCOPES`, or `ANY_SCOPE`.
        pace: Which of `matcher.service.limits.PACES` the request counts for.
    """
    return Depends(_Known(scope, of_society=True, pace=pace))


def anyone(scope: str, *, pace: str = "requests") -> Any:
    """Ask for a `Caller` with a scope, of a society or the linkage unit's own."""
    return Depends(_Known(scope, of_society=False, pace=pace))


class _KnownOrHere(_Known):
    """The same, for what programs on this machine may do without credentials."""

    async def __call__(self, request: Request) -> Caller | None:
        if is_this_machine(request, serving_of(request).settings):
            return None
        return await super().__call__(request)


def here_or(scope: str) -> Any:
    """Ask for a `Caller` with a scope, or for None where a program on this machine calls."""
    return Depends(_KnownOrHere(scope, of_society=False, pace="requests"))
