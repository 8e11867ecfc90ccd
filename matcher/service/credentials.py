"""What a caller comes with, made into who they are.

Three kinds are known: API tokens, looked up by their digest; an identity provider's tokens, whose
subject is a user's; and client certificates, which a trusted proxy has verified and passes on. What
was found is remembered for a few seconds, by digest again, so that a busy client costs no query a
request; what is revoked elsewhere works for so much longer.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from urllib.parse import unquote
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from starlette.requests import Request

from matcher.formats.errors import ParameterError, ServiceError
from matcher.protection import training
from matcher.service.addresses import comes_by_proxy, said_once
from matcher.service.identity_provider import IdentityProvider
from matcher.settings import Settings
from matcher.store import Store, access

OIDC: Final = "oidc:"
"""What comes before an identity provider's name for somebody in a user's subject."""

CERTIFICATE: Final = "certificate:"
"""What comes before a client certificate's SHA-256 in a user's subject."""

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
        trained_until: The last day on which their training counts; None if they have none.
    """

    user: UUID
    role: str
    society: str | None
    scopes: frozenset[str]
    token: UUID | None
    trained_until: date | None


@dataclass(frozen=True, repr=False)
class _Credential:
    """What a request comes with: its kind is how it came, never what it says of itself."""

    kind: Literal["token", "jwt", "certificate"]
    said: str

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(f"{self.kind} {self.said}".encode()).digest()


class Credentials:
    """Knows callers by what they come with.

    Args:
        store: Where users and tokens are.
        settings: Which proxies and which identity provider to believe.
        clock: Tells the time, in UTC.
    """

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._provider = _provider(settings, clock)
        self._remembered: OrderedDict[bytes, tuple[float, Holder]] = OrderedDict()

    def known(self, request: Request) -> Holder | None:
        """Who this is, if that was looked up a moment ago; asks nobody.

        Raises:
            ServiceError: The request has no credentials, or none of a kind that there is.
        """
        key = self._credential(request).digest
        until, holder = self._remembered.get(key, (0.0, None))
        return holder if until > time.monotonic() else None

    def look_up(self, request: Request) -> Holder:
        """Who this is.

        Raises:
            ServiceError: Nobody is known by these credentials.
        """
        credential = self._credential(request)
        holder = self._found(credential)
        if holder is None:
            raise _nobody()
        self._remember(credential.digest, holder)
        return holder

    def _credential(self, request: Request) -> _Credential:
        if len(request.headers.getlist("authorization")) > 1:
            raise _nobody()
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and 0 < len(bearer) <= _LONGEST:
            is_token = bearer.startswith(access.MARK)
            return _Credential("token" if is_token else "jwt", bearer.strip())
        certificate = said_once(request, "x-client-certificate")
        verified = said_once(request, "x-client-verify") == "SUCCESS"
        believed = comes_by_proxy(request, self._settings) and verified
        if scheme or not believed or certificate is None:
            raise _nobody()
        return _Credential("certificate", _fingerprint(certificate))

    def _found(self, credential: _Credential) -> Holder | None:
        if credential.kind == "token":
            return self._by_token(credential.said)
        if credential.kind == "certificate":
            return self._by_subject(CERTIFICATE + credential.said)
        said = None if self._provider is None else self._provider.subject_of(credential.said)
        return None if said is None else self._by_subject(OIDC + said)

    def _by_token(self, token: str) -> Holder | None:
        with self._store.as_unit() as session:
            found = access.holder_of(session, token, at=self._clock())
            if found is None:
                return None
            user, row = found
            scopes = access.SCOPES_OF[user.role].intersection(row.scopes)
            until = training.trained_until(session, user.id)
            return Holder(user.id, user.role, user.society, scopes, row.id, until)

    def _by_subject(self, subject: str) -> Holder | None:
        if "\0" in subject:
            return None
        with self._store.as_unit() as session:
            user = access.user_of(session, subject)
            if user is None:
                return None
            scopes = access.SCOPES_OF[user.role]
            until = training.trained_until(session, user.id)
            return Holder(user.id, user.role, user.society, scopes, None, until)

    def forget(self, token: UUID) -> None:
        """Look a token up again when it next comes: it was changed."""
        for key, (_, holder) in list(self._remembered.items()):
            if holder.token == token:
                self._remembered.pop(key, None)

    def _remember(self, key: bytes, holder: Holder) -> None:
        self._remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, holder)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)


def _provider(settings: Settings, clock: Callable[[], datetime]) -> IdentityProvider | None:
    issuer, audience = settings.oidc_issuer, settings.oidc_audience
    keys = settings.oidc_keys
    if issuer is None and audience is None and keys is None:
        return None
    if issuer is None or audience is None or keys is None:
        raise ParameterError(
            "An identity provider needs all of KINMATCH_OIDC_ISSUER, KINMATCH_OIDC_AUDIENCE and "
            "KINMATCH_OIDC_KEYS; set those that are missing."
        )
    return IdentityProvider(issuer=issuer, audience=audience, keys=keys, clock=clock)


def _fingerprint(escaped: str) -> str:
    """SHA-256 of a certificate in URL-encoded PEM, as nginx passes it on, in hexadecimal digits."""
    try:
        certificate = load_pem_x509_certificate(unquote(escaped).encode())
    except ValueError:
        raise _nobody() from None
    return certificate.fingerprint(SHA256()).hex()


def _nobody() -> ServiceError:
    return ServiceError("unauthenticated", "Send a valid token as 'Authorization: Bearer …'.")
