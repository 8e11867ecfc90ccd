"""Whether the service is up, ready, and which version it is."""

from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select, text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from matcher.formats.errors import KinmatchError
from matcher.service.callers import Caller, here_or
from matcher.service.observing import MEDIA_TYPE
from matcher.service.problems import documented
from matcher.service.serving import Serving, serving_of

router = APIRouter(tags=["health"])


class Live(BaseModel):
    """The service answers."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """What the service needs, and whether it is there."""

    ready: bool = Field(examples=[True])
    database: bool = Field(examples=[True])
    keys: bool = Field(examples=[True])


class Version(BaseModel):
    """The release that answers."""

    name: Literal["kinmatch"] = "kinmatch"
    version: str = Field(examples=["0.1.0"])


@router.get("/health/live")
async def live() -> Live:
    """Say that the process answers."""
    return Live()


@router.get("/health/ready", response_model=Ready, responses={503: {"model": Ready}})
def ready(request: Request) -> JSONResponse:
    """Say whether requests can be served: 503 while the database or the keys are not there."""
    serving = serving_of(request)
    database, keys = _database_answers(serving), serving.settings.store_keys.exists()
    told = Ready(ready=database and keys, database=database, keys=keys)
    return JSONResponse(told.model_dump(), status_code=200 if told.ready else 503)


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
