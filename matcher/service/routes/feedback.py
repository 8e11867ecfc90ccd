"""What became of the persons of a disclosed candidate, told to the other side with consent."""

from datetime import date
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from matcher.formats.errors import AbsentError
from matcher.protection import stages
from matcher.service.problems import documented
from matcher.service.routes.candidates import CandidateId, Reviewer, require_shown

router = APIRouter(prefix="/candidates", tags=["feedback"])

Code = Literal[
    "contact-restored", "message-delivered", "reunited", "news-of-death", "service-ended"
]


class ServiceFeedback(BaseModel):
    """What became of the persons."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    consent_on: date | None = Field(
        default=None,
        examples=["2026-05-30"],
        description="The day on which the person consented to this being told. Needed to tell it.",
    )


@router.post("/{candidate_id}/feedback", status_code=204, responses=documented("not-found", "gate"))
def given(candidate_id: CandidateId, said: ServiceFeedback, caller: Reviewer) -> None:
    """Tell the other side what became of the persons."""
    with caller.transaction() as session:
        require_shown(session, candidate_id, caller)
    with caller.store.as_unit() as session:
        stages.give_service_feedback(
            session,
            bytes.fromhex(candidate_id),
            society=caller.society,
            code=said.code,
            consent_on=said.consent_on,
            on=caller.today,
            user=caller.user,
        )


@router.get("/{candidate_id}/feedback", responses=documented("not-found"))
def told(candidate_id: CandidateId, caller: Reviewer) -> ServiceFeedback:
    """Show what the other side told."""
    with caller.transaction() as session:
        require_shown(session, candidate_id, caller)
        found = stages.service_feedback(session, bytes.fromhex(candidate_id), caller.society)
        if found is None:
            raise AbsentError("There is no feedback.")
        return ServiceFeedback.model_validate(found, from_attributes=True)
