"""What a society answers in the sharing decision tree, before it sends and before it confirms."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from matcher.formats.errors import StateError
from matcher.formats.sharing import Way, walk_given
from matcher.protection import sharing, stages
from matcher.service.callers import Member, member
from matcher.service.problems import documented
from matcher.service.routes.candidates import CandidateId, Reviewer, require_shown
from matcher.store.agreements import agreement_of
from matcher.store.changing import locked
from matcher.store.models import CandidateRow, SharingDecision

router = APIRouter(tags=["sharing"])

OutcomeName = Literal["permit", "refuse", "aggregate-only", "inform-the-person-instead"]
Answer = Annotated[str, Field(max_length=32)]
Answers = Annotated[
    dict[Answer, Answer],
    Field(
        max_length=16,
        examples=[{"purpose-specific": "yes", "aggregate-enough": "yes"}],
        description="The answer to each question that is asked on the way, by its name.",
    ),
]
AgreementId = Annotated[
    str,
    Path(pattern="^[0-9a-f]{32}$", description="The agreement's id.", examples=["ab" * 16]),
]
Sender = Annotated[Member, member("batches")]


class AgreementAnswers(BaseModel):
    """A way through the tree, for what is submitted under an agreement."""

    model_config = ConfigDict(extra="forbid")

    answers: Answers


class CandidateAnswers(AgreementAnswers):
    """A way through the tree, for who the own record's person is, to the other side."""

    version: int = Field(
        ge=1, lt=2**31, examples=[1], description="The version that was looked at."
    )
    risk: str = Field(
        default="",
        max_length=2_000,
        description=(
            "In an exceptional circumstance, how its risk and the recipient were assessed; "
            "nothing that tells who the person is."
        ),
    )


class Sharing(BaseModel):
    """A way through the tree that is kept; the newest counts."""

    id: UUID
    outcome: OutcomeName = Field(description="Anything but `permit` is refused where it is met.")
    recipient: str = Field(examples=["red-two"])


@router.post(
    "/agreements/{agreement_id}/sharing",
    status_code=201,
    responses=documented("not-found", "invalid-request", "gate"),
)
def of_agreement(agreement_id: AgreementId, said: AgreementAnswers, caller: Sender) -> Sharing:
    """Keep a way through the sharing decision tree for what is submitted under an agreement."""
    way = walk_given(said.answers)
    with caller.transaction() as session:
        agreement = agreement_of(session, agreement_id)
    with caller.store.as_unit() as session:
        return _told(
            sharing.record_of_agreement(
                session, way, agreement, society=caller.society, by=_decider(caller)
            )
        )


@router.post(
    "/candidates/{candidate_id}/sharing",
    status_code=201,
    responses=documented("not-found", "invalid-request", "state", "gate"),
)
def of_candidate(candidate_id: CandidateId, said: CandidateAnswers, caller: Reviewer) -> Sharing:
    """Keep a way through the sharing decision tree for a candidate; to confirm it needs one."""
    way = walk_given(said.answers)
    with caller.transaction() as session:
        require_shown(session, candidate_id, caller)
    with caller.store.as_unit() as session:
        return _told(_kept(session, candidate_id, way, said, caller))


def _kept(
    session: Session, candidate_id: str, way: Way, said: CandidateAnswers, caller: Member
) -> SharingDecision:
    row = locked(session, CandidateRow, bytes.fromhex(candidate_id))
    stages.require_shown(session, row, caller.today)  # still, now that nothing changes under it
    if row.version != said.version:
        raise StateError(
            f"Candidate {candidate_id} changed since version {said.version}; look at it again."
        )
    by = _decider(caller, said.risk)
    return sharing.record_of_candidate(session, way, row, society=caller.society, by=by)


def _decider(caller: Member, risk: str = "") -> sharing.Decider:
    return sharing.Decider(caller.actor, caller.role, caller.today, risk)


def _told(row: SharingDecision) -> Sharing:
    return Sharing.model_validate(row, from_attributes=True)
