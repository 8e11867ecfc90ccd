"""The envelope: a batch on its way to the linkage unit, signed, encrypted, and good for once.

In this order a file holds

- the header, one line of JSON;
- a new content key, wrapped to the linkage unit's X25519 key by HPKE (RFC 9180) with the header as
  its context, so that under another header it does not open;
- the sealed batch in encrypted chunks (`matcher.formats.chunks`);
- the society's Ed25519 signature of the SHA-256 of all before it.

Whoever opens one checks, in the order of `RULES`, everything there is to check; what is refused is
named and logged, by rule and sender and never by content.
"""

import hashlib
import json
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats import batch as batches
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, BatchHeader
from matcher.formats.chunks import KEY_BYTES, Decrypted, encrypt, encrypted_size
from matcher.formats.errors import (
    AgreementError,
    EnvelopeError,
    InputError,
    IntegrityError,
    MismatchError,
)
from matcher.formats.files import written_whole
from matcher.formats.identity import SIGNATURE_BYTES, WRAPPED_KEY_BYTES, Identity, Slug, wrap_to
from matcher.formats.ledger import Ledger, Receipt
from matcher.formats.sealed import SealedFile
from matcher.formats.secret import Secret

FORMAT: Final = "kinmatch-envelope/1"
"""The format's name and version."""

RULES: Final = (
    "format",
    "agreement",
    "party",
    "signature",
    "scheme",
    "epoch",
    "retired",
    "replay",
    "chunk",
    "batch",
)
"""What is checked, in this order; an `EnvelopeError` names the first that is not kept."""

_MAX_HEADER_BYTES = 4096
_HASHED_BYTES = 1 << 20
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]

_log = logging.getLogger("kinmatch.envelope")
_log.addHandler(logging.NullHandler())


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


