"""Who a society or a linkage unit is to the others: a signing key and an encryption key.

Both public keys stand in the agreement. Their private halves, an Ed25519 key (RFC 8032) and an
X25519 key (RFC 7748), lie in a file sealed with a passphrase. The fingerprint of the public keys is
short enough to be read aloud, so that two people who know each other's voices can find out whether
somebody exchanged the keys on the way.
"""

import hashlib
import json
import secrets
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import InputError, IntegrityError, KeyFileError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.secret import Secret
from matcher.formats.secretfile import SealedSecret, refuse_to_replace

FORMAT: Final = "kinmatch-identity/1"
"""The format of a sealed identity."""

PUBLIC_FORMAT: Final = "kinmatch-public-identity/1"
"""The format of its public half."""

SIGNATURE_BYTES: Final = 64

_KEY_BYTES = 32
_MAX_FILE_BYTES = 4096
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

WRAPPED_KEY_BYTES: Final = 32 + _KEY_BYTES + 16
"""A wrapped key of 32 bytes: an ephemeral public key, the key, a tag."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
_PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PublicIdentity(BaseModel):
    """What everybody may know of a society or a linkage unit; equal when all is equal.

    Attributes:
        format: Format name and version.
        name: Its name in agreements.
        signing: Its Ed25519 public key, 64 hexadecimal digits.
        exchange: Its X25519 public key, 64 hexadecimal digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["kinmatch-public-identity/1"] = PUBLIC_FORMAT
    name: Slug
    signing: _PublicKey
    exchange: _PublicKey

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a public identity from its file.

        Raises:
            InputError: The file can't be read or is none.
        """
        try:
            with path.open("rb") as file:
                content = file.read(_MAX_FILE_BYTES)
        except OSError as error:
            raise InputError(f"{path}: the file can't be read ({error.strerror}).") from None
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            raise InputError(
                f"{path}: not a public identity that this release reads, '{PUBLIC_FORMAT}'; "
                "choose another file."
            ) from None

    def write(self, path: Path) -> None:
        """Write the public identity to a file.

        Raises:
            OutputError: The file can't be written.
        """
        with written_whole(path) as aside:
            text = json.dumps(self.model_dump(), indent=2) + "\n"
            aside.write_text(text, encoding="ascii", newline="\n")

    @property
    def fingerprint(self) -> str:
        """Thirty digits in groups of five, to be compared by voice: 99 bits of SHA-256.

        To make other keys with the same fingerprint takes some 2^99 attempts.
        """
        named = f"{self.format}\n{self.name}\n{self.signing}\n{self.exchange}\n"
        return readable(hashlib.sha256(named.encode()).digest())

    def has_signed(self, kind: str, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature of a message of this kind is this party's."""
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.signing))
        try:
            key.verify(signature, _signed(kind, message))
        except InvalidSignature:
            return False
        return True

    def wrap(self, key: Secret, context: bytes) -> bytes:
        """Encrypt a key of 32 bytes so that only this party can open it; see `wrap_to`."""
        return wrap_to(self.exchange, key, context)


