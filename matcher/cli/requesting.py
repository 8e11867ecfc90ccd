"""Commands of a society's register: what people asked for, what was done, and what is due."""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from encoders.readers import read_records
from encoders.rights.answering import own_data
from encoders.rights.asking import Request, Step, in_order
from encoders.rights.register import Register
from matcher.cli import console
from matcher.cli.identities import IdentityOption
from matcher.cli.options import JsonFlag
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity

RegisterOption = Annotated[
    Path, typer.Option("--register", help="The society's register; made when there is none.")
]
Number = Annotated[int, typer.Argument(min=1, show_default=False, help="The request's number.")]

_EVENT = "Write '{}' into the events of the intake file, and run kinmatch notify{}"
_NEXT = {
    "objection": _EVENT.format("objected", ": matching stops while it is weighed."),
    "deletion": _EVENT.format("deletion-asked", ": matching stops until it is decided."),
    "encode-anew": "Correct the record, encode it anew and submit it: the night compares it again, "
    "and candidates that no longer hold leave.",
    "uphold": _EVENT.format("objection-upheld", "."),
    "dismiss": _EVENT.format("objection-dismissed", "."),
    "delete": _EVENT.format(
        "deleted",
        "; then delete the record, its line in reference files, and with kinmatch review erase "
        "what the archive has of it.",
    ),
    "keep": _EVENT.format("deletion-refused", "."),
}


def rights_open(
    kind: Annotated[
        str,
        typer.Argument(
            show_default=False, help="access, correction, objection, deletion or complaint."
        ),
    ],
    record: Annotated[list[str], typer.Option("--record", help="The id of a record it is about.")],
    register: RegisterOption,
    identity: IdentityOption,
    received: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which it came; today if not given."),
    ] = None,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Take down a request of a person's."""
    day = date.today() if received is None else received.date()
    added = _opened(register, identity, passphrase_fd).add(kind, tuple(record), day)
    _tell(added, as_json)
    _say_next(added.kind)


def rights_step(
    number: Number,
    what: Annotated[str, typer.Argument(show_default=False, help="What was done.")],
    name: Annotated[str, typer.Option(help="Who did it.")],
    role: Annotated[
        str,
        typer.Option(
            help="staff, focal-point, data-protection-officer, advisory-group or commission."
        ),
    ],
    register: RegisterOption,
    identity: IdentityOption,
    code: Annotated[
        str | None, typer.Option(help="The ground of a restriction, or the exception to deletion.")
    ] = None,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Take down what was done about a request; 'verify' comes before every answer."""
    step = Step(date.today(), what, name, role, code)
    followed = _opened(register, identity, passphrase_fd).follow(number, step)
    _tell(followed, as_json)
    _say_next(what)


def rights_list(
    register: RegisterOption,
    identity: IdentityOption,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """List what is not answered yet: overdue first, then what is due first.

    Exit status 1 says that something is overdue.
    """
    today = date.today()
    waiting = in_order(_opened(register, identity, passphrase_fd).requests(), today)
    if as_json:
        console.print_json([_as_dict(one) for one in waiting])
    else:
        table = Table("number", "kind", "due", "days left", "with", "last step")
        for one in waiting:
            left = (one.due - today).days
            table.add_row(
                str(one.number), one.kind, str(one.due), str(left) if left >= 0 else "OVERDUE",
                one.level, one.state,
            )  # fmt: skip
        console.out.print(table)
    if any(one.due < today for one in waiting):
        raise typer.Exit(console.ROWS_LEFT_OUT)


def rights_export(
    number: Number,
    file: Annotated[Path, typer.Argument(show_default=False, help="The society's records.")],
    register: RegisterOption,
    identity: IdentityOption,
    out: Annotated[Path, typer.Option(help="The JSON file to write, for its owner alone.")],
    role: Annotated[str, typer.Option(help="Role of rows that have none.")] = "sought",
    withhold: Annotated[
        list[str] | None, typer.Option(help="A column that a named ground restricts.")
    ] = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Write a person's own data; of others of the case no more than their role and relation."""
    request = _opened(register, identity, passphrase_fd).request(number)
    records = read_records(file, role=role).records
    found = own_data(request, records, withheld=withhold or ())
    with written_whole(out, private=True) as aside:
        aside.write_text(console.as_json(found), encoding="utf-8", newline="\n")
    console.say(f"{out}: give it to the person by their safe way of contact, then delete it.")


def _opened(path: Path, identity: Path, passphrase_fd: int | None) -> Register:
    return Register(
        path, Passphrases(passphrase_fd).open(identity, partial(Identity.open, identity))
    )


def _as_dict(one: Request) -> dict[str, object]:
    return {
        "number": one.number, "kind": one.kind, "records": list(one.records),
        "received": str(one.received), "due": str(one.due), "state": one.state,
        "level": one.level, "open": one.is_open,
    }  # fmt: skip


def _tell(one: Request, as_json: bool) -> None:
    if as_json:
        console.print_json(_as_dict(one))
    else:
        console.say(f"Request {one.number}, {one.kind}: {one.state}; due {one.due}.")


def _say_next(what: str) -> None:
    if what in _NEXT:
        console.say(_NEXT[what])
