"""What the service takes and gives; from its schema by `make client`; never edited."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import ServiceError


class Transport(Protocol):
    """What sends requests; it raises where the answer is a refusal."""

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str | None = None,
    ) -> bytes:
        """Send a request and give the content of its answer."""


class _Model(BaseModel):
    # What a newer service says beside is left out.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


_M = TypeVar("_M", bound=_Model)


def _in_path(value: object) -> str:
    return quote(str(value), safe="")


def _read(model: type[_M], content: bytes) -> _M:
    try:
        return model.model_validate_json(content)
    except ValidationError:
        raise ServiceError(
            "unexpected",
            "The answer is not what this release of kinmatch knows. See that the address is the "
            "service's, and install the release that the linkage unit has.",
        ) from None


class AgreementAnswers(_Model):
    """A way through the tree, for what is submitted under an agreement."""

    answers: dict[str, str]


class PartOf(_Model):
    """A part that has arrived."""

    number: int
    size: int
    digest: str


class Batch(_Model):
    """A batch as its society sees it."""

    id: UUID
    agreement: str
    digest: str
    size: int
    state: str
    received: int
    parts: list[PartOf]
    problems: list[str]
    records: int | None
    supersedes: UUID | None
    registered_on: date
    expires_on: date
    key_epoch: int | None


class Batches(_Model):
    """A page of batches, the one registered last first."""

    items: list[Batch]
    next: UUID | None


class Evidence(_Model):
    """What one pass says."""

    pass_: str = Field(alias="pass")
    level: Literal["agree", "close", "differ", "absent"]
    weight: float


class Candidate(_Model):
    """A candidate as one society sees it."""

    id: str
    agreement: str
    reference: str
    role: Literal["enquirer", "sought", "registered", "kin"]
    other_role: Literal["enquirer", "sought", "registered", "kin"]
    band: Literal["strong", "possible", "weak"]
    score: float
    evidence: list[Evidence]
    kin: float | None
    attributes: dict[str, Literal["agree", "close", "differ", "absent"]] | None
    refinement: str | None
    since: date
    state: Literal["new", "open", "half_confirmed", "confirmed", "rejected"]
    version: int
    verdict: Literal["confirm", "reject", "unsure"] | None
    feedback: Literal["pending", "accepted", "rejected"]


class CandidateAnswers(_Model):
    """A way through the tree, for who the own record's person is, to the other side."""

    answers: dict[str, str]
    version: int
    risk: str = Field(default="")


class Candidates(_Model):
    """A page of candidates, best score first; always as many bytes for the same `limit`."""

    items: list[Candidate]
    next: str
    more: bool


class Decision(_Model):
    """What a decision led to."""

    state: Literal["new", "open", "half_confirmed", "confirmed", "rejected"]
    disclosed: bool


class Disclosure(_Model):
    """Who the other side is."""

    society: str
    reference: str


class NewBatch(_Model):
    """A batch that is to be sent."""

    agreement: str
    digest: str
    size: int
    supersedes: UUID | None = Field(default=None)


class NewDecision(_Model):
    """What a society says of a candidate."""

    verdict: Literal["confirm", "reject", "unsure"]
    version: int
    note_code: (
        Literal["details-agree", "details-differ", "too-little-known", "known-already"] | None
    ) = Field(default=None)
    safeguarding: bool = Field(default=False)
    consulted: bool = Field(default=False)


class Sent(_Model):
    """A notice that was taken before."""

    kind: str
    agreement: str
    number: int | None
    key_epoch: int | None
    on: date


class Notices(_Model):
    """What the society has sent, protection notices by number, then epochs."""

    items: list[Sent]


class Refinement(_Model):
    """What a society is asked about some of its candidates, in one letter."""

    id: UUID
    agreement: str
    run: str
    part: int
    count: int
    size: int
    digest: str
    expires_on: date


class Refinements(_Model):
    """What a society is asked, the one that is over first first."""

    items: list[Refinement]


class Sharing(_Model):
    """A way through the tree that is kept; the newest counts."""

    id: UUID
    outcome: Literal["permit", "refuse", "aggregate-only", "inform-the-person-instead"]
    recipient: str


class Taken(_Model):
    """A notice that is in force."""

    kind: str
    agreement: str
    records: int


