"""Nights over real batches in a real database: what is compared, found, kept and let go."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from people import (
    ONE,
    THREE,
    TODAY,
    TWO,
    People,
    add,
    draw_agreement,
    reference,
    registered,
    sought,
    submit,
    write,
)
from sqlalchemy import select

from matcher.formats.agreement import Agreement
from matcher.nightly.night import Limits, Outcome, run_night
from matcher.store.database import Store
from matcher.store.models import CandidateRow, CandidateSide, Comparison, Record, RunRow

LIMITS = Limits(pairs=10**9, candidates=10**6)


@pytest.fixture
def agreement(store: Store) -> Agreement:
    return add(store, draw_agreement())


Submit = Callable[..., UUID]


@pytest.fixture
def given(store: Store, agreement: Agreement, tmp_path: Path) -> Submit:
    count = iter(range(1000))

    def submitted(society: str, people: People, *, on: date = TODAY, **rest: object) -> UUID:
        noise = rest.pop("noise", None)
        path = write(tmp_path / f"{next(count)}.parquet", agreement, society, people, noise=noise)
        return submit(store, path, agreement, society, on=on, **rest)

    return submitted


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


def test_a_first_night_finds_who_is_sought_and_registered(store: Store, given: Submit) -> None:
    given(ONE, sought(1, 2, 3) + registered(7))
    given(TWO, registered(2, 3, 4) + sought(7))
    (outcome,) = night(store)
    assert outcome.refused is None
    assert outcome.candidates == {"gone": 0, "changed": 0, "kept": 0, "new": 3}
    assert outcome.plan["pairs"] == 3 * 3 + 1 * 1
    found = pairs(store)
    assert set(found) == people((ONE, 2, TWO, 2), (ONE, 3, TWO, 3), (TWO, 7, ONE, 7))
    assert {row[3] for row in found.values()} == {"new"}
    with store.as_society(ONE) as session:
        sides = session.scalars(select(CandidateSide)).all()
        assert {side.reference for side in sides} == {reference(ONE, i) for i in (2, 3, 7)}
        assert {side.society for side in sides} == {ONE}
        assert all(side.listed and side.band == 0 for side in sides)


def test_a_night_without_anything_new_does_nothing(store: Store, given: Submit) -> None:
    given(ONE, sought(1))
    given(TWO, registered(1))
    assert len(night(store)) == 1
    before = pairs(store)
    assert night(store) == []
    assert pairs(store) == before
    assert night(store, TODAY + timedelta(days=1)) == []
    assert [row[3] for row in pairs(store).values()] == ["open"]


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


def test_the_sum_of_the_nights_is_one_full_run_and_nothing_is_compared_twice(
    store: Store, given: Submit
) -> None:
    shares = {person: 0.02 * (person % 14) for person in range(40)}
    for day in range(4):
        on = TODAY + timedelta(days=day)
        given(ONE, sought(*range(day * 4, day * 4 + 4)) + registered(30 + day), on=on, noise=shares)
        given(TWO, registered(*range(day, 16, 4)) + sought(30 + (day + 1) % 4), on=on)
        given(THREE, registered(*range(day, 12, 3)), on=on) if day % 2 else None
        night(store, on)
    counts = compared(store)
    assert set(counts.values()) == {1}
    assert len(counts) == 16 * 16 + 16 * 7 + 4 * 4 + 4 * 7
    nights = pairs(store)
    listed = sides(store)
    assert len(nights) > 16
    on = TODAY + timedelta(days=3)
    (outcome,) = night(store, on, full=True)
    assert outcome.plan["full"]
    assert outcome.candidates == {"gone": 0, "changed": 0, "kept": len(nights), "new": 0}
    assert pairs(store) == nights
    assert sides(store) == listed


def sides(store: Store) -> set[tuple[object, ...]]:
    with store.as_unit() as session:
        return {
            (one.candidate_id, one.society, one.reference, one.score, one.band, tuple(one.levels),
             tuple(one.weights), one.state, one.version, one.since, one.listed)
            for one in session.scalars(select(CandidateSide))
        }  # fmt: skip
