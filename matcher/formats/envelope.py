"""The envelope: a batch on its way to the linkage unit, signed, encrypted, and good for once.

In this order a file holds

- the header, one line of JSON;
- a new content key, wrapped to the linkage unit's X25519 key by HPKE (RFC 9180) with the header as
  its context, so that under another header it does not open;
- the sealed batch in encrypted chunks (`matcher.formats.chunks`);
- the society's Ed25519 signature of the SHA-256 of all before it.

`matcher.formats.opening` opens it, and says what it is checked for.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats import batch as batches
from matcher.formats.agreement import Agreement
from matcher.formats.batch import BatchHeader
from matcher.formats.chunks import KEY_BYTES, encrypt, encrypted_size
from matcher.formats.errors import (
    AgreementError,
    EnvelopeError,
    IntegrityError,
    MismatchError,
)
from matcher.formats.files import written_whole
from matcher.formats.identity import SIGNATURE_BYTES, WRAPPED_KEY_BYTES, Identity, Slug, wrap_to
from matcher.formats.sealed import SealedFile
from matcher.formats.secret import Secret

FORMAT: Final = "kinmatch-envelope/1"
"""The format's name and version."""

_MAX_HEADER_BYTES = 4096
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class EnvelopeHeader(BaseModel):
    """What an envelope says of itself, in the open but signed.

    Attributes:
        format: Format name and version.
        agreement_id: The agreement that the batch was encoded under.
        agreement_digest: Its digest.
        key_epoch: The epoch of the keys.
        scheme: Name and version of the scheme.
        scheme_digest: The scheme's digest.
        society: Who signs.
        linkage_unit: Who can open it.
        number: Grows from one envelope of the society to the next.
        batch_seal: The seal of the batch inside.
        batch_bytes: The size of the batch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["kinmatch-envelope/1"] = FORMAT
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    agreement_digest: _Digest
    key_epoch: int = Field(ge=1, lt=1 << 31)
    scheme: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}/[0-9]{1,9}$")]
    scheme_digest: _Digest
    society: Slug
    linkage_unit: Slug
    number: int = Field(ge=1, lt=1 << 63)
    batch_seal: _Digest
    batch_bytes: int = Field(ge=0, lt=1 << 50)

    @property
    def line(self) -> bytes:
        """The one way in which the header stands in the file."""
        return json.dumps(self.model_dump(), separators=(",", ":")).encode("ascii") + b"\n"


def write_envelope(
    batch: Path, path: Path, *, identity: Identity, agreement: Agreement, number: int
) -> EnvelopeHeader:
    """Sign a batch and encrypt it to the linkage unit, in memory for one chunk.

    Args:
        batch: The batch of the identity's own society.
        path: The envelope; an older file of that name is replaced.
        identity: The society's.
        agreement: What the batch was encoded under.
        number: Higher than that of any envelope the society has sent under the agreement, such as
            the time in milliseconds.

    Raises:
        AgreementError: The agreement has no public keys of the society or the linkage unit, or
            others than the identity's.
        InputError: The batch can't be read or is none.
        IntegrityError: The batch was altered.
        MismatchError: The batch is another society's, or was encoded under another agreement.
        OutputError: The envelope can't be written.
    """
    inside = _header_of(batch)
    name = identity.public.name
    if inside.society != name:
        raise MismatchError(
            f"{batch}: the batch is of society '{inside.society}', the identity is '{name}'; a "
            "society sends its own batches alone."
        )
    if inside.agreement_digest != agreement.version_like(inside.agreement_digest):
        # Another agreement may have another linkage unit, which must not see this batch.
        raise MismatchError(
            f"{batch}: the batch was encoded under agreement {inside.agreement_id}, "
            f"{inside.agreement_digest}; the agreement given is {agreement.agreement_id}, "
            f"{agreement.digest}. Give the agreement of the batch."
        )
    require_own_keys(agreement, identity)
    unit = agreement.identity_of(agreement.linkage_unit)
    with written_whole(path) as aside, aside.open("r+b") as sink, batch.open("rb") as source:
        header = EnvelopeHeader.model_validate(
            {
                **shared_terms(inside),
                "linkage_unit": unit.name,
                "number": number,
                "batch_seal": inside.seal,
                "batch_bytes": os.fstat(source.fileno()).st_size,
            }
        )
        _write(sink, source, header, unit.exchange, identity)
    return header


def read_header(path: Path) -> EnvelopeHeader:
    """Read what an envelope says of itself; nothing of it is checked yet.

    Raises:
        EnvelopeError: `format`: the file can't be read or is no envelope.
    """
    with envelope_file(path) as file:
        return header_in(file, path)


def require_own_keys(agreement: Agreement, identity: Identity) -> None:
    """Refuse an identity whose public keys are not those that the agreement has for its name.

    Raises:
        AgreementError: They are not.
    """
    if agreement.identity_of(identity.public.name) != identity.public:
        raise AgreementError(
            f"The public keys of '{identity.public.name}' in agreement {agreement.agreement_id} "
            "are not those of this identity. Take the identity that the agreement was drawn up "
            "with."
        )


def _header_of(path: Path) -> BatchHeader:
    file = SealedFile(path, batches.KIND, batches.VERSION)
    try:
        return BatchHeader.model_validate(file.header)
    except ValidationError:
        raise file.altered() from None


def _write(
    sink: BinaryIO, source: BinaryIO, header: EnvelopeHeader, unit: str, identity: Identity
) -> None:
    key = Secret(secrets.token_bytes(KEY_BYTES))
    sha = hashlib.sha256()

    def write(part: bytes) -> None:
        sha.update(part)
        sink.write(part)

    write(header.line)
    write(wrap_to(unit, key, header.line))
    if encrypt(key, source, write) != header.batch_bytes:
        raise IntegrityError("The batch changed while it was sealed; run the same command again.")
    sink.write(identity.sign(FORMAT, sha.digest()))


@contextmanager
def envelope_file(path: Path) -> Iterator[BinaryIO]:
    """Open the file of an envelope; refused as of no format where it can't be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise EnvelopeError("format", f"{path}: can't be read ({error.strerror}).") from None
    with file:
        yield file


def header_in(file: BinaryIO, path: Path) -> EnvelopeHeader:
    """Read the header of an open envelope; as `read_header`."""
    try:
        line = file.readline(_MAX_HEADER_BYTES)
        header = EnvelopeHeader.model_validate_json(line)
    except (OSError, ValidationError):
        header = None
    if header is None or header.line != line:
        raise EnvelopeError(
            "format",
            f"{path}: not an envelope of the one version that this release reads, '{FORMAT}', or "
            "altered at its beginning.",
        )
    size = WRAPPED_KEY_BYTES + encrypted_size(header.batch_bytes) + SIGNATURE_BYTES
    if os.fstat(file.fileno()).st_size != len(line) + size:
        raise EnvelopeError(
            "format", f"{path}: the envelope was cut short, or something was added."
        )
    return header


def shared_terms(header: BatchHeader | EnvelopeHeader) -> dict[str, object]:
    """Give what envelope and batch both say."""
    names = {
        "agreement_id", "agreement_digest", "key_epoch", "scheme", "scheme_digest", "society",
    }  # fmt: skip
    return header.model_dump(include=names)
