"""Opening an envelope (`matcher.formats.envelope`), for the linkage unit.

Everything there is to check is checked, in the order of `RULES`; what is refused is named and
logged, by rule and sender and never by content.
"""

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from matcher.formats import batch as batches
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.chunks import Decrypted
from matcher.formats.envelope import (
    FORMAT,
    EnvelopeHeader,
    envelope_file,
    header_in,
    shared_terms,
)
from matcher.formats.errors import (
    AgreementError,
    EnvelopeError,
    InputError,
    IntegrityError,
    MismatchError,
)
from matcher.formats.identity import SIGNATURE_BYTES, WRAPPED_KEY_BYTES, Identity
from matcher.formats.ledger import Ledger, Receipt
from matcher.formats.sealed import SealedFile

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

_HASHED_BYTES = 1 << 20

_log = logging.getLogger("kinmatch.envelope")
_log.addHandler(logging.NullHandler())


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
            file = stack.enter_context(envelope_file(path))
            header = header_in(file, path)
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
    if shared_terms(inside) != shared_terms(header) or inside.seal != header.batch_seal:
        raise EnvelopeError(
            "batch", f"{path}: the batch inside is not the one that the envelope says."
        )
    return batch


def _about(header: EnvelopeHeader | None, rule: str) -> dict[str, object]:
    """What a log may know of an envelope: its header's own fields, all of a narrow form."""
    if header is None:
        return {"rule": rule}
    fields = {"agreement_id", "society", "number", "key_epoch"}
    return {"rule": rule, **header.model_dump(include=fields)}
