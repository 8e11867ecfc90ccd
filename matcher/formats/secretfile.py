"""A secret under a passphrase, in JSON that says how it was sealed and what it is for.

Argon2id (RFC 9106) makes the sealing key of the passphrase, or scrypt (RFC 7914) where OpenSSL
lacks Argon2id; AES-256-GCM seals. Everything but the sealed secret is associated data of the seal,
and the text must be the very one that sealing writes, so an altered byte anywhere is noticed. What
a file says about the cost of its own opening is bounded before it is believed.
"""

import json
import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import KeyFileError, OutputError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.secret import Secret

_MAX_FILE_BYTES: Final = 1 << 14

MAX_KEYS_BYTES: Final = 1 << 26
"""The most that a file of many keys beside a sealed one may have: a quarter of a million keys."""

_Salt = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Argon2idCost(_Part):
    """Cost and salt of the sealing key; the second choice of RFC 9106, section 4, at first."""

    name: Literal["argon2id"] = "argon2id"
    memory_kib: int = Field(default=64 * 1024, ge=8 * 1024, le=1024 * 1024)
    iterations: int = Field(default=3, ge=1, le=16)
    lanes: int = Field(default=4, ge=1, le=16)
    salt: _Salt


class ScryptCost(_Part):
    """Cost and salt of the sealing key; n = 2^17, r = 8 and p = 1 take 128 MiB."""

    name: Literal["scrypt"] = "scrypt"
    log2_n: int = Field(default=17, ge=14, le=20)
    r: Literal[8] = 8
    p: Literal[1] = 1
    salt: _Salt


class SealedHeader(_Part):
    """How a secret was sealed, and what it is for.

    Attributes:
        format: Format name and version of what is sealed, such as `kinmatch-keys/1`.
        about: What may be known of the secret without the passphrase.
        kdf: How the sealing key is made of the passphrase.
        cipher: What seals.
        nonce: Its nonce; salt and so sealing key are new with every seal.
    """

    format: Annotated[str, Field(pattern=r"^kinmatch-[a-z-]{1,32}/[0-9]{1,9}$")]
    about: dict[str, str | int]
    kdf: Annotated[Argon2idCost | ScryptCost, Field(discriminator="name")]
    cipher: Literal["aes-256-gcm"] = "aes-256-gcm"
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class SealedSecret(_Part):
    """A secret that nobody reads without the passphrase; shows what may be known of it.

    Attributes:
        header: How it was sealed, and what it is for.
        sealed: The secret, 16 to 1,024 bytes, and 16 bytes of tag, in hexadecimal digits.
    """

    header: SealedHeader
    sealed: Annotated[str, Field(pattern=r"^(?:[0-9a-f]{2}){32,1040}$")]

    @classmethod
    def seal(
        cls, secret: Secret, passphrase: str, kind: str, about: Mapping[str, str | int]
    ) -> Self:
        """Seal a secret of 16 to 1,024 bytes with a passphrase.

        Args:
            secret: What is sealed.
            passphrase: Not empty; normalised to NFC, since keyboards differ in how they compose
                one letter.
            kind: Format name and version.
            about: What may be known without the passphrase.

        Raises:
            ParameterError: The passphrase is empty.
        """
        if not passphrase:
            raise ParameterError("The passphrase is empty; choose one that nobody guesses.")
        kdf = _strongest_kdf()
        header = SealedHeader(format=kind, about=dict(about), kdf=kdf, nonce=secrets.token_hex(12))
        cipher = _cipher(passphrase, kdf)
        sealed = cipher.encrypt(bytes.fromhex(header.nonce), secret.expose(), _associated(header))
        return cls(header=header, sealed=sealed.hex())

    @classmethod
    def read(cls, path: Path, kind: str) -> Self:
        """Read a sealed secret from its file, without opening it.

        Raises:
            KeyFileError: The file can't be read, is of another kind or version, or was altered.
        """
        content = read_limited(path, _MAX_FILE_BYTES)
        found = cls.of(parse(path, content), path, kind)
        if found.text().encode() != content:
            raise _altered(path)
        return found

    @classmethod
    def of(cls, fields: object, path: Path, kind: str) -> Self:
        """Take a sealed secret out of parsed JSON; errors are those of `read`."""
        header = fields.get("header") if isinstance(fields, dict) else None
        if not isinstance(header, dict) or "format" not in header:
            raise KeyFileError(f"{path}: not a kinmatch key file; choose another file.")
        if header["format"] != kind:
            raise KeyFileError(
                f"{path}: not of the one kind and version that is asked for here, '{kind}'."
            )
        try:
            return cls.model_validate(fields)
        except ValidationError:
            raise _altered(path) from None

    def write(self, path: Path) -> None:
        """Write to a new file, with mode 0600.

        Raises:
            OutputError: The file is there already or can't be written.
        """
        refuse_to_replace(path)
        with written_whole(path, private=True) as aside:
            aside.write_text(self.text(), encoding="ascii", newline="\n")

    def open(self, passphrase: str, path: Path) -> Secret:
        """Open the seal.

        Args:
            passphrase: What it was sealed with.
            path: Where it was read from, for messages.

        Raises:
            KeyFileError: The passphrase is wrong, or the file was altered.
        """
        cipher = _cipher(passphrase, self.header.kdf)
        nonce, sealed = bytes.fromhex(self.header.nonce), bytes.fromhex(self.sealed)
        try:
            return Secret(cipher.decrypt(nonce, sealed, _associated(self.header)))
        except InvalidTag:
            raise KeyFileError(
                f"{path}: the passphrase is wrong, or the file was altered. Try the passphrase "
                "again; if it is right, take the file from a backup."
            ) from None

    def text(self) -> str:
        """The one text that this secret has in a file."""
        return json.dumps(self.model_dump(), indent=2) + "\n"