class Operations:
    """Every operation of the service, by the name that its schema has for it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def batches_register(self, body: NewBatch) -> Batch:
        """Begin a batch; the same content again gives the batch that was begun with it."""
        return _read(
            Batch,
            self._transport.send(
                "POST",
                "/v1/batches",
                content=body.model_dump_json(by_alias=True).encode(),
                media_type="application/json",
            ),
        )

    def batches_listed(self, *, limit: int | None = None, after: UUID | None = None) -> Batches:
        """List the society's batches."""
        return _read(
            Batches,
            self._transport.send("GET", "/v1/batches", query={"limit": limit, "after": after}),
        )

    def batches_shown(self, batch_id: UUID) -> Batch:
        """Show a batch: what has arrived, its state, and why it was refused if it was."""
        return _read(Batch, self._transport.send("GET", f"/v1/batches/{_in_path(batch_id)}"))

    def batches_received(
        self, batch_id: UUID, number: int, content: bytes, *, content_digest: str
    ) -> None:
        """Take a part of a batch's file, whole or not at all."""
        self._transport.send(
            "PUT",
            f"/v1/batches/{_in_path(batch_id)}/parts/{_in_path(number)}",
            headers={"content-digest": content_digest},
            content=content,
            media_type="application/octet-stream",
        )

    def batches_finished(self, batch_id: UUID) -> Batch:
        """Say that all parts have arrived; the batch is then validated in the background."""
        return _read(
            Batch, self._transport.send("POST", f"/v1/batches/{_in_path(batch_id)}/finish")
        )

    def batches_withdrawn(self, batch_id: UUID) -> Batch:
        """Take a batch back."""
        return _read(
            Batch, self._transport.send("POST", f"/v1/batches/{_in_path(batch_id)}/withdraw")
        )

    def candidates_listed(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        band: list[Literal["strong", "possible", "weak"]] | None = None,
        state: list[Literal["new", "open", "half_confirmed", "confirmed", "rejected"]]
        | None = None,
        agreement: str | None = None,
    ) -> Candidates:
        """List the society's candidates, best score first."""
        return _read(
            Candidates,
            self._transport.send(
                "GET",
                "/v1/candidates",
                query={
                    "limit": limit,
                    "after": after,
                    "band": band,
                    "state": state,
                    "agreement": agreement,
                },
            ),
        )

    def candidates_shown(self, candidate_id: str) -> Candidate:
        """Show a candidate."""
        return _read(
            Candidate, self._transport.send("GET", f"/v1/candidates/{_in_path(candidate_id)}")
        )

    def candidates_decided(self, candidate_id: str, body: NewDecision) -> Decision:
        """Confirm or reject a candidate, or say that it can't be told."""
        return _read(
            Decision,
            self._transport.send(
                "POST",
                f"/v1/candidates/{_in_path(candidate_id)}/decisions",
                content=body.model_dump_json(by_alias=True).encode(),
                media_type="application/json",
            ),
        )

    def candidates_disclosed(self, candidate_id: str) -> Disclosure:
        """Tell who the other side is, once both have confirmed and the gates have passed."""
        return _read(
            Disclosure,
            self._transport.send("GET", f"/v1/candidates/{_in_path(candidate_id)}/disclosure"),
        )

    def notices_listed(self) -> Notices:
        """List what the society has sent."""
        return _read(Notices, self._transport.send("GET", "/v1/notices"))

    def notices_sent(self, content: bytes) -> Taken:
        """Take a signed notice and do what it asks for; the same again changes nothing."""
        return _read(
            Taken,
            self._transport.send(
                "POST", "/v1/notices", content=content, media_type="application/octet-stream"
            ),
        )

    def refinements_listed(
        self, *, state: Literal["open", "answered"] | None = None
    ) -> Refinements:
        """List what the society is asked; what is over is not listed any more."""
        return _read(
            Refinements, self._transport.send("GET", "/v1/refinements", query={"state": state})
        )

    def refinements_request(self, refinement_id: UUID) -> bytes:
        """Give the letter that asks: signed by the linkage unit, readable by the society alone."""
        return self._transport.send("GET", f"/v1/refinements/{_in_path(refinement_id)}/request")

    def refinements_answered(
        self, refinement_id: UUID, content: bytes, *, content_digest: str
    ) -> None:
        """Take the society's answer, in a letter to the linkage unit."""
        self._transport.send(
            "PUT",
            f"/v1/refinements/{_in_path(refinement_id)}/answer",
            headers={"content-digest": content_digest},
            content=content,
            media_type="application/octet-stream",
        )

    def sharing_of_agreement(self, agreement_id: str, body: AgreementAnswers) -> Sharing:
        """Keep a way through the sharing decision tree for what is submitted under an agreement."""
        return _read(
            Sharing,
            self._transport.send(
                "POST",
                f"/v1/agreements/{_in_path(agreement_id)}/sharing",
                content=body.model_dump_json(by_alias=True).encode(),
                media_type="application/json",
            ),
        )

    def sharing_of_candidate(self, candidate_id: str, body: CandidateAnswers) -> Sharing:
        """Keep a way through the sharing decision tree for a candidate; to confirm it needs one."""
        return _read(
            Sharing,
            self._transport.send(
                "POST",
                f"/v1/candidates/{_in_path(candidate_id)}/sharing",
                content=body.model_dump_json(by_alias=True).encode(),
                media_type="application/json",
            ),
        )
