"""Every refusal of the service: RFC 9457 problem details, with a code that stays.

What another society has and what nobody has are refused with the same bytes. A problem names
fields and rules; it never repeats what was sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from matcher.formats.errors import (
    AbsentError,
    AgreementError,
    EnvelopeError,
    GateError,
    InputError,
    IntegrityError,
    KinmatchError,
    LimitError,
    MismatchError,
    OutputError,
    ParameterError,
    ServiceError,
    StateError,
)

MEDIA_TYPE: Final = "application/problem+json"
URN: Final = "urn:kinmatch:problem:"


@dataclass(frozen=True)
class Kind:
    """A kind of problem.

    Attributes:
        status: The HTTP status.
        title: What it is, in a sentence that is the same every time.
    """

    status: int
    title: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed": Kind(400, "This is no request of HTTP/1.1."),
    "unauthenticated": Kind(401, "Nobody is known by these credentials."),
    "forbidden": Kind(403, "This caller may not do this."),
    "not-found": Kind(404, "There is no such thing here, or none of yours."),
    "method-not-allowed": Kind(405, "This can't be done to this thing."),
    "timeout": Kind(408, "The request did not arrive in time."),
    "state": Kind(409, "This is not possible in the state that it is in."),
    "agreement": Kind(409, "The agreement does not allow this."),
    "gate": Kind(409, "Data protection forbids this."),
    "too-large": Kind(413, "The content is larger than is taken here."),
    "media-type": Kind(415, "This is not the media type that is taken here."),
    "invalid-request": Kind(422, "The request is not what it must be."),
    "invalid-content": Kind(422, "The content is not what it must be."),
    "altered": Kind(422, "The content is not what its digest says."),
    "mismatch": Kind(422, "Two things do not belong together."),
    "envelope": Kind(422, "The envelope is refused."),
    "too-many-requests": Kind(429, "This caller asks too much in too short a time."),
    "quota": Kind(429, "The society's quota is used up."),
    "internal": Kind(500, "An error in the service itself."),
    "unavailable": Kind(503, "The service can't do this now; try again later."),
    "no-room": Kind(507, "There is no room for this now; try again later."),
}
"""By code. Codes stay as they are in every release; further ones may come."""

# The nearest class of an error's own counts.
_CODES: Final[Mapping[type[KinmatchError], str]] = {
    AbsentError: "not-found",
    AgreementError: "agreement",
    EnvelopeError: "envelope",
    GateError: "gate",
    InputError: "invalid-content",
    IntegrityError: "altered",
    LimitError: "quota",
    MismatchError: "mismatch",
    OutputError: "no-room",
    ParameterError: "invalid-request",
    StateError: "state",
    KinmatchError: "unavailable",
}

# What is said in place of an error's own sentence, which would tell more than the caller may know.
_PLAIN: Final = {
    "not-found": "See that the address and the id are right.",
    "unavailable": "Do the same again in a while; what was not done to its end was not done.",
    "no-room": "Try again in a while; the operator has to make room.",
    "internal": "The operator has a record of it under the request's id.",
}
COME_AGAIN: Final[Mapping[str, str]] = {"Retry-After": "5"}
"""The header of a refusal for now."""

_BY_STATUS: Final = {
    400: "invalid-request",
    404: "not-found",
    405: "method-not-allowed",
    408: "timeout",
    413: "too-large",
    415: "media-type",
    503: "unavailable",
}


class FieldProblem(BaseModel):
    """A field that is not what it must be."""

    field: str = Field(examples=["body.size"])
    problem: str = Field(examples=["Input should be greater than 0"])


class Problem(BaseModel):
    """A refusal."""

    type: str = Field(examples=["urn:kinmatch:problem:state"])
    title: str = Field(examples=["This is not possible in the state that it is in."])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["A batch that is withdrawn takes no more parts."])
    code: str = Field(examples=["state"])
    errors: list[FieldProblem] | None = None


def response_of(
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the answer that says what the problem is.

    Args:
        code: One of `KINDS`.
        detail: What to do, in a sentence.
        errors: Fields that are not what they must be, each as `FieldProblem`.
        headers: Further headers.
    """
    kind = KINDS[code]
    said: dict[str, Any] = {
        "type": URN + code,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
    }
    if errors:
        said["errors"] = list(errors)
    content = json.dumps(said, ensure_ascii=False).encode()
    return Response(content, kind.status, headers, MEDIA_TYPE)


def sentence_of(code: str) -> str:
    """What is said of a problem of which nothing more may be told."""
    return _PLAIN[code]


async def refused(_: Request, error: Exception) -> Response:
    """Answer an error of ours."""
    retry_after = None
    if isinstance(error, ServiceError):
        code, retry_after = error.code, error.retry_after
    else:
        code = next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)
    headers = dict(COME_AGAIN) if code == "unavailable" else {}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if code == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="kinmatch"'
    return response_of(code, _PLAIN.get(code, str(error)), headers=headers)


async def invalid(_: Request, error: Exception) -> Response:
    """Answer a request that does not fit the route's schema; fields are named, values are not."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {"field": _field(problem["loc"], problem["type"]), "problem": problem["msg"]}
        for problem in error.errors()
    ]
    return response_of("invalid-request", "Correct the fields that are named.", errors=errors)


def _field(place: Sequence[str | int], kind: str) -> str:
    """Where a problem is; a name that the schema doesn't have is not repeated."""
    known = place[:-1] if kind == "extra_forbidden" else place
    return ".".join(map(str, known))


async def misdirected(_: Request, error: Exception) -> Response:
    """Answer what no route takes."""
    if not isinstance(error, HTTPException):
        raise error
    code = _BY_STATUS.get(error.status_code, "invalid-request")
    detail = _PLAIN.get(code, "See the service's description at /openapi.json.")
    if code in {"too-large", "timeout"}:
        detail = error.detail
    return response_of(code, detail, headers=error.headers)


_ALWAYS = ("unauthenticated", "forbidden", "invalid-request", "too-many-requests", "unavailable")


def leave_one_shape(responses: dict[str, Any]) -> None:
    """Take out of described refusals what FastAPI adds beside problems: plain JSON."""
    for answer in responses.values():
        content = answer.get("content", {})
        if MEDIA_TYPE in content:
            content.pop("application/json", None)


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe, for a route's `responses`, the problems that it may answer with.

    Args:
        codes: Its own; those that every route may answer with are added.
    """
    return documented_alone(*_ALWAYS, *codes)


def documented_alone(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe the problems of a route that asks for no credentials; as `documented`."""
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        status: {
            "model": Problem,
            "description": " ".join(KINDS[code].title for code in sorted(set(found))),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, found in by_status.items()
    }