class Identity:
    """A party's own keys; shows its name and never a key.

    Attributes:
        public: What the others may know.
    """

    def __init__(self, name: str, seeds: Secret) -> None:
        """Take the private keys: 32 bytes of Ed25519 seed, then 32 bytes of X25519 key."""
        self._seeds = seeds
        self.public = PublicIdentity(
            name=name,
            signing=self._signing_key().public_key().public_bytes_raw().hex(),
            exchange=self._exchange_key().public_key().public_bytes_raw().hex(),
        )

    @classmethod
    def generate(cls, name: str) -> Self:
        """Draw the keys of a new identity.

        Raises:
            ParameterError: The name is none.
        """
        try:
            return cls(name, Secret(secrets.token_bytes(2 * _KEY_BYTES)))
        except ValidationError:
            raise ParameterError(
                "A name must be lower-case letters, digits and single hyphens, at most 64."
            ) from None

    @classmethod
    def open(cls, path: Path, passphrase: str) -> Self:
        """Open a sealed identity.

        Raises:
            KeyFileError: The file can't be read or was altered, or the passphrase is wrong.
        """
        sealed = SealedSecret.read(path, FORMAT)
        known = _public_part(sealed, path)
        opened = cls(known.name, sealed.open(passphrase, path))
        if opened.public != known:
            raise KeyFileError(f"{path}: its public keys are of another identity; don't use it.")
        return opened

    def seal(self, path: Path, passphrase: str) -> None:
        """Write the identity to a new file, sealed with a passphrase, for its owner alone.

        Raises:
            ParameterError: The passphrase is empty.
            OutputError: The file is there already or can't be written.
        """
        refuse_to_replace(path)
        about = self.public.model_dump(include={"name", "signing", "exchange"})
        SealedSecret.seal(self._seeds, passphrase, FORMAT, about).write(path)

    def sign(self, kind: str, message: bytes) -> bytes:
        """Sign a message of a kind such as `kinmatch-envelope/1`; it is none of another kind."""
        return self._signing_key().sign(_signed(kind, message))

    def unwrap(self, wrapped: bytes, context: bytes) -> Secret:
        """Open a key that was wrapped to this identity; see `unwrap_with`."""
        return unwrap_with(self._exchange_key(), wrapped, context)

    def derive(self, use: str) -> Secret:
        """Derive 32 bytes that this party alone can make, for a use of its own.

        HKDF-SHA256 (RFC 5869) of both private keys, with the format and the use as info string.
        """
        info = f"{FORMAT} derived {use}".encode()
        return Secret(HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(self._seeds.expose()))

    def __repr__(self) -> str:
        return f"Identity({self.public.name})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise ParameterError("An identity can't be pickled or copied; pass the object itself.")

    def _signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._seeds.expose()[:_KEY_BYTES])

    def _exchange_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._seeds.expose()[_KEY_BYTES:])


def public_identity_in(path: Path) -> PublicIdentity:
    """Read the public half of a sealed identity, without its passphrase; `Identity.open` checks it.

    Raises:
        KeyFileError: The file can't be read or is no sealed identity.
    """
    return _public_part(SealedSecret.read(path, FORMAT), path)


def wrap_to(public_key: str, key: Secret, context: bytes) -> bytes:
    """Encrypt a key of 32 bytes to an X25519 public key: HPKE (RFC 9180), base mode.

    Args:
        public_key: 64 hexadecimal digits.
        key: 32 bytes.
        context: What the key is for; it opens under no other.

    Returns:
        `WRAPPED_KEY_BYTES` bytes: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

    Raises:
        ParameterError: The public key is one that agrees on nothing secret.
    """
    receiver = X25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    try:
        return _SUITE.encrypt(key.expose(), receiver, context)
    except ValueError:
        raise ParameterError(
            "A public key keeps nothing secret: it was not made as one. Ask its owner for a new "
            "identity."
        ) from None


def unwrap_with(private_key: X25519PrivateKey, wrapped: bytes, context: bytes) -> Secret:
    """Open a key that was wrapped by `wrap_to`.

    Raises:
        IntegrityError: It was wrapped for another key or context, or was altered.
    """
    try:
        return Secret(_SUITE.decrypt(wrapped, private_key, context))
    except (InvalidTag, ValueError):
        raise IntegrityError(
            "A wrapped key does not open: it was made for somebody else or something else, or was "
            "altered."
        ) from None


def readable(digest: bytes) -> str:
    """Write a digest as thirty decimal digits in groups of five, which tell 99 bits of it."""
    number = int.from_bytes(digest, "big") % 10**30
    digits = f"{number:030d}"
    return " ".join(digits[at : at + 5] for at in range(0, 30, 5))


def _public_part(sealed: SealedSecret, path: Path) -> PublicIdentity:
    try:
        return PublicIdentity.model_validate(sealed.header.about)
    except ValidationError:
        raise KeyFileError(f"{path}: the file was altered; take it from a backup.") from None


def _signed(kind: str, message: bytes) -> bytes:
    return kind.encode() + b"\0" + message
