"""The digital emblem: a signed token that marks the service as protected under humanitarian law.

As in the Internet-Draft "ADEM Core Specification", draft-linker-diem-adem-core-01 (5 October 2026),
section 3.2.2: a JWS in compact form whose protected header has `alg`, `jwk` (with `alg`, without
`kid`) and `cty` "adem-emb", over the claims `ver`, `iat`, `nbf`, `exp`, `iss`, `assets` and `emb`.
The draft distributes tokens by DNS; it names no place on a website, so the one where the service
shows its own is ours, and `emb` has no `dst`, which would forbid it. An emblem is trusted for its
endorsements, which others sign for the key's identifier (section 6.1).

An emblem may only mark what is used for protected purposes alone. It is off unless it is set up.
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from matcher.formats.errors import ParameterError
from matcher.settings import Settings

CONTENT_TYPE: Final = "adem-emb"
"""What the header `cty` says of an emblem."""

VERSION: Final = "v1"
LONGEST_DAYS: Final = 90
"""Days that an emblem is valid at most."""

_DOMAIN = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"
_ISSUER: Final = re.compile(rf"https://{_DOMAIN}")
_ASSET: Final = re.compile(rf"(\*\.)?{_DOMAIN}|\[[0-9A-Fa-f:.]+\]")
_ALGORITHMS: Final = {"Ed25519": "Ed25519", "P-256": "ES256"}

Key = OKPKey | ECKey


@dataclass(frozen=True, repr=False)
class Emblem:
    """What emblems are made of; make one with `Emblem.of`.

    Attributes:
        issuer: The organisation that signals protection, as `https://` and its domain.
        assets: Domain names, with `*` on the left if wanted, and IPv6 addresses in brackets.
        days: Days that a token is valid.
        algorithm: `Ed25519` (RFC 9864) or `ES256`.
    """

    issuer: str
    assets: tuple[str, ...]
    days: int
    algorithm: str
    _key: Key

    @classmethod
    def of(cls, key_file: Path, issuer: str, assets: Sequence[str], days: int) -> Self:
        """Set emblems up.

        Args:
            key_file: The private key that signs, Ed25519 or P-256, in PEM.
            issuer: See the class.
            assets: See the class; one or more.
            days: See the class; 1 to `LONGEST_DAYS`.

        Raises:
            ParameterError: Something is not what it must be; no key is in the message.
        """
        if not _ISSUER.fullmatch(issuer):
            raise ParameterError("An emblem's issuer must be 'https://' and a domain name.")
        if not assets or not all(_ASSET.fullmatch(asset) for asset in assets):
            raise ParameterError(
                "An emblem's assets must be domain names or IPv6 addresses in brackets."
            )
        if not 1 <= days <= LONGEST_DAYS:
            raise ParameterError(f"An emblem must be valid for 1 to {LONGEST_DAYS} days.")
        key = _private_key(key_file)
        return cls(issuer, tuple(assets), days, _ALGORITHMS[str(key.curve_name)], key)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """Set emblems up as the operator's settings say; None where they are off.

        Raises:
            ParameterError: A setting is missing where others are there, or not what it must be.
        """
        key_file, issuer, assets = (
            settings.emblem_key_file, settings.emblem_issuer, settings.emblem_assets,
        )  # fmt: skip
        if key_file is None and issuer is None and not assets:
            return None
        if key_file is None or issuer is None or not assets:
            raise ParameterError(
                "The emblem needs all of KINMATCH_EMBLEM_KEY_FILE, KINMATCH_EMBLEM_ISSUER and "
                "KINMATCH_EMBLEM_ASSETS; set those that are missing, or none."
            )
        return cls.of(key_file, issuer, assets, settings.emblem_days)

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public key as the header has it."""
        return {**self._key.as_dict(private=False), "alg": self.algorithm}

    @property
    def key_identifier(self) -> str:
        """The key's identifier, for which endorsements are asked (section 6.1 of the draft).

        SHA-256 thumbprint (RFC 7638) in base32, lower-case and without `=`.
        """
        thumbprint = base64.urlsafe_b64decode(self._key.thumbprint() + "=")
        return base64.b32encode(thumbprint).decode().lower().rstrip("=")

    def token(self, at: datetime) -> str:
        """Sign the token for the hour of a time, in UTC."""
        since = at.replace(minute=0, second=0, microsecond=0)
        begins = int(since.timestamp())
        claims = {
            "ver": VERSION,
            "iat": begins,
            "nbf": begins,
            "exp": int((since + timedelta(days=self.days)).timestamp()),
            "iss": self.issuer,
            "assets": list(self.assets),
            "emb": {"prp": ["protective"]},
        }
        header = {"alg": self.algorithm, "jwk": self.public_jwk, "cty": CONTENT_TYPE}
        payload = json.dumps(claims, sort_keys=True, separators=(",", ":"))
        return jws.serialize_compact(header, payload, self._key, algorithms=[self.algorithm])


def _private_key(path: Path) -> Key:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise ParameterError(f"{path}: can't be read ({error.strerror}).") from None
    for kind in (OKPKey, ECKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and key.curve_name in _ALGORITHMS:
            return key
    raise ParameterError(f"{path}: no private key for Ed25519 or P-256 in PEM.")
