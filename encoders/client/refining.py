"""Requests for refinement fetched from the service, and answers sent to it.

An answer lies in a folder until the service has it: what was released stands in the ledger from
then on, so it is sent again after a cut, and never made twice.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from encoders.client.generated import Operations
from encoders.client.uploading import content_digest
from matcher.formats.agreement import Agreement
from matcher.formats.errors import OutputError, ServiceError
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter
from matcher.formats.refinement import Requests, open_requests

_START, _END = "answer-", ".letter"
_OVER: Final = ("state", "not-found")


def fetch(
    operations: Operations, folder: Path, agreement: Agreement, identity: Identity
) -> dict[Path, Requests]:
    """Fetch all that the society is asked under an agreement, and check who asks.

    Args:
        operations: The service's.
        folder: Where the answers will lie.
        agreement: The agreement.
        identity: The society's.

    Returns:
        For each file of an answer what is asked.

    Raises:
        IntegrityError, InputError, MismatchError, AgreementError: As `open_requests`.
        ServiceError: The service refuses, or does not answer.
    """
    asked = {}
    for one in operations.refinements_listed().items:
        if one.agreement == agreement.agreement_id:
            content = operations.refinements_request(one.id)
            letter = Letter.of(content, agreement, Path(f"refinement {one.id}"))
            path = folder / f"{_START}{one.id}{_END}"
            asked[path] = open_requests(letter, agreement, identity)
    return asked


def send_waiting(operations: Operations, folder: Path) -> tuple[int, int]:
    """Send all answers in a folder, each removed once the service has it or wants it no more.

    Args:
        operations: The service's.
        folder: Where they lie; it need not be there.

    Returns:
        How many the service took, and of how many the refinement was over.

    Raises:
        ServiceError: The service refuses, or does not answer; what is not sent stays.
        OutputError: A file can't be read or removed.
    """
    sent = over = 0
    for refinement, path in _waiting(folder):
        try:
            content = path.read_bytes()
            if _is_taken(operations, refinement, content):
                sent += 1
            else:
                over += 1
            path.unlink()
        except OSError as error:
            raise OutputError(
                f"{path}: can't be read or removed ({error.strerror}). See to its folder, then "
                "run the same command again."
            ) from None
    return sent, over


def _is_taken(operations: Operations, refinement: UUID, content: bytes) -> bool:
    try:
        operations.refinements_answered(refinement, content, content_digest=content_digest(content))
    except ServiceError as error:
        if error.code not in _OVER:
            raise
        return False
    return True


def _waiting(folder: Path) -> Iterator[tuple[UUID, Path]]:
    for path in sorted(folder.glob(f"{_START}*{_END}")):
        name = path.name.removeprefix(_START).removesuffix(_END)
        try:
            yield UUID(name), path
        except ValueError:  # an answer to a request file, which goes another way
            continue
