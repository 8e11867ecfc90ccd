"""Candidates: listed, looked at, decided on, and once both sides confirmed, disclosed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from sqlalchemy.orm import Session

from matcher.decisions.refinement.outcomes import OUTCOMES
from matcher.formats.errors import AbsentError
from matcher.formats.vocabulary import BANDS, LEVELS, ROLES
from matcher.protection.stages import Stages, require_disclosed
from matcher.service.callers import Member, member
from matcher.service.padding import pad_to
from matcher.service.passes import Key
from matcher.service.problems import documented
from matcher.store import audit, candidates, listings

router = APIRouter(prefix="/candidates", tags=["candidates"])

SLOT: Final = 1280
"""Bytes that a page has for each candidate that was asked for, be it there or not."""

_NEXT_LENGTH: Final = 32
_SEEN_BYTES: Final = 8
_EXAMPLE_ID = "5f" * 16

BandName = Literal["strong", "possible", "weak"]
LevelName = Literal["agree", "close", "differ", "absent"]
RoleName = Literal["enquirer", "sought", "registered", "kin"]
StateName = Literal["new", "open", "half_confirmed", "confirmed", "rejected"]
Verdict = Literal["confirm", "reject", "unsure"]
NoteCode = Literal["details-agree", "details-differ", "too-little-known", "known-already"]

CandidateId = Annotated[
    str,
    Path(pattern="^[0-9a-f]{32}$", description="The candidate's id.", examples=[_EXAMPLE_ID]),
]
Reviewer = Annotated[Member, member("candidates")]
Lister = Annotated[Member, member("candidates", pace="listing")]


class Evidence(BaseModel):
    """What one pass says."""

    passed: str = Field(alias="pass", examples=["name_birth"])
    level: LevelName
    weight: float = Field(examples=[13.25], description="In bits; 0 where absent.")


class Candidate(BaseModel):
    """A candidate as one society sees it."""

    id: str = Field(examples=[_EXAMPLE_ID], description="The same for both sides.")
    agreement: str = Field(examples=["ab" * 16])
    reference: str = Field(examples=["0c" * 16], description="The society's own record.")
    role: RoleName = Field(description="What the person of the own record is.")
    other_role: RoleName = Field(description="What the person of the other side's record is.")
    band: BandName
    score: float = Field(examples=[31.5], description="Weight of all evidence, in bits.")
    evidence: list[Evidence] = Field(
        description="By pass of the scheme under which the candidate was last found."
    )
    kin: float | None = Field(
        examples=[4.5], description="What relatives add, in bits; null where none could meet."
    )
    attributes: dict[str, LevelName] | None = Field(
        examples=[{"given": "agree", "birth_year": "close"}],
        description="What each attribute says, once refined.",
    )
    refinement: str | None = Field(examples=["scored"], description="Null where there is none.")
    since: date = Field(description="The day of the night that found it.")
    state: StateName
    version: int = Field(examples=[1], description="Grows when one of the records changed.")
    verdict: Verdict | None = Field(description="What this society has said of this version.")
    feedback: listings.Feedback = Field(description="What the other side has decided.")


class Candidates(BaseModel):
    """A page of candidates, best score first; always as many bytes for the same `limit`."""

    items: list[Candidate]
    next: str = Field(
        min_length=_NEXT_LENGTH,
        max_length=_NEXT_LENGTH,
        examples=["A" * _NEXT_LENGTH],
        description=(
            "Give it as `after` for the next page. It is always there, and pages after the last "
            "one are empty, so that a client can ask for the same number of pages every time."
        ),
    )
    more: bool = Field(description="Whether there are candidates after this page.")


class NewDecision(BaseModel):
    """What a society says of a candidate."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    version: int = Field(
        ge=1, lt=2**31, examples=[1], description="The version that was looked at."
    )
    note_code: NoteCode | None = Field(default=None, description="Why; never a person's wish.")
    safeguarding: bool = Field(
        default=False,
        description="Safeguarding was looked at on the own side and cleared. To confirm needs it.",
    )
    consulted: bool = Field(
        default=False,
        description=(
            "The own record's person, or who asked for them, was consulted and agrees. To confirm "
            "needs it; where they don't agree, say nothing: the other side sees no decision."
        ),
    )


class Decision(BaseModel):
    """What a decision led to."""

    state: StateName
    disclosed: bool = Field(description="Whether both sides were told who the other is.")


class Disclosure(BaseModel):
    """Who the other side is."""

    society: str = Field(examples=["red-two"])
    reference: str = Field(examples=["0d" * 16], description="The other side's record.")


