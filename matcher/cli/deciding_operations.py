"""What the commands about people's decisions do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.table import Table
from sqlalchemy.orm import Session

from matcher.cli import console
from matcher.cli.sharing import way_by
from matcher.protection import requests, sharing
from matcher.settings import Settings
from matcher.store import open_store
from matcher.store.models import ForeignRequest


@contextmanager
def _unit(data_folder: Path | None) -> Iterator[Session]:
    settings = Settings.load(data_folder=data_folder)
    with open_store(settings, None) as store, store.as_unit() as session:
        yield session


def sharing_decide(
    data_folder: Path | None,
    society: str,
    subject: str,
    recipient: str,
    by: str,
    role: str,
    answers: Path | None,
    risk: str,
    as_json: bool,
) -> None:
    """Go through the tree, keep the way, and refuse what it does not permit."""
    way = way_by(answers)
    decider = sharing.Decider(by, role, date.today(), risk)
    with _unit(data_folder) as session:
        kept = sharing.record(
            session, way, society=society, subject=subject, recipient=recipient, by=decider
        ).id
    if as_json:
        console.print_json({"id": str(kept), "outcome": way.outcome, "answers": dict(way.answers)})
    else:
        console.out.print(f"{kept}: {way.outcome}", highlight=False)
    sharing.require_permitted(way)


def sharing_list(data_folder: Path | None, as_json: bool) -> None:
    """List decisions."""
    with _unit(data_folder) as session:
        told = [
            {
                "id": str(row.id), "on": str(row.decided_on), "society": row.society,
                "subject": row.subject, "recipient": row.recipient, "outcome": row.outcome,
                "by": row.decided_by, "role": row.role, "answers": row.answers,
            }
            for row in sharing.decisions(session)
        ]  # fmt: skip
    _tell(told, as_json, ("id", "on", "society", "recipient", "outcome", "role"))


def requests_add(
    data_folder: Path | None, requester: str, asks_for: str, authority: bool, society: str | None
) -> None:
    """Write a request down."""
    with _unit(data_folder) as session:
        row = requests.register(
            session, requester=requester, is_authority=authority, asks_for=asks_for,
            on=date.today(), society=society,
        )  # fmt: skip
        key = row.id
    console.out.print(str(key), markup=False, highlight=False)
    console.say("It is refused; an authority's may be brought before the commission.")


def requests_commission(data_folder: Path | None, request: UUID) -> None:
    """Bring a request before the commission."""
    with _unit(data_folder) as session:
        requests.bring_before_commission(session, request, on=date.today())
    console.say(f"Request {request} is before the commission; nobody answers it before that.")


def requests_decide(
    data_folder: Path | None, request: UUID, by: UUID, reason: str, grant: bool
) -> None:
    """Write down the commission's decision."""
    with _unit(data_folder) as session:
        row = requests.decide(
            session, request, outcome="grant" if grant else "refuse", by=by, reason=reason,
            on=date.today(),
        )  # fmt: skip
        state = row.state
    console.say(f"Request {request}: {state.replace('_', ' ')}.")


def requests_list(data_folder: Path | None, as_json: bool) -> None:
    """Show the register."""
    with _unit(data_folder) as session:
        told = [_request(row) for row in requests.requests(session)]
    _tell(told, as_json, ("id", "received_on", "requester", "asks_for", "state"))


def _request(row: ForeignRequest) -> dict[str, Any]:
    return {
        "id": str(row.id), "received_on": str(row.received_on), "requester": row.requester,
        "is_authority": row.is_authority, "asks_for": row.asks_for, "society": row.society,
        "state": row.state, "decided_on": row.decided_on and str(row.decided_on),
        "decided_by": row.decided_by, "reason": row.reason,
    }  # fmt: skip


def _tell(told: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        console.print_json(told)
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for one in told:
        table.add_row(*(str(one[column]) for column in columns))
    console.out.print(table)
