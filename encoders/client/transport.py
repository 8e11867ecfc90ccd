"""Sending requests to the service over bad connections: what failed for now is tried again."""

import json
import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from ssl import SSLContext, SSLError, create_default_context
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from matcher.formats.errors import InputError, ParameterError, ServiceError

UNREACHABLE: Final = "unreachable"
"""The code of an error where there is no answer at all."""

FOR_NOW: Final = frozenset(
    {UNREACHABLE, "timeout", "too-many-requests", "quota", "unavailable", "no-room", "internal"}
)
"""Codes of refusals after which the same request may pass later."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TRIED_AGAIN = FOR_NOW - {"quota"}  # a quota lasts for hours: told at once
_TIMEOUT = httpx.Timeout(60.0, connect=15.0)
_MOST_BYTES = 1 << 27
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0


class HttpTransport:
    """Requests with a token, over TLS that is always verified; loopback alone may be plain.

    A request that gets no answer, or one that says "later", is sent again after a wait that
    doubles and is drawn at random below that (full jitter), or as long as `Retry-After` says.
    Close it after use, or use it in a `with` block.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        authorities: Path | None = None,
        tries: int = 8,
        wait: Callable[[float], None] = time.sleep,
        chance: random.Random | None = None,
    ) -> None:
        """Take what every request needs; nothing is sent yet.

        Args:
            url: Where the service is, such as `https://linkage.example.org`.
            token: What the service knows its caller by.
            authorities: PEM file of certificate authorities to trust in place of the system's.
            tries: How often a request is sent at most.
            wait: Waits some seconds.
            chance: Draws the waits.

        Raises:
            ParameterError: The URL is not what it must be.
            InputError: The authorities can't be read.
        """
        is_here = _require_url(url)
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json, */*"},
            verify=_trusted(authorities),
            timeout=_TIMEOUT,
            follow_redirects=False,  # a token goes nowhere else
            trust_env=not is_here,
        )
        self._tries, self._wait = tries, wait
        self._chance = chance or random.SystemRandom()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"HttpTransport({self._client.base_url.host})"

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str | None = None,
    ) -> bytes:
        """Send a request, again if need be, and give the content of its answer.

        Every operation of the service may be done twice: what was done is found done.

        Raises:
            ServiceError: It is refused, with the service's own code and sentence; or, after all
                tries, there was no answer (`UNREACHABLE`).
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        named = {**(headers or {}), **({"Content-Type": media_type} if media_type else {})}
        for left in range(self._tries - 1, -1, -1):
            try:
                return self._once(method, path, given, named, content)
            except ServiceError as error:
                if left == 0 or error.code not in _TRIED_AGAIN:
                    raise _for_now(error) from None
                self._wait(self._pause(self._tries - 1 - left, error.retry_after))
        raise ParameterError("'tries' must be at least 1.")

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> bytes:
        try:
            with self._client.stream(
                method, path, params=_texts(query), headers=headers, content=content
            ) as answer:
                body = _bounded(answer)
        except (httpx.HTTPError, httpx.InvalidURL, SSLError) as error:
            raise _unreachable(error) from None
        if not answer.is_success:
            raise _refusal(answer, body)
        return body

    def _pause(self, failures: int, retry_after: int | None) -> float:
        if retry_after is not None:
            # A little later than asked for, so that not all who were sent away come back at once.
            return min(retry_after, _LONGEST_WAIT) + self._chance.uniform(0, _FIRST_WAIT)
        return self._chance.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**failures))


def _require_url(url: str) -> bool:
    """Refuse a URL over which a token would go in the open; tell whether it is this machine."""
    parts = urlsplit(url)
    is_here = parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise ParameterError("The service's address must begin with https://.")
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ParameterError("The service's address must be like https://linkage.example.org.")
    return is_here


def _trusted(authorities: Path | None) -> SSLContext:
    try:
        return create_default_context(cafile=None if authorities is None else str(authorities))
    except (OSError, SSLError):
        raise InputError(
            f"{authorities}: can't be read as certificates of authorities in PEM; give another "
            "file, or none to trust the system's."
        ) from None


def _texts(query: Mapping[str, object]) -> dict[str, Any]:
    return {
        name: [str(one) for one in value] if isinstance(value, list) else str(value)
        for name, value in query.items()
    }


def _bounded(answer: httpx.Response) -> bytes:
    """Read an answer, up to more than any has."""
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise httpx.ReadError("too long")
    return bytes(body)


def _for_now(error: ServiceError) -> ServiceError:
    """Give a refusal; one that is for now says after how long it may pass."""
    if error.code not in FOR_NOW or error.retry_after is not None:
        return error
    return ServiceError(error.code, str(error), retry_after=int(_LONGEST_WAIT))


def _unreachable(error: Exception) -> ServiceError:
    """Say that there is no answer, and of what kind; the error's own text may hold the address."""
    kind = type(error).__name__
    return ServiceError(
        UNREACHABLE,
        f"The linkage unit's service does not answer ({kind}). See that the address is right and "
        "the network is there; what was sent is kept, so try the same again later.",
    )


def _refusal(answer: httpx.Response, body: bytes) -> ServiceError:
    """Read a refusal; one that is not the service's own, as of a proxy, by its status alone."""
    retry_after = _seconds(answer.headers.get("Retry-After"))
    try:
        said = json.loads(body)
        code, detail = str(said["code"]), str(said["detail"])
        fields = ", ".join(str(one["field"]) for one in said.get("errors") or ())
    except (ValueError, KeyError, TypeError):
        code = "unavailable" if answer.status_code >= 500 else "refused"
        detail = f"The answer was status {answer.status_code}, and not the service's own."
        fields = ""
    sentence = f"{detail} ({fields})" if fields else detail
    return ServiceError(code, f"{sentence} [{code}]", retry_after=retry_after)


def _seconds(retry_after: str | None) -> int | None:
    """Read `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return int(retry_after[:9])
    try:
        return max(0, int(parsedate_to_datetime(retry_after).timestamp() - time.time()))
    except ValueError:
        return None