@router.get("", response_model=Candidates, responses=documented())
def listed(
    request: Request,
    caller: Lister,
    limit: Annotated[int, Query(ge=1, le=100, description="Most candidates of a page.")] = 25,
    after: Annotated[
        str | None,
        Query(pattern=f"^[A-Za-z0-9_-]{{{_NEXT_LENGTH}}}$", description="`next` of a page."),
    ] = None,
    band: Annotated[list[BandName] | None, Query(description="Only these bands.")] = None,
    state: Annotated[list[StateName] | None, Query(description="Only these states.")] = None,
    agreement: Annotated[
        str | None, Query(pattern="^[0-9a-f]{32}$", description="Only this agreement's.")
    ] = None,
) -> Response:
    """List the society's candidates, best score first."""
    pad_to(request.scope, limit * SLOT)
    with caller.transaction() as session:
        found = listings.page(
            session,
            society=caller.society,
            on=caller.today,
            until=caller.shown_until,
            count=limit + 1,
            after=None if after is None else listings.Position.read(urlsafe_b64decode(after)),
            bands=None if band is None else [BANDS.index(one) for one in band],
            states=state,
            agreements=None if agreement is None else [agreement],
        )
        passes = caller.serving.passes.of(session, map(_passes_of, found))
    page = found[:limit]
    end = listings.Position(page[-1].score, page[-1].id) if page else listings.END
    _note(caller, "candidates.list", "candidates", page)
    return _json(
        {
            "items": [_shown(one, passes) for one in page],
            "next": urlsafe_b64encode(end.octets()).decode(),
            "more": len(found) > limit,
        }
    )


@router.get("/{candidate_id}", response_model=Candidate, responses=documented("not-found"))
def shown(candidate_id: CandidateId, caller: Reviewer) -> Response:
    """Show a candidate."""
    with caller.transaction() as session:
        found = listings.one(
            session,
            bytes.fromhex(candidate_id),
            society=caller.society,
            on=caller.today,
            until=caller.shown_until,
        )
        if found is None:
            raise _absent(candidate_id)
        passes = caller.serving.passes.of(session, [_passes_of(found)])
    _note(caller, "candidate.see", f"candidate {candidate_id}", [found])
    return _json(_shown(found, passes))


@router.post(
    "/{candidate_id}/decisions", responses=documented("not-found", "state", "agreement", "gate")
)
def decided(candidate_id: CandidateId, said: NewDecision, caller: Reviewer) -> Decision:
    """Confirm or reject a candidate, or say that it can't be told."""
    candidate = bytes.fromhex(candidate_id)
    with caller.transaction() as session:
        require_shown(session, candidate_id, caller)
    with caller.store.as_unit() as session:
        result = candidates.decide(
            session,
            candidate,
            society=caller.society,
            verdict=said.verdict,
            version=said.version,
            gates=Stages(
                caller.today, is_safe=said.safeguarding, is_agreed=said.consulted, user=caller.user
            ),
            user=caller.user,
            note_code=said.note_code,
        )
    return Decision.model_validate(result, from_attributes=True)


@router.get("/{candidate_id}/disclosure", responses=documented("not-found"))
def disclosed(candidate_id: CandidateId, caller: Reviewer) -> Disclosure:
    """Tell who the other side is, once both have confirmed and the gates have passed."""
    with caller.transaction() as session:
        require_shown(session, candidate_id, caller)
        found = require_disclosed(session, bytes.fromhex(candidate_id), caller.society)
        told = Disclosure(society=found.other_society, reference=found.other_reference.hex())
        audit.append(session, "disclosure.see", f"candidate {candidate_id}", actor=caller.actor)
    return told


def require_shown(session: Session, candidate_id: str, caller: Member) -> None:
    """Let a candidate pass that the caller's society is shown now.

    Raises:
        AbsentError: It is not, or there is none.
    """
    found = listings.one(
        session,
        bytes.fromhex(candidate_id),
        society=caller.society,
        on=caller.today,
        until=caller.shown_until,
    )
    if found is None:
        raise _absent(candidate_id)


def _absent(candidate_id: str) -> AbsentError:
    return AbsentError(f"There is no candidate {candidate_id}; see that its id is right.")


def _note(caller: Member, action: str, subject: str, seen: Sequence[listings.Seen]) -> None:
    """Note who saw which candidates, each by the beginning of its id."""
    ids = "".join(one.id[:_SEEN_BYTES].hex() for one in seen)
    caller.serving.accesses.note(
        audit.Access(caller.actor, caller.society, action, subject, {"seen": ids})
    )


def _passes_of(one: listings.Seen) -> Key:
    return one.agreement, one.passes


def _shown(one: listings.Seen, passes: Mapping[Key, Sequence[str]]) -> dict[str, Any]:
    """A candidate as `Candidate` has it; written out here, since a page has many of them."""
    told = zip(passes[_passes_of(one)], one.levels, one.weights, strict=True)
    return {
        "id": one.id.hex(),
        "agreement": one.agreement,
        "reference": one.reference.hex(),
        "role": ROLES[one.role],
        "other_role": ROLES[one.other_role],
        "band": BANDS[one.band],
        "score": one.score,
        "evidence": [
            {"pass": name, "level": LEVELS[level], "weight": round(weight, 3)}
            for name, level, weight in told
        ],
        "kin": one.kin,
        "attributes": None if one.attributes is None else _attributes(one.attributes),
        "refinement": one.refinement,
        "since": one.since,
        "state": one.state,
        "version": one.version,
        "verdict": one.verdict,
        "feedback": one.feedback,
    }


def _attributes(levels: Sequence[int]) -> dict[str, str]:
    return {name: LEVELS[level] for name, level in zip(OUTCOMES, levels, strict=True)}


def _json(content: dict[str, Any]) -> Response:
    return Response(to_json(content), media_type="application/json")
