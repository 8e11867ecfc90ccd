"""Requests for refinement fetched from the service, and answers sent to it."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from encoders.client.generated import Operations
from encoders.client.uploading import content_digest
from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter
from matcher.formats.refinement import Requests, open_requests


@dataclass(frozen=True, repr=False)
class Fetched:
    """One letter of requests.

    Attributes:
        id: The refinement's id.
        requests: What it asks.
    """

    id: UUID
    requests: Requests


def fetch(operations: Operations, agreement: Agreement, identity: Identity) -> list[Fetched]:
    """Fetch all that the society is asked under an agreement, and check who asks.

    Raises:
        IntegrityError, InputError, MismatchError, AgreementError: As `open_requests`.
        ServiceError: The service refuses, or does not answer.
    """
    found = []
    for one in operations.refinements_listed().items:
        if one.agreement == agreement.agreement_id:
            content = operations.refinements_request(one.id)
            letter = Letter.of(content, agreement, Path(f"refinement {one.id}"))
            found.append(Fetched(one.id, open_requests(letter, agreement, identity)))
    return found


def answer_path(folder: Path, refinement: UUID) -> Path:
    """Where the answer to a refinement lies until the service has it."""
    return folder / f"answer-{refinement}.letter"


def send(operations: Operations, refinement: UUID, folder: Path) -> None:
    """Send an answer, and remove it once the service has it.

    Raises:
        ServiceError: The service refuses, or does not answer; then the answer stays.
    """
    path = answer_path(folder, refinement)
    content = path.read_bytes()
    operations.refinements_answered(refinement, content, content_digest=content_digest(content))
    path.unlink()
