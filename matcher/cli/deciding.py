"""Commands about decisions that people take: the sharing tree, and requests of strangers.

What they do is in `matcher.cli.deciding_operations`, which needs the extra `service` and is loaded
when one of these commands is called.
"""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from matcher.cli.operating import DataFolder, loaded
from matcher.cli.options import JsonFlag

SocietyOf = Annotated[str, typer.Option(help="The society whose data it is about.")]
RequestId = Annotated[UUID, typer.Argument(show_default=False, help="The request's id.")]


def _operations() -> Any:
    return loaded("matcher.cli.deciding_operations")


def sharing_decide(
    society: SocietyOf,
    subject: Annotated[
        str,
        typer.Option(help="The case: a record's reference or a candidate's id, 32 digits."),
    ],
    recipient: Annotated[str, typer.Option(help="Who would get the data: an organisation.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    role: Annotated[str, typer.Option(help="In which role.")],
    answers: Annotated[
        Path | None,
        typer.Option(help="TOML file: each question's name = its answer; asked for if not given."),
    ] = None,
    risk: Annotated[
        str,
        typer.Option(help="In an exceptional circumstance: risk and recipient as assessed."),
    ] = "",
    data_folder: DataFolder = None,
    as_json: JsonFlag = False,
) -> None:
    """Go through the sharing decision tree for one case; every answer is kept.

    Exit status 0 where it is permitted, 2 with the outcome where it is not.
    """
    _operations().sharing_decide(
        data_folder, society, subject, recipient, by, role, answers, risk, as_json
    )


def sharing_list(data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """List what was decided, the newest first."""
    _operations().sharing_list(data_folder, as_json)


def requests_add(
    requester: Annotated[str, typer.Option(help="Who asks: an office or organisation.")],
    asks_for: Annotated[str, typer.Option(help="What for, without a person's name.")],
    authority: Annotated[
        bool, typer.Option("--authority", help="It is a public authority.")
    ] = False,
    society: Annotated[
        str | None, typer.Option(help="To whom it was sent; the linkage unit if not given.")
    ] = None,
    data_folder: DataFolder = None,
) -> None:
    """Write down a request by who is no humanitarian: refused; print its id."""
    _operations().requests_add(data_folder, requester, asks_for, authority, society)


def requests_commission(request: RequestId, data_folder: DataFolder = None) -> None:
    """Bring an authority's request before the commission."""
    _operations().requests_commission(data_folder, request)


def requests_decide(
    request: RequestId,
    by: Annotated[UUID, typer.Option(help="The id of the user who signs for the commission.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    grant: Annotated[
        bool, typer.Option("--grant/--refuse", help="What the commission decided.")
    ] = False,
    data_folder: DataFolder = None,
) -> None:
    """Write down what the commission decided on a request that was before it."""
    _operations().requests_decide(data_folder, request, by, reason, grant)


def requests_list(data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """Show the register of requests, the newest first."""
    _operations().requests_list(data_folder, as_json)
