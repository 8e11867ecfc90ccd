"""Changing the state of a thing: the one way to do so, with its entry in the audit log.

The row is locked until the transaction ends, so of two events at once the second sees the state
that the first led to, and is refused if it is not possible there.
"""

from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError
from matcher.store import audit
from matcher.store.models import BatchRow, CandidateRow, RefinementRow, RunRow, Table
from matcher.store.states.batches import BATCH
from matcher.store.states.candidates import CANDIDATE
from matcher.store.states.lifecycle import Lifecycle
from matcher.store.states.refinements import REFINEMENT
from matcher.store.states.runs import RUN

LIVES: dict[type[Table], Lifecycle] = {
    BatchRow: BATCH,
    RunRow: RUN,
    CandidateRow: CANDIDATE,
    RefinementRow: REFINEMENT,
}
"""Whose life each table's `state` is."""

Row = TypeVar("Row", BatchRow, RunRow, CandidateRow, RefinementRow)


def locked(session: Session, kind: type[Row], key: UUID | bytes) -> Row:
    """Read a row and hold it until the transaction ends.

    Raises:
        AbsentError: There is none, or none that this transaction's society may see.
    """
    row = session.get(kind, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise AbsentError(f"There is no {LIVES[kind].name} {named(key)}; see that its id is right.")
    return row


def change(
    session: Session,
    row: Row,
    event: str,
    *,
    actor: str = audit.UNIT_ACTOR,
    society: str | None = None,
    details: audit.Details | None = None,
) -> None:
    """Let an event happen to a row that `locked` gave, and say so in the audit log.

    Raises:
        StateError: The event is not possible in the row's state.
    """
    life = LIVES[type(row)]
    before = row.state
    row.state = life.after(before, event)
    session.flush()
    audit.append(
        session,
        f"{life.name}.{event}",
        f"{life.name} {named(row.id)}",
        actor=actor,
        society=society,
        details={"from": before, "to": row.state, **(details or {})},
    )


def named(key: UUID | bytes) -> str:
    """An id as people and the audit log see it."""
    return key.hex() if isinstance(key, bytes) else str(key)