@dataclass(frozen=True)
class Opened:
    """An envelope that passed every check; readable until it is closed.

    Attributes:
        header: What it says of itself.
        digest: SHA-256 over the whole file.
        batch: The batch inside, checked; its fingerprints are decrypted as they are read.
        content: The batch's file, decrypted where it is read; seek to 0 to copy it.
    """

    header: EnvelopeHeader
    digest: str
    batch: Batch
    content: Decrypted


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
    require_own_keys(agreement, identity)
    unit = agreement.identity_of(agreement.linkage_unit)
    with written_whole(path) as aside, aside.open("r+b") as sink, batch.open("rb") as source:
        header = EnvelopeHeader.model_validate(
            {
                **_shared(inside),
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
    with _file(path) as file:
        return _read_header(file, path)


@contextmanager
def opened_envelope(
    path: Path,
    *,
    identity: Identity,
    agreements: Sequence[Agreement],
    on: date,
    ledger: Ledger,
    again: bool = False,
) -> Iterator[Opened]:
    """Open an envelope for the linkage unit: check all of it, and enter it in the ledger.

    Nothing is written but the ledger, and no more than a chunk is in memory at a time.

    Args:
        path: The envelope.
        identity: The linkage unit's.
        agreements: All that the linkage unit knows.
        on: Today, on which the batch's key epoch must be valid.
        ledger: What has been accepted so far.
        again: Whether an envelope that was accepted before may be opened once more, as when a run
            is repeated.

    Yields:
        The envelope; it can be read until the block ends.

    Raises:
        EnvelopeError: It is refused, by the first of `RULES` that it does not keep.
    """
    header = None
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_file(path))
            header = _read_header(file, path)
            agreement = _agreement_of(header, agreements, identity, path)
            digest = _check_signature(file, header, agreement, path)
            receipt = Receipt(
                agreement_id=header.agreement_id,
                society=header.society,
                number=header.number,
                key_epoch=header.key_epoch,
                digest=digest,
            )
            _check_terms(header, agreement, on, path)
            ledger.check(receipt, again=again)
            content = _decrypted(file, header, identity, path)
            batch = _check_batch(content, header, agreement, path)
            ledger.accept(receipt, again=again)
        except EnvelopeError as error:
            _log.warning("envelope refused: %s", error.rule, extra=_about(header, error.rule))
            raise
        _log.info("envelope accepted", extra=_about(header, ""))
        yield Opened(header, digest, batch, content)


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
def _file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise EnvelopeError("format", f"{path}: can't be read ({error.strerror}).") from None
    with file:
        yield file


def _read_header(file: BinaryIO, path: Path) -> EnvelopeHeader:
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


def _agreement_of(
    header: EnvelopeHeader, agreements: Sequence[Agreement], identity: Identity, path: Path
) -> Agreement:
    found = [one for one in agreements if one.agreement_id == header.agreement_id]
    if not found:
        ours = ", ".join(one.agreement_id for one in agreements[:3])
        raise EnvelopeError(
            "agreement",
            f"{path}: sent under agreement {header.agreement_id}, which is not among those known "
            f"here ({ours}).",
        )
    for agreement in found:
        if agreement.version_like(header.agreement_digest) == header.agreement_digest:
            break
    else:
        raise EnvelopeError(
            "agreement",
            f"{path}: sent under another version of agreement {header.agreement_id}: its digest is "
            f"{header.agreement_digest}, the one known has {found[0].digest}.",
        )
    known = {one.name for one in agreement.identities}
    if header.society not in agreement.parties or header.society not in known:
        raise EnvelopeError(
            "party",
            f"{path}: '{header.society}' is no party to agreement {agreement.agreement_id} whose "
            "public keys it has.",
        )
    if not header.linkage_unit == agreement.linkage_unit == identity.public.name:
        raise EnvelopeError(
            "party",
            f"{path}: sent to '{header.linkage_unit}'; the agreement has "
            f"'{agreement.linkage_unit}', the identity given is '{identity.public.name}'.",
        )
    return agreement


def _check_signature(
    file: BinaryIO, header: EnvelopeHeader, agreement: Agreement, path: Path
) -> str:
    """Check who signed; give the digest of the whole file.

    The file is read here once and once more when it is decrypted: what is changed in between does
    not open, for its key is in the part that was signed.
    """
    file.seek(0)
    sha = hashlib.sha256()
    left = os.fstat(file.fileno()).st_size - SIGNATURE_BYTES
    while left and (part := file.read(min(left, _HASHED_BYTES))):
        sha.update(part)
        left -= len(part)
    signature = file.read(SIGNATURE_BYTES)
    signer = agreement.identity_of(header.society)
    if left or not signer.has_signed(FORMAT, sha.digest(), signature):
        raise EnvelopeError(
            "signature",
            f"{path}: not signed by '{header.society}' with the key that the agreement has for it, "
            "or altered since.",
        )
    sha.update(signature)
    return f"sha256:{sha.hexdigest()}"


def _check_terms(header: EnvelopeHeader, agreement: Agreement, on: date, path: Path) -> None:
    scheme = agreement.scheme
    if (header.scheme, header.scheme_digest) != (scheme.label, scheme.digest):
        raise EnvelopeError(
            "scheme",
            f"{path}: encoded under scheme {header.scheme}, the agreement has {scheme.label}. The "
            "records must be encoded under the agreement's own scheme.",
        )
    try:
        agreement.require_epoch(header.key_epoch, on)
    except AgreementError as error:
        raise EnvelopeError("epoch", f"{path}: {error}") from None


def _decrypted(file: BinaryIO, header: EnvelopeHeader, identity: Identity, path: Path) -> Decrypted:
    def altered() -> EnvelopeError:
        return EnvelopeError(
            "chunk",
            f"{path}: signed rightly, but a part of it does not open with the linkage unit's key. "
            "Its society must make it anew, under the linkage unit's public keys of today.",
        )

    file.seek(len(header.line))
    try:
        key = identity.unwrap(file.read(WRAPPED_KEY_BYTES), header.line)
    except IntegrityError:
        raise altered() from None
    start = len(header.line) + WRAPPED_KEY_BYTES
    return Decrypted(file, start, header.batch_bytes, key, altered)


def _check_batch(
    content: Decrypted, header: EnvelopeHeader, agreement: Agreement, path: Path
) -> Batch:
    try:
        # Reading the seal reads every chunk.
        batch = Batch(SealedFile(path, batches.KIND, batches.VERSION, content), agreement)
    except (AgreementError, InputError, IntegrityError, MismatchError) as error:
        raise EnvelopeError("batch", str(error)) from None
    inside = batch.header
    if _shared(inside) != _shared(header) or inside.seal != header.batch_seal:
        raise EnvelopeError(
            "batch", f"{path}: the batch inside is not the one that the envelope says."
        )
    return batch


def _shared(header: BatchHeader | EnvelopeHeader) -> dict[str, object]:
    """What envelope and batch both say."""
    names = {
        "agreement_id", "agreement_digest", "key_epoch", "scheme", "scheme_digest", "society",
    }  # fmt: skip
    return header.model_dump(include=names)


def _about(header: EnvelopeHeader | None, rule: str) -> dict[str, object]:
    """What a log may know of an envelope: its header's own fields, all of a narrow form."""
    if header is None:
        return {"rule": rule}
    fields = {"agreement_id", "society", "number", "key_epoch"}
    return {"rule": rule, **header.model_dump(include=fields)}
