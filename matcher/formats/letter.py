"""The letter: a sealed file on its way from one party of an agreement to another.

What refinement asks and answers travels in letters, between the linkage unit and a society in
either direction. In this order a letter holds

- the header, one line of JSON;
- a new content key, wrapped to the recipient's X25519 key by HPKE (RFC 9180) with the header as
  its context;
- the content in encrypted chunks (`matcher.formats.chunks`): the file, zeros, and in the last eight
  bytes the file's length, so that a letter has one of a few sizes, whatever is in it;
- the sender's Ed25519 signature of the SHA-256 of all before it.

Who signed can be checked by anybody who has the agreement, before and without opening it.
"""

import hashlib
import io
import json
import secrets
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.agreement import Agreement
from matcher.formats.chunks import KEY_BYTES, Decrypted, encrypt, encrypted_size
from matcher.formats.envelope import require_own_keys
from matcher.formats.errors import InputError, IntegrityError, MismatchError
from matcher.formats.files import written_whole
from matcher.formats.identity import SIGNATURE_BYTES, WRAPPED_KEY_BYTES, Identity, Slug
from matcher.formats.secret import Secret

FORMAT: Final = "kinmatch-letter/1"
"""The format's name and version."""

LEAST_BYTES: Final = 1 << 16
"""The smallest size of a content; the others are four times the one before."""

_MAX_HEADER_BYTES = 4096
_LENGTH_BYTES: Final = 8
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class LetterHeader(BaseModel):
    """What a letter says of itself, in the open but signed.

    Attributes:
        format: Format name and version.
        agreement_id: The agreement between sender and recipient.
        sender: Who signs.
        recipient: Who can open it.
        holds: The kind of file inside, such as `kinmatch-requests`.
        answers: The seal of the file that the one inside answers; None where it begins something.
        content_bytes: The size of what is encrypted, which is larger than the file inside.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["kinmatch-letter/1"] = FORMAT
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    sender: Slug
    recipient: Slug
    holds: Annotated[str, Field(pattern=r"^kinmatch-[a-z]{1,32}$")]
    answers: _Digest | None
    content_bytes: int = Field(ge=_LENGTH_BYTES, lt=1 << 40)

    @property
    def line(self) -> bytes:
        """The one way in which the header stands in the letter."""
        return json.dumps(self.model_dump(), separators=(",", ":")).encode("ascii") + b"\n"


class Letter:
    """A letter that was signed by whom it says; nothing of it is decrypted before `open`.

    Attributes:
        header: What it says of itself.
        path: What it is called in messages.
    """

    def __init__(self, header: LetterHeader, content: bytes, path: Path) -> None:
        self.header = header
        self.path = path
        self._content = content

    def __repr__(self) -> str:
        return f"<letter from {self.header.sender} to {self.header.recipient}>"

    @classmethod
    def of(cls, content: bytes, agreement: Agreement, path: Path) -> Self:
        """Check all of a letter that can be checked without opening it.

        Args:
            content: The letter.
            agreement: The agreement that it must be under.
            path: What it is called in messages.

        Raises:
            InputError: It is no letter of a known version.
            IntegrityError: It was cut short or altered, or not signed by whom it names.
            MismatchError: It belongs to another agreement.
            AgreementError: The agreement has no public keys of its sender.
        """
        header = _header_in(content, path)
        if header.agreement_id != agreement.agreement_id:
            raise MismatchError(
                f"{path}: the letter belongs to agreement {header.agreement_id}, the agreement "
                f"given is {agreement.agreement_id}. Give the agreement of the letter."
            )
        signed, signature = content[:-SIGNATURE_BYTES], content[-SIGNATURE_BYTES:]
        sender = agreement.identity_of(header.sender)
        if not sender.has_signed(FORMAT, hashlib.sha256(signed).digest(), signature):
            raise IntegrityError(
                f"{path}: not signed by '{header.sender}' with the key that the agreement has for "
                "it, or altered since. Ask for it again."
            )
        return cls(header, content, path)

    @classmethod
    def read(cls, path: Path, agreement: Agreement) -> Self:
        """Read a letter from its file, and check it; as `of`."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: the file can't be read ({error.strerror}).") from None
        return cls.of(content, agreement, path)

    def open(self, identity: Identity, *, sender: str, holds: str) -> Decrypted:
        """Open a letter; what it holds is decrypted as it is read.

        Args:
            identity: The recipient's.
            sender: Who must have sent it.
            holds: The kind of file that it must hold.

        Raises:
            MismatchError: It is from or for somebody else, or holds something else.
            IntegrityError: It does not open with the recipient's key.
        """
        wanted = {"sender": sender, "recipient": identity.public.name, "holds": holds}
        for what, value in wanted.items():
            if (found := getattr(self.header, what)) != value:
                raise MismatchError(
                    f"{self.path}: the letter's {what} is '{found}', and here it must be "
                    f"'{value}'. Choose another file."
                )
        start = len(self.header.line)
        key = identity.unwrap(self._content[start : start + WRAPPED_KEY_BYTES], self.header.line)
        size = self.header.content_bytes
        begin = start + WRAPPED_KEY_BYTES
        found = Decrypted(io.BytesIO(self._content), begin, size, key, self._altered)
        found.seek(size - _LENGTH_BYTES)
        length = int.from_bytes(found.read(_LENGTH_BYTES), "big")
        if length > size - _LENGTH_BYTES:
            raise self._altered()
        found.seek(0)
        found.end_at(length)
        return found

    def _altered(self) -> IntegrityError:
        return IntegrityError(
            f"{self.path}: signed rightly, but a part of it does not open. Its sender must make "
            "it anew."
        )


