"""The sealed key file: a root under a passphrase, in JSON that says how it was sealed.

Everything but the sealed root is associated data of the seal, and the file must be the very text
that sealing writes, so an altered byte anywhere is noticed. What a file says about its own
Argon2id cost is bounded before it is believed.
"""

import json
import secrets
import unicodedata
from pathlib import Path
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from encoders.secret import Secret
from matcher.formats.errors import KeyFileError, MismatchError, OutputError, ParameterError
from matcher.formats.files import written_whole

FORMAT: Final = "kinmatch-keys/1"
"""The format's name and version, which every key file carries."""

_MAX_FILE_BYTES = 4096


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Argon2id(_Part):
    """Cost and salt of the sealing key; the second choice of RFC 9106, section 4, at first."""

    name: Literal["argon2id"] = "argon2id"
    memory_kib: int = Field(default=64 * 1024, ge=8 * 1024, le=1024 * 1024)
    iterations: int = Field(default=3, ge=1, le=16)
    lanes: int = Field(default=4, ge=1, le=16)
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class _Header(_Part):
    format: Literal["kinmatch-keys/1"] = FORMAT
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    key_epoch: int = Field(ge=1)
    kdf: _Argon2id
    cipher: Literal["aes-256-gcm"] = "aes-256-gcm"
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class _Envelope(_Part):
    header: _Header
    sealed: Annotated[str, Field(pattern=r"^[0-9a-f]{96}$")]  # 32 bytes of root, 16 of tag

    def text(self) -> str:
        return json.dumps(self.model_dump(), indent=2) + "\n"


def seal_root(path: Path, passphrase: str, root: Secret, agreement_id: str, key_epoch: int) -> None:
    """Write a root to a new key file with mode 0600.

    Raises:
        ParameterError: The passphrase is empty.
        OutputError: The file is there already or can't be written.
    """
    if not passphrase:
        raise ParameterError("The passphrase is empty; choose one that nobody guesses.")
    if path.exists():
        raise OutputError(
            f"{path}: there is a file already, and an overwritten key is lost for good; choose "
            "another name."
        )
    header = _Header(
        agreement_id=agreement_id,
        key_epoch=key_epoch,
        kdf=_Argon2id(salt=secrets.token_hex(16)),
        nonce=secrets.token_hex(12),
    )
    cipher = _cipher(passphrase, header.kdf)
    sealed = cipher.encrypt(bytes.fromhex(header.nonce), root.expose(), _associated(header))
    with written_whole(path, private=True) as aside:
        envelope = _Envelope(header=header, sealed=sealed.hex())
        aside.write_text(envelope.text(), encoding="ascii", newline="\n")


def open_root(path: Path, passphrase: str, agreement_id: str, key_epoch: int) -> Secret:
    """Read the root out of a key file.

    Raises:
        KeyFileError: The file can't be read or was altered, its version is not known, or the
            passphrase is wrong.
        MismatchError: The keys belong to another agreement or key epoch.
    """
    envelope = _read(path)
    header = envelope.header
    if header.agreement_id != agreement_id:
        raise MismatchError(
            f"{path}: the keys are for agreement {header.agreement_id}, the agreement given is "
            f"{agreement_id}."
        )
    if header.key_epoch != key_epoch:
        raise MismatchError(
            f"{path}: the keys are of epoch {header.key_epoch}, the agreement is at epoch "
            f"{key_epoch}."
        )
    try:
        return Secret(
            _cipher(passphrase, header.kdf).decrypt(
                bytes.fromhex(header.nonce), bytes.fromhex(envelope.sealed), _associated(header)
            )
        )
    except InvalidTag:
        raise KeyFileError(
            f"{path}: the passphrase is wrong, or the file was altered. Try the passphrase again; "
            "if it is right, take the file from a backup."
        ) from None


def _read(path: Path) -> _Envelope:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise KeyFileError(f"{path}: the key file can't be read ({reason}).") from None
    try:
        fields = json.loads(content.decode("ascii"))
        version = fields["header"]["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise KeyFileError(f"{path}: not a kinmatch key file; choose another file.") from None
    if version != FORMAT:
        raise KeyFileError(f"{path}: not of the one version that this release reads, '{FORMAT}'.")
    altered = (
        f"{path}: the key file was cut short or altered, or asks for more work than this release "
        "allows; take it from a backup."
    )
    try:
        envelope = _Envelope.model_validate(fields)
    except ValidationError:
        raise KeyFileError(altered) from None
    if envelope.text().encode() != content:
        raise KeyFileError(altered)
    return envelope


def _cipher(passphrase: str, kdf: _Argon2id) -> AESGCM:
    """Derive the sealing key; NFC, since keyboards differ in how they compose one letter."""
    argon2 = Argon2id(
        salt=bytes.fromhex(kdf.salt),
        length=32,
        iterations=kdf.iterations,
        lanes=kdf.lanes,
        memory_cost=kdf.memory_kib,
    )
    return AESGCM(argon2.derive(unicodedata.normalize("NFC", passphrase).encode()))


def _associated(header: _Header) -> bytes:
    return json.dumps(header.model_dump(), sort_keys=True, separators=(",", ":")).encode()
