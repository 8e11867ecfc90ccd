"""What the running service has, in one place that every request can reach."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection

from matcher.service.accesses import AccessLog
from matcher.service.credentials import Credentials
from matcher.service.limits import Limits
from matcher.service.observing import Metrics
from matcher.service.passes import PassNames
from matcher.settings import Settings
from matcher.store import Store


@dataclass(frozen=True, repr=False)
class Serving:
    """What the running service has.

    Attributes:
        store: The linkage unit's store.
        settings: As the operator set them.
        clock: Tells the time, in UTC.
        credentials: Knows callers by what they come with.
        limits: How much anybody may ask.
        metrics: What is counted.
        accesses: Notes who saw what.
        passes: Knows the names of schemes' passes.
    """

    store: Store
    settings: Settings
    clock: Callable[[], datetime]
    credentials: Credentials
    limits: Limits
    metrics: Metrics
    accesses: AccessLog
    passes: PassNames


def serving_of(request: HTTPConnection) -> Serving:
    """What the service that got this request has."""
    found = request.app.state.serving
    if not isinstance(found, Serving):
        raise TypeError("not an application that make_app made")
    return found
