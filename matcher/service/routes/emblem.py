"""The digital emblem, shown to everybody where the operator has set it up."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from matcher.formats.errors import AbsentError
from matcher.service.problems import documented
from matcher.service.serving import serving_of

router = APIRouter(tags=["emblem"])

MEDIA_TYPE = "application/jose"
"""Of a JWS in compact form (RFC 7515, section 9.2.1)."""


@router.get(
    "/.well-known/adem",
    response_class=Response,
    responses=documented("not-found"),
)
def shown(request: Request) -> Response:
    """Show the token that marks this service as protected under humanitarian law."""
    emblem = request.app.state.emblem
    if emblem is None:
        raise AbsentError("No emblem is shown here.")
    return Response(emblem.token(serving_of(request).clock()), media_type=MEDIA_TYPE)
