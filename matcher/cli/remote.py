"""Commands of a society to the service: submit, status, withdraw, send, decide, disclosure."""

from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import UUID

import typer
from rich.table import Table

from encoders.client.generated import Batch, NewDecision, Operations
from encoders.client.uploading import UNDECIDED, upload, verdict_on
from matcher.cli import console
from matcher.cli.connecting import Service, with_service
from matcher.cli.options import JsonFlag
from matcher.formats.errors import InputError

_STATES_AFTER: Final = ("accepted", "superseded")

Verdict = Literal["confirm", "reject", "unsure"]
NoteCode = Literal["details-agree", "details-differ", "too-little-known", "known-already"]
CandidateArgument = Annotated[
    str, typer.Argument(show_default=False, help="The candidate's id, as results has it.")
]


@with_service
def submit(
    service: Service,
    envelope: Annotated[Path, typer.Argument(show_default=False, help="What encode wrote.")],
    supersedes: Annotated[
        UUID | None, typer.Option(help="A batch of yours that leaves once this one is accepted.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it is accepted or refused.")
    ] = False,
    patience: Annotated[
        int, typer.Option(min=1, help="With --wait: for how many seconds at most.")
    ] = 600,
    as_json: JsonFlag = False,
) -> None:
    """Send an envelope to the linkage unit; the same command again goes on where it was cut off.

    Exit status 0: accepted, or received whole where there is no --wait. 1: accepted, with remarks.
    2: refused, with all reasons. 4: not now, or not decided yet: do the same again later.
    """
    size = max(1, envelope.stat().st_size) if envelope.is_file() else 1
    with service.connected() as operations:
        with console.counting("sending bytes", size) as advance:
            batch = upload(operations, envelope, supersedes=supersedes, advance=advance)
        if wait:
            batch = verdict_on(operations, batch.id, patience=patience)
    _tell_batch(batch, as_json)
    raise typer.Exit(_status_of(batch, waited=wait))


def _status_of(batch: Batch, *, waited: bool) -> int:
    if batch.state in UNDECIDED:
        return console.TRY_LATER if waited else 0
    if batch.state in _STATES_AFTER:
        return console.ROWS_LEFT_OUT if batch.problems else 0
    return console.REFUSED


def _tell_batch(batch: Batch, as_json: bool) -> None:
    if as_json:
        console.print_json(batch.model_dump(mode="json", exclude={"parts"}))
        return
    held = "" if batch.records is None else f", {batch.records:,} records"
    console.say(f"Batch {batch.id}: {batch.state}{held}.")
    for problem in batch.problems:
        console.say(problem)


@with_service
def status(service: Service, as_json: JsonFlag = False) -> None:
    """List the batches that you sent, the latest first, and what became of them."""
    with service.connected() as operations:
        batches = _all_batches(operations)
    if as_json:
        console.print_json([one.model_dump(mode="json", exclude={"parts"}) for one in batches])
        return
    table = Table("batch", "state", "records", "received", "registered on", "leaves on")
    for one in batches:
        share = f"{one.received / one.size:.0%}" if one.state == "receiving" else ""
        records = "" if one.records is None else f"{one.records:,}"
        days = str(one.registered_on), str(one.expires_on)
        table.add_row(str(one.id), one.state, records, share, *days)
    console.out.print(table)
    for one in batches:
        for problem in one.problems:
            console.say(f"{one.id}: {problem}")


def _all_batches(operations: Operations) -> list[Batch]:
    found: list[Batch] = []
    after = None
    while True:
        page = operations.batches_listed(limit=100, after=after)
        found += page.items
        if page.next is None:
            return found
        after = page.next


@with_service
def withdraw(
    service: Service,
    batch: Annotated[UUID, typer.Argument(show_default=False, help="The batch's id.")],
    as_json: JsonFlag = False,
) -> None:
    """Take a batch back: nothing of it is compared again, and the next night destroys it."""
    with service.connected() as operations:
        _tell_batch(operations.batches_withdrawn(batch), as_json)


@with_service
def send(
    service: Service,
    notices: Annotated[
        list[Path],
        typer.Argument(show_default=False, help="What notify or keys rotate wrote, oldest first."),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Send signed notices to the linkage unit, in the order given; a notice sent twice is one.

    The first that is refused ends it: those before it are in force, and the same command goes on.
    """
    contents = [_content_of(path) for path in notices]
    told = []
    with service.connected() as operations:
        for path, content in zip(notices, contents, strict=True):
            taken = operations.notices_sent(content)
            told.append(taken.model_dump(mode="json") | {"file": str(path)})
            console.say(f"{path}: {taken.kind}, {taken.records:,} records.")
    if as_json:
        console.print_json(told)


def _content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the file can't be read ({error.strerror}).") from None


@with_service
def decide(
    service: Service,
    candidate: CandidateArgument,
    verdict: Annotated[Verdict, typer.Argument(show_default=False, help="What you say.")],
    version: Annotated[
        int, typer.Option(min=1, help="The version that you looked at, as results has it.")
    ],
    note: Annotated[NoteCode | None, typer.Option(help="Why.")] = None,
    safeguarding: Annotated[
        bool,
        typer.Option("--safeguarding-cleared", help="You looked at safeguarding on your side."),
    ] = False,
    consulted: Annotated[
        bool,
        typer.Option(
            "--person-consulted", help="Your person, or who asked for them, was asked and agrees."
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say of a candidate whether it is the person; both societies must confirm.

    Only then, and where data protection allows it, does either learn who the other is. To confirm
    needs both --safeguarding-cleared and --person-consulted.
    """
    said = NewDecision(
        verdict=verdict,
        version=version,
        note_code=note,
        safeguarding=safeguarding,
        consulted=consulted,
    )
    with service.connected() as operations:
        decision = operations.candidates_decided(candidate, said)
    if as_json:
        console.print_json(decision.model_dump(mode="json"))
        return
    told = " Both societies were told who the other is." if decision.disclosed else ""
    console.say(f"Candidate {candidate}: {decision.state.replace('_', ' ')}.{told}")


@with_service
def disclosure(
    service: Service,
    candidate: CandidateArgument,
    as_json: JsonFlag = False,
) -> None:
    """Tell who the other side of a candidate is, once both have confirmed it."""
    with service.connected() as operations:
        found = operations.candidates_disclosed(candidate)
    if as_json:
        console.print_json(found.model_dump(mode="json"))
        return
    console.out.print(f"{found.society}: {found.reference}", markup=False, highlight=False)
