"""The application: what the routes share put in its place, and the routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from matcher.formats.errors import AbsentError, KinmatchError
from matcher.protection.emblem import Emblem
from matcher.service import callers, limits, problems
from matcher.service.accesses import AccessLog
from matcher.service.credentials import Credentials
from matcher.service.edge import Edge
from matcher.service.limits import Limits
from matcher.service.observing import Log, Metrics
from matcher.service.padding import Padded
from matcher.service.passes import PassNames
from matcher.service.routes import (
    aggregates,
    audit,
    batches,
    candidates,
    emblem,
    feedback,
    health,
    notices,
    refinements,
    sharing,
    tokens,
)
from matcher.service.serving import Serving
from matcher.settings import Settings
from matcher.store import Store

ROUTERS = (
    aggregates.router,
    audit.router,
    batches.router,
    candidates.router,
    feedback.router,
    notices.router,
    refinements.router,
    sharing.router,
    tokens.router,
)
"""Every module's routes under `/v1`; a new module's come here."""


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def _name_of(route: APIRoute) -> str:
    """The operation's id in the schema, after which clients name their functions."""
    return f"{route.tags[0]}_{route.name}"


@asynccontextmanager
async def _alive(app: FastAPI) -> AsyncIterator[None]:
    """What runs beside the requests, for as long as there are any."""
    accesses = app.state.serving.accesses
    accesses.start()
    yield
    await run_in_threadpool(accesses.stop)


class _Described(FastAPI):
    """The application, whose description gives refusals their one media type."""

    def openapi(self) -> dict[str, Any]:
        """Describe the service."""
        described = super().openapi()
        for methods in described["paths"].values():
            for operation in methods.values():
                problems.leave_one_shape(operation["responses"])
        return described


def make_app(
    store: Store,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    log: Log | None = None,
) -> FastAPI:
    """Put the service together.

    Args:
        store: The linkage unit's store, open for as long as the application is used.
        settings: As the operator set them.
        clock: Tells the time, in UTC.
        log: Where requests and errors are told; None for nowhere.
    """
    app = _Described(
        title="kinmatch",
        summary="Privacy-preserving record matching for family tracing.",
        version=version("kinmatch"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name_of,
        lifespan=_alive,
        exception_handlers={
            AbsentError: callers.missed,
            KinmatchError: problems.refused,
            RequestValidationError: problems.invalid,
            HTTPException: problems.misdirected,
        },
    )
    credentials = Credentials(store, settings, clock)
    metrics = Metrics()
    app.state.serving = Serving(
        store,
        settings,
        clock,
        credentials,
        Limits(settings, store.folder / limits.FOLDER),
        metrics,
        AccessLog(store),
        PassNames(),
    )
    app.state.emblem = Emblem.from_settings(settings)
    app.include_router(health.router)
    app.include_router(emblem.router)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    app.add_middleware(Padded)
    app.add_middleware(Edge, metrics=metrics, log=log)
    return app