def padded_size(size: int) -> int:
    """Give how many bytes are encrypted for a file of some size: the next of a few steps."""
    padded = LEAST_BYTES
    while padded < size + _LENGTH_BYTES:
        padded *= 4
    return padded


def letter(
    content: bytes,
    *,
    identity: Identity,
    recipient: str,
    agreement: Agreement,
    holds: str,
    answers: str | None = None,
    room: int = 0,
) -> bytes:
    """Sign a file and encrypt it to another party.

    Args:
        content: The file.
        identity: The sender's.
        recipient: A party, or the linkage unit.
        agreement: The agreement between them.
        holds: The kind of the file, such as `kinmatch-requests`.
        answers: The seal of the file that it answers.
        room: How large the file might have been, in bytes: the letter is as large as if it were.

    Raises:
        AgreementError: The agreement has no public keys of one of them, or others than the
            identity's.
    """
    require_own_keys(agreement, identity)
    to = agreement.identity_of(recipient)
    header = LetterHeader(
        agreement_id=agreement.agreement_id,
        sender=identity.public.name,
        recipient=to.name,
        holds=holds,
        answers=answers,
        content_bytes=padded_size(max(len(content), room)),
    )
    zeros = bytes(header.content_bytes - len(content) - _LENGTH_BYTES)
    padded = content + zeros + len(content).to_bytes(_LENGTH_BYTES, "big")
    key = Secret(secrets.token_bytes(KEY_BYTES))
    written = io.BytesIO()
    written.write(header.line)
    written.write(to.wrap(key, header.line))
    encrypt(key, io.BytesIO(padded), written.write)
    signature = identity.sign(FORMAT, hashlib.sha256(written.getbuffer()).digest())
    written.write(signature)
    return written.getvalue()


def seal_file(
    path: Path,
    *,
    identity: Identity,
    recipient: str,
    agreement: Agreement,
    holds: str,
    answers: str | None = None,
    room: int = 0,
) -> None:
    """Make a file a letter, in its place; as `letter`.

    Raises:
        OutputError: It can't be written.
    """
    sealed = letter(
        path.read_bytes(),
        identity=identity,
        recipient=recipient,
        agreement=agreement,
        holds=holds,
        answers=answers,
        room=room,
    )
    with written_whole(path, private=True) as aside:
        aside.write_bytes(sealed)


def _header_in(content: bytes, path: Path) -> LetterHeader:
    line = content[: content.find(b"\n", 0, _MAX_HEADER_BYTES) + 1]
    try:
        header = LetterHeader.model_validate_json(line)
    except ValidationError:
        header = None
    if header is None or header.line != line:
        raise InputError(
            f"{path}: not a letter of the one version that this release reads, '{FORMAT}', or "
            "altered at its beginning; choose another file."
        )
    rest = WRAPPED_KEY_BYTES + encrypted_size(header.content_bytes) + SIGNATURE_BYTES
    if len(content) != len(line) + rest:
        raise IntegrityError(
            f"{path}: the letter was cut short, or something was added. Ask for it again."
        )
    return header