def seal_id(path: Path) -> str:
    """Name the seal of a key file by its salt: the same for copies, another when sealed anew.

    Raises:
        KeyFileError: The file can't be read or is no key file.
    """
    return _any_kind(path).header.kdf.salt


def require_passphrase(path: Path, passphrase: str) -> None:
    """Refuse a passphrase that does not open a key file, of whatever kind it is.

    Raises:
        KeyFileError: It does not, or the file can't be read or is no key file.
    """
    _any_kind(path).open(passphrase, path).wipe()


def refuse_to_replace(path: Path) -> None:
    """Refuse to write a key over another file.

    Raises:
        OutputError: There is a file already.
    """
    if path.exists():
        raise OutputError(
            f"{path}: there is a file already, and an overwritten key is lost for good; choose "
            "another name."
        )


def read_limited(path: Path, most: int) -> bytes:
    """Read a key file; a file of more than `most` bytes is cut, and so found altered later.

    Raises:
        KeyFileError: It can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)[:most]
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise KeyFileError(f"{path}: the key file can't be read ({reason}).") from None


def parse(path: Path, content: bytes) -> Any:
    """Parse the JSON of a key file.

    Raises:
        KeyFileError: It is none.
    """
    try:
        return json.loads(content.decode("ascii"))
    except (ValueError, RecursionError):
        raise KeyFileError(f"{path}: not a kinmatch key file; choose another file.") from None


def _any_kind(path: Path) -> SealedSecret:
    fields = parse(path, read_limited(path, MAX_KEYS_BYTES))
    if isinstance(fields, dict):
        fields.pop("data_keys", None)  # of a store
    header = fields.get("header") if isinstance(fields, dict) else None
    kind = header.get("format") if isinstance(header, dict) else None
    return SealedSecret.of(fields, path, str(kind))


def _altered(path: Path) -> KeyFileError:
    return KeyFileError(
        f"{path}: the key file was cut short or altered, or asks for more work than this release "
        "allows; take it from a backup."
    )


def _strongest_kdf() -> Argon2idCost | ScryptCost:
    salt = secrets.token_hex(16)
    try:
        Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8)
    except UnsupportedAlgorithm:  # OpenSSL before 3.2, and its kin
        return ScryptCost(salt=salt)
    return Argon2idCost(salt=salt)


def _cipher(passphrase: str, cost: Argon2idCost | ScryptCost) -> AESGCM:
    salt = bytes.fromhex(cost.salt)
    kdf: Argon2id | Scrypt
    if isinstance(cost, ScryptCost):
        kdf = Scrypt(salt=salt, length=32, n=1 << cost.log2_n, r=cost.r, p=cost.p)
    else:
        try:
            kdf = Argon2id(
                salt=salt,
                length=32,
                iterations=cost.iterations,
                lanes=cost.lanes,
                memory_cost=cost.memory_kib,
            )
        except UnsupportedAlgorithm:
            raise KeyFileError(
                "The key file needs Argon2id, which this machine's OpenSSL lacks; update it, or "
                "open the file on the machine that wrote it."
            ) from None
    return AESGCM(kdf.derive(unicodedata.normalize("NFC", passphrase).encode()))


def _associated(header: SealedHeader) -> bytes:
    return json.dumps(header.model_dump(), sort_keys=True, separators=(",", ":")).encode()
