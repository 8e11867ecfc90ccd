"""Nights over real batches in a real database: what is compared and found."""

from datetime import timedelta
from pathlib import Path

import pytest
from nights import Submit, compared, night, pairs, people, sides
from people import ONE, THREE, TODAY, TWO, reference, registered, sought, submit, take_back, write
from sqlalchemy import select

from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.matching import match
from matcher.nightly import night as night_module
from matcher.nightly import publishing
from matcher.nightly.comparing import seconds_of
from matcher.nightly.night import Limits, plans_of
from matcher.store.database import Store
from matcher.store.models import CandidateSide, RunRow


def test_a_first_night_finds_who_is_sought_and_registered(store: Store, given: Submit) -> None:
    given(ONE, sought(1, 2, 3) + registered(7))
    given(TWO, registered(2, 3, 4) + sought(7))
    (outcome,) = night(store)
    assert outcome.refused is None
    assert outcome.candidates == {"gone": 0, "changed": 0, "kept": 0, "new": 3}
    assert outcome.plan["pairs"] == 3 * 3 + 1 * 1 + 3 * 1
    found = pairs(store)
    assert set(found) == people((ONE, 2, TWO, 2), (ONE, 3, TWO, 3), (TWO, 7, ONE, 7))
    assert {row[3] for row in found.values()} == {"new"}
    with store.as_society(ONE) as session:
        sides = session.scalars(select(CandidateSide)).all()
        assert {side.reference for side in sides} == {reference(ONE, i) for i in (2, 3, 7)}
        assert {side.society for side in sides} == {ONE}
        assert all(side.listed and side.band == 0 for side in sides)


def test_a_night_finds_what_one_run_over_the_same_batches_finds(
    store: Store, agreement: Agreement, tmp_path: Path
) -> None:
    one = write(
        tmp_path / "one", agreement, ONE,
        [(1, "sought"), (2, "enquirer"), (3, "kin"), (5, "sought"), (6, "registered")],
        noise={1: 0.1}, family={1: "son", 2: None, 3: "father"},
    )  # fmt: skip
    two = write(
        tmp_path / "two", agreement, TWO,
        [(1, "sought"), (3, "kin"), (4, "registered"), (6, "sought"), (5, "enquirer")],
        noise={1: 0.12}, family={1: "brother", 3: "father", 5: None},
    )  # fmt: skip
    run = match([read_batch(path, agreement) for path in (one, two)], agreement, on=TODAY, top=20)
    expected = {}
    for done in run.compared:
        refs = (
            batch.references[rows[found]]
            for batch, rows, found in (
                (done.left, done.left_rows, done.candidates.left),
                (done.right, done.right_rows, done.candidates.right),
            )
        )
        for left, right, score, band, kin in zip(
            *refs, done.candidates.scores, done.candidates.bands, done.candidates.kin, strict=True
        ):
            both = frozenset({left.tobytes(), right.tobytes()})
            expected[both] = (float(score), int(band), float(kin))
    assert any(kin > 0 for _, _, kin in expected.values())
    submit(store, one, agreement, ONE)
    night(store)
    submit(store, two, agreement, TWO)
    night(store)
    with store.as_unit() as session:
        told: dict[bytes, list[CandidateSide]] = {}
        for side in session.scalars(select(CandidateSide)):
            told.setdefault(side.candidate_id, []).append(side)
        assert {
            frozenset(side.reference for side in sides): (
                sides[0].score, sides[0].band, sides[0].kin or 0.0
            )
            for sides in told.values()
        } == expected  # fmt: skip


def test_a_night_without_anything_new_does_nothing(store: Store, given: Submit) -> None:
    given(ONE, sought(1))
    given(TWO, registered(1))
    assert len(night(store)) == 1
    before = pairs(store)
    assert night(store) == []
    assert pairs(store) == before
    assert night(store, TODAY + timedelta(days=1)) == []
    assert [row[3] for row in pairs(store).values()] == ["open"]


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
    assert len(counts) == 16 * 16 + 16 * 7 + 4 * 4 + 4 * 7 + 16 * 4
    nights = pairs(store)
    listed = sides(store)
    assert len(nights) > 16
    on = TODAY + timedelta(days=3)
    (outcome,) = night(store, on, full=True)
    assert outcome.plan["full"]
    assert outcome.candidates == {"gone": 0, "changed": 0, "kept": len(nights), "new": 0}
    assert pairs(store) == nights
    assert sides(store) == listed


def test_what_is_kept_is_the_same_in_nights_and_in_one_full_run(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (night_module, publishing):
        monkeypatch.setattr(module, "kept", lambda top: top)
    order = [(TWO, 0), (THREE, 1), (ONE, 0), (THREE, 0), (ONE, 1), (TWO, 1), (ONE, 2), (TWO, 2)]
    for day, (society, person) in enumerate(order):
        role = sought if society == ONE else registered
        given(society, role(person), noise={person: 0.02 if society == TWO else 0.1})
        night(store, TODAY + timedelta(days=day), top=1)
    given(THREE, registered(2), noise={2: 0.1})
    night(store, TODAY + timedelta(days=9), top=1)
    found, listed = pairs(store), sides(store)
    assert set(found) == people((ONE, 0, TWO, 0), (ONE, 1, TWO, 1), (ONE, 2, TWO, 2))
    night(store, TODAY + timedelta(days=9), top=1, full=True)
    assert (pairs(store), sides(store)) == (found, listed)


def test_only_so_many_are_listed_and_the_next_best_moves_up(store: Store, given: Submit) -> None:
    given(ONE, sought(1))
    best = given(TWO, registered(1), noise={1: 0.0})
    given(THREE, registered(1), noise={1: 0.12})
    night(store, top=1)

    def listed() -> list[bytes]:
        with store.as_unit() as session:
            rows = session.scalars(select(CandidateSide).where(CandidateSide.listed))
            return [row.reference for row in rows if row.society != ONE]

    assert listed() == [reference(TWO, 1)]
    take_back(store, best)
    night(store, top=1)
    assert listed() == [reference(THREE, 1)]


def test_a_night_beyond_its_limits_is_refused_and_leaves_nothing(
    store: Store, given: Submit
) -> None:
    given(ONE, sought(*range(10)))
    given(TWO, registered(*range(10)))
    (outcome,) = night(store, limits=Limits(pairs=99, candidates=100))
    assert "100 pairs" in str(outcome.refused)
    with store.as_unit() as session:
        assert session.scalars(select(RunRow)).all() == []
    (outcome,) = night(store, limits=Limits(pairs=100, candidates=9))
    assert "more than 9 candidates" in str(outcome.refused)
    assert pairs(store) == {}
    (outcome,) = night(store)
    assert outcome.candidates is not None
    assert outcome.candidates["new"] == 10


def test_a_dry_run_tells_the_plan_and_changes_nothing(store: Store, given: Submit) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2, 3))
    (plan,) = plans_of(store, on=TODAY)
    assert plan.summary() | {"agreement": None} == {
        "agreement": None, "full": True, "new": 5, "held": 0, "pairs": 6, "tiles": 1
    }  # fmt: skip
    assert seconds_of(plan, store.fingerprints) > 0
    with store.as_unit() as session:
        assert session.scalars(select(RunRow)).all() == []
