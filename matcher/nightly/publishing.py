"""Publishing a night: all that it found becomes visible in one transaction, or nothing does.

What a record said may have changed, or its batch have left, while the night was comparing; pairs
of such records are dropped, and what changed is new in the next night.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from matcher.decisions.candidates import Pairs
from matcher.formats.cells import Octets
from matcher.formats.errors import IntegrityError, StateError
from matcher.nightly.planning import NightPlan, columns_of
from matcher.nightly.statements import (
    ADD_SIDES,
    CHANGE,
    CLOSE,
    DROP_OLDER,
    DROP_STALE,
    HOLD,
    INSERT,
    LEAVE,
    MEND,
    PRUNE,
    REBAND,
    SETTLE,
    STAND,
    UNEVEN,
    UNSETTLE,
    UPDATE_SIDES,
)
from matcher.nightly.weighing import reweigh
from matcher.store import audit
from matcher.store.batches import lock_agreement
from matcher.store.changing import change, locked
from matcher.store.copying import Columns, copy_arrays, copy_rows
from matcher.store.meeting import MEETINGS, either_way
from matcher.store.models import AgreementRow, Comparison, PassNames, RunRow

_FOUND = {
    "id": "bytea",
    "left_record": "bigint",
    "right_record": "bigint",
    "key_epoch": "integer",
    "distances": "integer[]",
    "levels": "integer[]",
    "weights": "float8[]",
    "kin": "float8",
    "score": "float8",
}
_BLOCK: Final = 1 << 17
_SORT_MEMORY: Final = "256MB"  # what millions of candidates are sorted in without files
_REGISTERS = {
    "society": "text",
    "left_role": "smallint",
    "right_role": "smallint",
    "strong": "float8",
    "possible": "float8",
}


def publish(
    session: Session, run: UUID, plan: NightPlan, found: Pairs, *, on: date, top: int
) -> dict[str, int]:
    """Write what a run found, check it, and let it be seen.

    Args:
        session: A transaction `as_unit`, in which nothing else is done.
        run: The run, in state `comparing`.
        plan: Its plan.
        found: What its tiles found.
        on: The day of the run.
        top: Candidates listed for each left record.

    Returns:
        How many candidates are new, changed, and gone.

    Raises:
        IntegrityError: The check failed; nothing is published.
        StateError: The run is published already, or the agreement was amended since its plan.
    """
    lock_agreement(session, plan.agreement.agreement_id)
    row = locked(session, RunRow, run)
    agreement = session.get_one(AgreementRow, plan.agreement.agreement_id)
    if agreement.digest != plan.agreement.digest:
        raise StateError(
            "The agreement was amended while the night was at work, so nothing was published. Run "
            "the night again: what was compared is kept."
        )
    given = {"run": run, "agreement": plan.agreement.agreement_id, "on": on, "keep": kept(top)}
    session.execute(text(f"SET LOCAL work_mem = '{_SORT_MEMORY}'"))
    _lay_out(session, plan)
    copy_arrays(session, "found", _FOUND, _found_blocks(plan, found))
    for statement in (UNSETTLE, DROP_STALE, DROP_OLDER):
        _execute(session, statement, given)
    outcome = {
        "gone": _execute(session, LEAVE, given),
        "changed": _execute(session, CHANGE, given),
        "kept": _execute(session, MEND, given),
        "new": _execute(session, INSERT, given),
    }
    given["passes"] = _number_of(session, plan)
    for statement in (UPDATE_SIDES, HOLD):
        _execute(session, statement, given)
    _stand(session, plan, top=top, run=run)
    pruned = list(session.scalars(text(PRUNE), given))
    outcome["new"] -= pruned.count(True)
    outcome["gone"] += pruned.count(False)
    for statement in (ADD_SIDES, SETTLE):
        _execute(session, statement, given)
    _reopen(session, plan)
    _check(session, given)
    session.add_all(
        Comparison(run_id=run, number=number, **columns_of(direction))
        for number, direction in enumerate(plan.directions)
    )
    agreement.compared_as = plan.compares_as
    agreement.compared_corridors = [list(pair) for pair in plan.corridors]
    row.outcome = {**outcome, "top": top}
    change(session, row, "publish", details={**outcome, "pairs": plan.pairs})
    return outcome


def _number_of(session: Session, plan: NightPlan) -> int:
    """Give the number under which the plan's passes stand, by whose names its evidence goes."""
    agreement, passes = plan.agreement.agreement_id, list(plan.model.passes)
    known = session.scalars(select(PassNames).where(PassNames.agreement == agreement)).all()
    for one in known:
        if one.passes == passes:
            return one.number
    number = len(known) + 1
    session.add(PassNames(agreement=agreement, number=number, passes=passes))
    return number


def kept(top: int) -> int:
    """How many candidates a left record keeps, listed or not."""
    return 2 * top


def refresh(session: Session, plan: NightPlan, *, top: int) -> None:
    """Let bands and lists follow from what is held now: what has left counts no more.

    What may not meet any more leaves the lists, and once its corridor is open again, all that may
    have been missed is compared.

    Args:
        session: A transaction `as_unit` that holds the agreement.
        plan: The plan of the night.
        top: Candidates listed for each left record.
    """
    _lay_out(session, plan)
    _stand(session, plan, top=top)
    _execute(session, SETTLE, {})
    _reopen(session, plan)


