"""Users known by an identity provider: its signed JWTs (OpenID Connect), verified here.

Signatures of a few asymmetric algorithms alone count: a token that says it is not signed, or with
a shared secret, is refused whatever it holds. The provider's keys are read from a file, or fetched
and kept for an hour; a token under a key that isn't known has them fetched anew, once a minute.
"""

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from matcher.formats.errors import ParameterError, ServiceError

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
"""What a token may be signed with."""

_KEY_TYPES: Final = ("RSA", "EC", "OKP")
_LEEWAY_SECONDS: Final = 60
_KEPT_SECONDS: Final = 3600.0
_AT_MOST_EVERY_SECONDS: Final = 60.0
_FETCH_SECONDS: Final = 5.0
_MOST_BYTES: Final = 2**20


class IdentityProvider:
    """Verifies an identity provider's tokens.

    Args:
        issuer: What `iss` must be.
        audience: What `aud` must hold.
        keys: The provider's JWKS: a file, or a URL that begins with https; http for this machine.
        clock: Tells the time, in UTC.

    Raises:
        ParameterError: The keys can't be had by such a URL.
    """

    def __init__(
        self, *, issuer: str, audience: str, keys: str, clock: Callable[[], datetime]
    ) -> None:
        self._place = keys
        _require_safe(keys)
        self._clock = clock
        self._lock = Lock()
        self._keys = KeySet([])
        self._read_at = float("-inf")
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    def subject_of(self, token: str) -> str | None:
        """Give whom a token is about, or None if it is not a valid token of this provider's.

        Raises:
            ServiceError: The provider's keys can't be had now.
        """
        try:
            claims = self._verified(token).claims
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return str(claims["sub"])

    def _verified(self, token: str) -> jwt.Token:
        keys = self._current(_KEPT_SECONDS)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS)
        except (InvalidKeyIdError, ValueError):
            fresh = self._current(_AT_MOST_EVERY_SECONDS)
            if fresh is keys:
                raise
            return jwt.decode(token, fresh, algorithms=ALGORITHMS)

    def _current(self, oldest: float) -> KeySet:
        """The provider's keys, as read at most so many seconds ago."""
        with self._lock:
            if time.monotonic() - self._read_at > oldest:
                self._keys = _key_set(self._read())
                self._read_at = time.monotonic()
            return self._keys

    def _read(self) -> bytes:
        try:
            if not _is_url(self._place):
                return Path(self._place).read_bytes()
            answer = httpx.get(self._place, timeout=_FETCH_SECONDS, follow_redirects=False)
            answer.raise_for_status()
        except (OSError, httpx.HTTPError):
            raise _unavailable() from None
        return answer.content


def _key_set(content: bytes) -> KeySet:
    try:
        if len(content) > _MOST_BYTES:
            raise _unavailable()
        told = json.loads(content)["keys"]
        usable = [
            key for key in told if key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"
        ]
        return KeySet.import_key_set({"keys": usable})
    except (ValueError, TypeError, KeyError, AttributeError, JoseError):
        raise _unavailable() from None


def _unavailable() -> ServiceError:
    return ServiceError("unavailable", "The identity provider's keys can't be had.")


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _require_safe(place: str) -> None:
    parts = urlsplit(place)
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ParameterError(
            "The identity provider's keys must come over https; set KINMATCH_OIDC_KEYS to such a "
            "URL or to a file."
        )
