"""What a caller comes with, made into who they are.

An API token is looked up by its digest. What was found is remembered for a few seconds, by the
digest again, so that a busy client costs no query a request; a token that is revoked elsewhere
works for so much longer.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request

from matcher.formats.errors import ServiceError
from matcher.store import Store, access
from matcher.store.models import ApiToken, User

REMEMBERED_SECONDS: Final = 5.0
_MOST_REMEMBERED: Final = 10_000
_LONGEST: Final = 8_192


@dataclass(frozen=True)
class Holder:
    """Who holds some credentials.

    Attributes:
        user: Their id.
        role: One of `matcher.store.access.USER_ROLES`.
        society: Whose user; None for the linkage unit's own.
        scopes: What they may do with these credentials.
        token: The API token's id, if it was one.
    """

    user: UUID
    role: str
    society: str | None
    scopes: frozenset[str]
    token: UUID | None


class Credentials:
    """Knows callers by what they come with.

    Args:
        store: Where users and tokens are.
        clock: Tells the time, in UTC.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._remembered: OrderedDict[bytes, tuple[float, Holder]] = OrderedDict()

    def known(self, request: Request) -> Holder | None:
        """Who this is, if that was looked up a moment ago; asks nobody.

        Raises:
            ServiceError: The request has no credentials, or none of a kind that there is.
        """
        key = _digest(_bearer(request))
        until, holder = self._remembered.get(key, (0.0, None))
        return holder if until > time.monotonic() else None

    def look_up(self, request: Request) -> Holder:
        """Who this is.

        Raises:
            ServiceError: Nobody is known by these credentials.
        """
        bearer = _bearer(request)
        with self._store.as_unit() as session:
            found = access.holder_of(session, bearer, at=self._clock())
            if found is None:
                raise _nobody()
            holder = _holder(*found)
        self._remember(_digest(bearer), holder)
        return holder

    def forget(self, token: UUID) -> None:
        """Look a token up again when it next comes: it was changed."""
        for key, (_, holder) in list(self._remembered.items()):
            if holder.token == token:
                self._remembered.pop(key, None)

    def _remember(self, key: bytes, holder: Holder) -> None:
        self._remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, holder)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)


def _bearer(request: Request) -> str:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(bearer) <= _LONGEST:
        raise _nobody()
    return bearer.strip()


def _holder(user: User, token: ApiToken) -> Holder:
    scopes = access.SCOPES_OF[user.role].intersection(token.scopes)
    return Holder(user.id, user.role, user.society, scopes, token.id)


def _nobody() -> ServiceError:
    return ServiceError("unauthenticated", "Send a valid token as 'Authorization: Bearer …'.")


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()
