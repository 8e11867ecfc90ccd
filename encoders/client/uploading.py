"""Sending an envelope in parts, going on wherever the last attempt was cut off.

The service tells which parts it has, so nothing about the progress is kept here: the same command
again goes on, on another machine too.
"""

import base64
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from encoders.client.generated import Batch, NewBatch, Operations
from matcher.formats.envelope import read_header
from matcher.formats.errors import InputError, IntegrityError, ServiceError
from matcher.formats.scheme import Scheme, published

PART_BYTES: Final = 1 << 20
"""How much is sent at once: what is lost by a cut is at most this."""

RECEIVING: Final = ("registered", "receiving")
"""States of a batch of which parts are awaited."""

UNDECIDED: Final = (*RECEIVING, "validating")
"""States of a batch of which it is not said yet whether it is accepted."""

_FIRST_POLL, _LONGEST_POLL = 0.25, 15.0

Advance = Callable[[int], None]
"""Told how many bytes the service has."""


def upload(
    operations: Operations,
    path: Path,
    *,
    supersedes: UUID | None = None,
    advance: Advance = lambda _: None,
) -> Batch:
    """Send an envelope, or what is missing of it; warns where its scheme is unhardened.

    Args:
        operations: The service's.
        path: The envelope.
        supersedes: A batch that leaves when this one is accepted.
        advance: Told of the progress.

    Returns:
        The batch as the service has it: `validating`, or what became of it if it was sent before.

    Raises:
        EnvelopeError: The file is no envelope.
        InputError: It can't be read.
        IntegrityError: It changed while it was sent.
        ServiceError: The service refuses, or does not answer.
    """
    header = read_header(path)
    agreement = header.agreement_id
    if header.scheme in published():
        Scheme.published(header.scheme).say_unhardened()
    try:
        with path.open("rb") as file:
            digest, size = _digest_of(file)
            batch = operations.batches_register(
                NewBatch(agreement=agreement, digest=digest, size=size, supersedes=supersedes)
            )
            if batch.state not in RECEIVING:
                advance(size)
                return batch
            return _finished(operations, batch, file, size, advance)
    except OSError as error:
        raise InputError(f"{path}: the file can't be read ({error.strerror}).") from None


def _finished(
    operations: Operations, batch: Batch, file: BinaryIO, size: int, advance: Advance
) -> Batch:
    """Send what is missing and say that it is all; or find that it was said before.

    The answer to it may have been lost on the way, and the linkage unit quick.
    """
    try:
        _send_missing(operations, batch, file, size, advance)
        return operations.batches_finished(batch.id)
    except ServiceError as error:
        if error.code != "state":
            raise
        found = operations.batches_shown(batch.id)
        if found.state in RECEIVING:
            raise
        advance(size)
        return found


def _digest_of(file: BinaryIO) -> tuple[str, int]:
    sha, size = hashlib.sha256(), 0
    while chunk := file.read(PART_BYTES):
        sha.update(chunk)
        size += len(chunk)
    return f"sha256:{sha.hexdigest()}", size


def _send_missing(
    operations: Operations, batch: Batch, file: BinaryIO, size: int, advance: Advance
) -> None:
    """Send all parts that the service has not; each has the same place and content every time."""
    there = {part.number: part for part in batch.parts}
    done = batch.received
    advance(done)
    for number, start in enumerate(range(0, size, PART_BYTES)):
        if number in there:
            continue
        file.seek(start)
        content = file.read(min(PART_BYTES, size - start))
        if len(content) != min(PART_BYTES, size - start):
            raise IntegrityError("The envelope changed while it was sent; run the same again.")
        operations.batches_received(
            batch.id, number, content, content_digest=content_digest(content)
        )
        done += len(content)
        advance(done)


def content_digest(content: bytes) -> str:
    """Write a `Content-Digest` header (RFC 9530)."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
    return f"sha-256=:{digest}:"


def verdict_on(
    operations: Operations,
    batch: UUID,
    *,
    patience: float,
    wait: Callable[[float], None] = time.sleep,
) -> Batch:
    """Wait until the linkage unit has said whether it accepts a batch.

    Args:
        operations: The service's.
        batch: Its id.
        patience: Seconds after which to wait no longer.
        wait: Waits some seconds.

    Returns:
        The batch; still `validating` if patience ended.

    Raises:
        ServiceError: The service refuses, or does not answer.
    """
    pause, waited = _FIRST_POLL, 0.0
    while True:
        found = operations.batches_shown(batch)
        if found.state not in UNDECIDED or waited >= patience:
            return found
        wait(pause)
        waited += pause
        pause = min(2 * pause, _LONGEST_POLL)
