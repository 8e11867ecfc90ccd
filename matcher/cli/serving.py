"""Commands of the linkage unit's operator about the service: run it, and who may use it.

What they do is in `matcher.cli.running` and `matcher.cli.serving_operations`, which need the extra
`service` and are loaded when one of these commands is called.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from matcher.cli.operating import DataFolder, loaded
from matcher.cli.options import JsonFlag

Subject = Annotated[
    str,
    typer.Argument(
        show_default=False,
        help="What the identity provider calls them; 'certificate:' and the SHA-256 of a client "
        "certificate in hexadecimal digits; or any name for who has a token alone.",
    ),
]


def _operations() -> Any:
    return loaded("matcher.cli.serving_operations")


def serve(
    data_folder: DataFolder = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8080,
) -> None:
    """Serve societies over HTTP until stopped; a proxy in front of it speaks TLS."""
    loaded("matcher.cli.running").serve(data_folder, host, port)


def user_add(
    subject: Subject,
    role: Annotated[
        str,
        typer.Option(help="tracing-officer, data-protection-officer, analyst or operator."),
    ],
    society: Annotated[
        str | None, typer.Option(help="Whose user; the linkage unit's own if not given.")
    ] = None,
    data_folder: DataFolder = None,
) -> None:
    """Add a user, and print their id."""
    _operations().user_add(data_folder, subject, role, society)


def user_close(
    user: Annotated[UUID, typer.Argument(show_default=False, help="The user's id.")],
    data_folder: DataFolder = None,
) -> None:
    """Let a user in no more, by any of their tokens or otherwise."""
    _operations().user_close(data_folder, user)


def user_train(
    user: Annotated[UUID, typer.Argument(show_default=False, help="The user's id.")],
    course: Annotated[str, typer.Option(help="The course in data protection that they did.")],
    valid_until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it counts.")
    ],
    completed_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which they did it; else today."),
    ] = None,
    data_folder: DataFolder = None,
) -> None:
    """Record a user's training, without which the service lets nobody in."""
    done = None if completed_on is None else completed_on.date()
    _operations().user_train(data_folder, user, course, done, valid_until.date())


def user_duty(
    user: Annotated[UUID, typer.Argument(show_default=False, help="The user's id.")],
    duty: Annotated[
        str,
        typer.Argument(
            show_default=False,
            help="focal-point, staff-in-charge, advisory-group, commission or "
            "data-protection-officer.",
        ),
    ],
    end: Annotated[bool, typer.Option("--end", help="Today is the duty's last day.")] = False,
    data_folder: DataFolder = None,
) -> None:
    """Give a user a duty in data protection, or end it."""
    _operations().user_duty(data_folder, user, duty, end)


def user_list(data_folder: DataFolder = None, as_json: JsonFlag = False) -> None:
    """List users and their tokens."""
    _operations().user_list(data_folder, as_json)


def token_new(
    user: Annotated[UUID, typer.Argument(show_default=False, help="The user's id.")],
    out: Annotated[
        Path, typer.Option(show_default=False, help="The file to write it to, for its owner alone.")
    ],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; all that the role may if not given.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days that it is valid.")] = 90,
    data_folder: DataFolder = None,
) -> None:
    """Make a token for a user; it is written to a file and told nowhere else."""
    _operations().token_new(data_folder, user, out, scope, days)


def token_revoke(
    token: Annotated[UUID, typer.Argument(show_default=False, help="The token's id.")],
    data_folder: DataFolder = None,
) -> None:
    """End a token's life."""
    _operations().token_revoke(data_folder, token)


def agreement_admit(
    agreement: Annotated[Path, typer.Argument(show_default=False, help="The agreement's file.")],
    data_folder: DataFolder = None,
) -> None:
    """Take an agreement, or the amendment of one, into the linkage unit's database."""
    _operations().agreement_admit(data_folder, agreement)


def emblem() -> None:
    """Print the digital emblem as the service shows it, and the key to ask endorsements for."""
    _operations().emblem()
