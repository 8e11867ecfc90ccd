"""Nights that the tests run, and what is asked of the store after them."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from lenient_gates import InForce
from people import TODAY, reference
from sqlalchemy import select

from matcher.nightly.night import Limits, Outcome, run_night
from matcher.store import candidates
from matcher.store.database import Store
from matcher.store.models import CandidateRow, CandidateSide, Comparison, Record, RunRow

LIMITS = Limits(pairs=10**9, candidates=10**6)

Submit = Callable[..., UUID]


def night(store: Store, on: date = TODAY, **terms: object) -> list[Outcome]:
    usual = {"limits": LIMITS, "top": 10, "threads": 1}
    return run_night(store, on=on, **{**usual, **terms})


def pairs(store: Store) -> dict[tuple[bytes, bytes], tuple[object, ...]]:
    """Every candidate by both references, with what the unit holds of it."""
    with store.as_unit() as session:
        found = {}
        for row in session.scalars(select(CandidateRow)):
            left = session.get_one(Record, row.left_record)
            right = session.get_one(Record, row.right_record)
            found[left.reference, right.reference] = (row.id, row.score, row.band, row.state)
        return found


def people(*quadruples: tuple[str, int, str, int]) -> set[tuple[bytes, bytes]]:
    return {(reference(a, i), reference(b, j)) for a, i, b, j in quadruples}


def compared(store: Store) -> dict[tuple[bytes, bytes], int]:
    """How often each pair of records was compared, from the runs and the comparisons alone."""
    counts: dict[tuple[bytes, bytes], int] = {}
    with store.as_unit() as session:
        records = session.scalars(select(Record)).all()
        order = {
            run: number
            for number, run in enumerate(
                session.scalars(
                    select(RunRow.id).where(RunRow.state == "published").order_by(RunRow.planned_at)
                )
            )
        }
        for one in session.scalars(select(Comparison)):
            at = order[one.run_id]
            sides = []
            for society, role, part, rows in (
                (one.left_society, one.left_role, one.left_part, one.left_rows),
                (one.right_society, one.right_role, one.right_part, one.right_rows),
            ):
                side = [
                    record.reference
                    for record in records
                    if (record.society, record.role) == (society, role)
                    and (order[record.compared_in] == at if part == "new"
                         else order[record.compared_in] < at)
                ]  # fmt: skip
                assert len(side) == rows
                sides.append(side)
            for left in sides[0]:
                for right in sides[1]:
                    counts[left, right] = counts.get((left, right), 0) + 1
    return counts


def sides(store: Store) -> set[tuple[object, ...]]:
    with store.as_unit() as session:
        return {
            (one.candidate_id, one.society, one.reference, one.score, one.band, tuple(one.levels),
             tuple(one.weights), one.state, one.version, one.since, one.listed)
            for one in session.scalars(select(CandidateSide))
        }  # fmt: skip


def state_of(store: Store, one: tuple[str, int], other: tuple[str, int]) -> tuple[str, int]:
    with store.as_unit() as session:
        (key,) = (
            row[0]
            for refs, row in pairs(store).items()
            if refs == (reference(*one), reference(*other))
        )
        row = session.get_one(CandidateRow, key)
        return row.state, row.version


def decide(store: Store, society: str, person: int, verdict: str, version: int = 1) -> None:
    with store.as_unit() as session:
        side = session.scalars(
            select(CandidateSide).where(
                CandidateSide.society == society,
                CandidateSide.reference == reference(society, person),
            )
        ).one()
        candidates.decide(
            session, side.candidate_id, society=society, verdict=verdict, version=version,
            gates=InForce(TODAY),
        )  # fmt: skip