def _lay_out(session: Session, plan: NightPlan) -> None:
    """Make the tables that say with how many records are compared, and who may meet."""
    copy_rows(session, "registers", _REGISTERS, _register_rows(plan))
    copy_rows(session, "meetings", MEETINGS, either_way(plan.meetings))


def _stand(session: Session, plan: NightPlan, *, top: int, run: UUID | None = None) -> None:
    """Work out in `standing` how every candidate stands now: its band, its place, until when."""
    given = {"agreement": plan.agreement.agreement_id, "top": top, "run": run}
    for statement in (CLOSE, REBAND):
        _execute(session, statement, given)
    reweigh(session, plan.agreement.agreement_id, plan.registers)
    for statement in STAND:
        _execute(session, statement, given)


def _reopen(session: Session, plan: NightPlan) -> None:
    """Forget of closed corridors that all was compared through them."""
    agreement = session.get_one(AgreementRow, plan.agreement.agreement_id)
    compared = {tuple(pair) for pair in agreement.compared_corridors or ()}
    agreement.compared_corridors = [list(pair) for pair in plan.corridors if pair in compared]


def age(session: Session, on: date) -> int:
    """Candidates that an earlier day's run found are no longer marked new.

    Args:
        session: A transaction `as_unit`.
        on: The day.

    Returns:
        How many there were.
    """
    aged = session.scalars(
        text("""
        UPDATE kinmatch.candidates SET state = 'open' FROM kinmatch.runs
        WHERE candidates.state = 'new' AND runs.id = found_in AND runs.on_date < :on
        RETURNING candidates.id
        """),
        {"on": on},
    ).all()
    if aged:
        session.execute(
            text(
                "UPDATE kinmatch.candidate_sides SET state = 'open'"
                " WHERE state = 'new' AND candidate_id = ANY(:aged)"
            ),
            {"aged": list(aged)},
        )
        audit.append(session, "candidates.age", f"night of {on}", details={"candidates": len(aged)})
    return len(aged)


def _execute(session: Session, statement: str, given: dict[str, Any]) -> int:
    """Run a statement, and say how many rows it was about."""
    done: Any = session.execute(text(statement), given)
    return int(done.rowcount)


def _check(session: Session, given: dict[str, Any]) -> None:
    if session.scalar(text(UNEVEN), given):
        raise IntegrityError(
            "The night's result is not sound: a candidate has not two sides. Nothing was "
            "published; run 'kinmatch audit verify', and restore the last backup if it fails."
        )


def _found_blocks(plan: NightPlan, found: Pairs) -> Iterator[Columns]:
    records = plan.records
    for has_kin in (True, False):
        rows = np.flatnonzero(found.has_kin == has_kin)
        for start in range(0, len(rows), _BLOCK):
            block = found.take(rows[start : start + _BLOCK])
            yield {
                "id": candidate_ids(plan, block),
                "left_record": records.ids[block.left],
                "right_record": records.ids[block.right],
                "key_epoch": records.epoch[block.left],
                "distances": block.distances,
                "levels": plan.model.levels(block.distances),
                "weights": plan.model.weights(block.distances),
                "kin": block.kin if has_kin else None,
                "score": block.scores,
            }


def candidate_ids(plan: NightPlan, pairs: Pairs) -> Octets:
    """Name each pair by a digest of both records, whichever is left: see `candidate_id`.

    Returns:
        Shape (n, 16), uint8.
    """
    records, start = plan.records, bytes.fromhex(plan.agreement.agreement_id)
    names = [name.encode() for name in records.societies]
    sides = [
        zip((names[one] for one in records.society[rows].tolist()), references, strict=True)
        for rows in (pairs.left, pairs.right)
        for references in (records.reference[rows].view("V16").ravel().tolist(),)
    ]
    named = b"".join(candidate_id(start, one, other) for one, other in zip(*sides, strict=True))
    return np.frombuffer(named, np.uint8).reshape(-1, 16)


def candidate_id(agreement: bytes, one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> bytes:
    """Name a candidate: the same two records under an agreement have the same name for ever.

    Args:
        agreement: The agreement's id, 16 bytes.
        one: Society and reference of a record.
        other: Those of the other record; the order of the two does not count.

    Returns:
        16 bytes of BLAKE2b, which neither side can turn back, since references are random.
    """
    (society, reference), (other_society, other_reference) = sorted((one, other))
    named = b"".join(
        (
            agreement, len(society).to_bytes(1), society, reference,
            len(other_society).to_bytes(1), other_society, other_reference,
        )
    )  # fmt: skip
    return hashlib.blake2b(named, digest_size=16, person=b"kinm-candidate").digest()


def _register_rows(plan: NightPlan) -> Iterator[tuple[Any, ...]]:
    """The least scores of the bands, which depend on how many a record is compared with."""
    for (society, left_role, right_role), count in sorted(plan.registers.items()):
        bands = plan.model.bands.at(count)
        yield society, left_role, right_role, float(bands.strong), float(bands.possible)
