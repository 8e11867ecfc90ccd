"""Small documents that a party signs: JSON with an Ed25519 signature of its canonical form.

Canonical means keys sorted, no spaces and ASCII only: the layout of the file does not count.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from matcher.formats.errors import InputError, IntegrityError
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity, PublicIdentity

MAX_BYTES: Final = 1 << 20
"""The most that a signed document may hold."""


class Document(BaseModel):
    """What is signed: a format's name and version, and whatever a subclass adds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: str

    @property
    def canonical(self) -> bytes:
        """The bytes that are signed."""
        fields = self.model_dump(mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of these, by which two of them are the same."""
        return "sha256:" + hashlib.sha256(self.canonical).hexdigest()


class _Signed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    document: dict[str, Any]
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


_D = TypeVar("_D", bound=Document)


def write_signed(
    path: Path, document: Document, identity: Identity, *, private: bool = False
) -> None:
    """Sign a document and write it; an older file of that name is replaced.

    Args:
        path: The file.
        document: What is signed.
        identity: Whose signature.
        private: Whether the file is for its owner alone.

    Raises:
        OutputError: The file can't be written.
    """
    signature = identity.sign(document.format, document.canonical)
    fields = {"document": document.model_dump(mode="json"), "signature": signature.hex()}
    with written_whole(path, private=private) as aside:
        aside.write_text(json.dumps(fields, indent=2) + "\n", encoding="ascii", newline="\n")


def read_signed(path: Path, kind: type[_D], signer: Callable[[_D], PublicIdentity]) -> _D:
    """Read a document from a file and check who signed it, as `check_signed` does.

    Raises:
        InputError: The file can't be read or is no such document.
        IntegrityError: It was not signed by the one who must have signed it, or was altered since.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError as error:
        raise InputError(f"{path}: the file can't be read ({error.strerror}).") from None
    return check_signed(content, str(path), kind, signer)


def check_signed(
    content: bytes, origin: str, kind: type[_D], signer: Callable[[_D], PublicIdentity]
) -> _D:
    """Take a document and check who signed it.

    Args:
        content: What a file held, or came by the network.
        origin: Where it is from, as messages say it.
        kind: What document it must be.
        signer: Tells of a document, not yet to be trusted, who must have signed it.

    Raises:
        InputError: It is no such document, or larger than `MAX_BYTES`.
        IntegrityError: It was not signed by the one who must have signed it, or was altered since.
    """
    try:
        # What is larger is cut short, and so is no document.
        signed = _Signed.model_validate_json(content[:MAX_BYTES])
        document = kind.model_validate_json(json.dumps(signed.document))
    except ValueError:  # pydantic's, too
        wanted = kind.model_fields["format"].default
        raise InputError(
            f"{origin}: not a '{wanted}', which is what is asked for here; choose another file."
        ) from None
    who = signer(document)
    if not who.has_signed(document.format, document.canonical, bytes.fromhex(signed.signature)):
        raise IntegrityError(
            f"{origin}: not signed by '{who.name}' with the key that the agreement has for it, or "
            "altered since. Ask them for it again, by another way."
        )
    return document
