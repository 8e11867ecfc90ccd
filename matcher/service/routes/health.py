"""Whether the service is up, ready, and which version it is."""

from importlib.metadata import version
from typing import Annotated, Final, Literal

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select, text
from starlette.requests import Request
from starlette.responses import Response

from matcher.formats.errors import KinmatchError
from matcher.service.callers import Caller, here_or
from matcher.service.observing import MEDIA_TYPE
from matcher.service.problems import documented, documented_alone, response_of
from matcher.service.serving import Serving, serving_of

router = APIRouter(tags=["health"])

_DATABASE_SECONDS: Final = 3.0
_ONE: Final = CapacityLimiter(1)


class Live(BaseModel):
    """The service answers."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """What the service needs is there."""

    ready: Literal[True] = True


class Version(BaseModel):
    """The release that answers."""

    name: Literal["kinmatch"] = "kinmatch"
    version: str = Field(examples=["0.1.0"])


@router.get("/health/live")
async def live() -> Live:
    """Say that the process answers."""
    return Live()


@router.get("/health/ready", response_model=Ready, responses=documented_alone("unavailable"))
async def ready(request: Request) -> Ready | Response:
    """Say whether requests can be served: 503 while the database or the keys are not there."""
    serving = serving_of(request)
    answers = False
    # A database that hangs holds up one thread of this route's own, and never the answer.
    with move_on_after(_DATABASE_SECONDS):
        answers = await to_thread.run_sync(
            _database_answers, serving, abandon_on_cancel=True, limiter=_ONE
        )
    if not answers:
        return response_of("unavailable", "The database does not answer.")
    if not serving.settings.store_keys.exists():
        return response_of("unavailable", "The keys of the fingerprints are not there.")
    return Ready()


@router.get("/metrics", response_class=Response, responses=documented())
async def metrics(_: Annotated[Caller | None, here_or("operate")], request: Request) -> Response:
    """Give the figures, in Prometheus's text format, to an operator or to this machine itself."""
    return Response(serving_of(request).metrics.told(), media_type=MEDIA_TYPE)


def _database_answers(serving: Serving) -> bool:
    try:
        with serving.store.as_unit() as session:
            session.scalar(select(text("1")))
    except KinmatchError:
        return False
    return True


@router.get("/version")
async def release() -> Version:
    """Name the release."""
    return Version(version=version("kinmatch"))
