"""Nights over real batches in a real database: what is compared, found, kept and let go."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest
from lenient_gates import InForce
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

from matcher.decisions.candidates import Pairs
from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.formats.errors import StateError
from matcher.matching import match
from matcher.nightly import night as night_module
from matcher.nightly import publishing
from matcher.nightly.comparing import compare, seconds_of
from matcher.nightly.night import Limits, Outcome, plans_of, run_night
from matcher.store import batches, candidates
from matcher.store.database import Store, alone
from matcher.store.models import (
    BatchRow,
    CandidateRow,
    CandidateSide,
    Comparison,
    Disclosure,
    Record,
    RunRow,
)

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


def test_a_rejection_stays_until_one_of_the_records_changes(store: Store, given: Submit) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))
    night(store)
    decide(store, ONE, 1, "reject")
    first = pairs(store)[reference(ONE, 1), reference(TWO, 1)][0]
    given(TWO, registered(3))
    night(store, TODAY + timedelta(days=1))
    night(store, TODAY + timedelta(days=1), full=True)
    assert state_of(store, (ONE, 1), (TWO, 1)) == ("rejected", 1)
    # The same record again, unchanged, in another batch; then changed.
    given(TWO, registered(1, 4))
    night(store, TODAY + timedelta(days=2))
    assert state_of(store, (ONE, 1), (TWO, 1)) == ("rejected", 1)
    given(TWO, registered(1), noise={1: 0.08})
    night(store, TODAY + timedelta(days=3))
    assert state_of(store, (ONE, 1), (TWO, 1)) == ("new", 2)
    assert pairs(store)[reference(ONE, 1), reference(TWO, 1)][0] == first
    with store.as_society(ONE) as session:
        side = session.scalars(
            select(CandidateSide).where(CandidateSide.candidate_id == first)
        ).one()
        assert (side.verdict, side.since) == (None, TODAY + timedelta(days=3))
    assert state_of(store, (ONE, 2), (TWO, 2))[0] == "open"


def test_a_record_that_no_longer_resembles_takes_its_candidate_along(
    store: Store, given: Submit
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))
    night(store)
    decide(store, ONE, 1, "reject")
    given(TWO, registered(1), noise={1: 0.5})
    (outcome,) = night(store)
    assert outcome.candidates == {"gone": 1, "changed": 0, "kept": 0, "new": 0}
    assert set(pairs(store)) == people((ONE, 2, TWO, 2))


def test_what_both_confirmed_stays_and_is_disclosed(store: Store, given: Submit) -> None:
    given(ONE, sought(1))
    given(TWO, registered(1))
    night(store)
    decide(store, ONE, 1, "confirm")
    assert state_of(store, (ONE, 1), (TWO, 1))[0] == "half_confirmed"
    with store.as_society(TWO) as session:
        assert session.scalars(select(Disclosure)).all() == []
        assert session.scalars(select(CandidateSide.verdict)).all() == [None]
    decide(store, TWO, 1, "confirm")
    for own, other in ((ONE, TWO), (TWO, ONE)):
        with store.as_society(own) as session:
            told = session.scalars(select(Disclosure)).one()
            assert (told.other_society, told.other_reference) == (other, reference(other, 1))
    with pytest.raises(StateError):
        decide(store, TWO, 1, "reject")
    night(store, full=True)
    assert state_of(store, (ONE, 1), (TWO, 1))[0] == "confirmed"


@pytest.mark.parametrize("why", ["withdraw", "supersede", "expire"])
def test_a_batch_that_leaves_takes_all_of_it_along_the_same_night(
    store: Store, given: Submit, why: str
) -> None:
    given(ONE, sought(1, 2, 3))
    leaving = given(TWO, registered(1, 2))
    staying = given(TWO, registered(3), on=TODAY + timedelta(days=50))
    night(store, TODAY + timedelta(days=50))
    assert len(pairs(store)) == 3
    on = TODAY + timedelta(days=60)
    if why == "withdraw":
        with store.as_society(TWO) as session:
            batches.withdraw(session, leaving, actor="tester")
    elif why == "supersede":
        staying = given(TWO, registered(2, 5), on=on, supersedes=leaving)
    else:
        on = TODAY + timedelta(days=100)
        given(ONE, sought(1, 2, 3, 9), on=on)  # One's own would be over on this day, too
    night(store, on)
    left = people((ONE, 3, TWO, 3), *([(ONE, 2, TWO, 2)] if why == "supersede" else []))
    assert set(pairs(store)) == left
    assert leaving not in store.fingerprints.ids()
    assert staying in store.fingerprints.ids()
    with store.as_unit() as session:
        assert session.get_one(BatchRow, leaving).state == "destroyed"
        assert not session.scalars(select(Record).where(Record.batch_id == leaving)).all()


def test_an_agreement_that_is_over_is_cleared_away(store: Store, given: Submit) -> None:
    on = date(2026, 12, 31)
    given(ONE, sought(1), on=on)
    given(TWO, registered(1), on=on)
    night(store, on)
    assert len(pairs(store)) == 1
    assert night(store, on + timedelta(days=1)) == []
    assert pairs(store) == {}
    assert store.fingerprints.ids() == set()


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
    with store.as_society(TWO) as session:
        batches.withdraw(session, best, actor="tester")
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


def test_two_key_epochs_are_never_compared(store: Store, given: Submit, tmp_path: Path) -> None:
    first = draw_agreement()
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))
    night(store)
    decide(store, ONE, 1, "reject")
    second = add(store, first.with_next_epoch(TODAY, overlap_days=30))
    rekeyed = write(tmp_path / "rekeyed", second, TWO, registered(1, 2), noise={1: 0.03, 2: 0.03})
    submit(store, rekeyed, second, TWO)
    (outcome,) = night(store)
    assert outcome.plan["pairs"] == 0
    assert len(pairs(store)) == 2
    submit(store, write(tmp_path / "both", second, ONE, sought(1, 2)), second, ONE)
    (outcome,) = night(store)
    assert outcome.plan["pairs"] == 4
    assert outcome.candidates == {"gone": 0, "changed": 0, "kept": 2, "new": 0}
    assert state_of(store, (ONE, 1), (TWO, 1))[0] == "rejected"
    night(store, TODAY + timedelta(days=40))
    assert len(pairs(store)) == 2
    with store.as_unit() as session:
        assert {record.key_epoch for record in session.scalars(select(Record))} == {2}


def test_a_record_that_changes_during_the_night_is_new_in_the_next(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1))
    night(store)
    withdrawn = given(TWO, registered(2))

    def meanwhile(*arguments: object, **named: object) -> Pairs:
        found = compare(*arguments, **named)
        given(TWO, registered(1), noise={1: 0.08})
        with store.as_society(TWO) as session:
            batches.withdraw(session, withdrawn, actor="tester")
        return found

    given(ONE, sought(3))
    given(TWO, registered(3))
    monkeypatch.setattr(night_module, "compare", meanwhile)
    night(store)
    monkeypatch.undo()
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 3, TWO, 3))
    (outcome,) = night(store)
    assert outcome.candidates == {"gone": 0, "changed": 1, "kept": 0, "new": 0}
    assert outcome.plan["new"] == 1
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 3, TWO, 3))


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize(
    ("module", "after"),
    [
        (night_module, "clear_away"),
        (night_module, "_begin"),
        (night_module, "compare"),
        (publishing, "copy_arrays"),
        (publishing, "_stand"),
        (publishing, "_check"),
        (night_module, "_finish"),
    ],
)
def test_a_night_cut_off_anywhere_ends_as_if_it_had_not_been(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch, module: ModuleType, after: str
) -> None:
    given(ONE, sought(*range(6)) + registered(9))
    given(TWO, registered(*range(3, 8)) + sought(9))
    original = getattr(module, after)

    def killed(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        raise Killed

    monkeypatch.setattr(module, after, killed)
    with pytest.raises(Killed):
        night(store)
    monkeypatch.undo()
    published = after == "_finish"
    assert (pairs(store) == {}) is not published
    assert len(night(store)) == (0 if published else 1)
    assert set(pairs(store)) == people(
        (ONE, 3, TWO, 3), (ONE, 4, TWO, 4), (ONE, 5, TWO, 5), (TWO, 9, ONE, 9)
    )
    assert set(compared(store).values()) == {1}
    with store.as_unit() as session:
        assert session.scalars(select(RunRow.state)).all() == ["published"]


def test_a_run_that_was_cut_off_is_abandoned_when_there_is_more_to_compare(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1))

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(night_module, "publish", killed)
    with pytest.raises(Killed):
        night(store)
    monkeypatch.undo()
    given(TWO, registered(2))
    night(store)
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 2, TWO, 2))
    with store.as_unit() as session:
        assert sorted(session.scalars(select(RunRow.state))) == ["abandoned", "published"]
    assert list((store.folder / "work").glob("*")) == []


def test_a_damaged_tile_is_compared_again(
    store: Store, given: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(night_module, "publish", killed)
    with pytest.raises(Killed):
        night(store)
    monkeypatch.undo()
    (tile,) = (store.folder / "work").glob("*/*/tile-0.parquet")
    content = bytearray(tile.read_bytes())
    content[20] ^= 1
    tile.write_bytes(content)
    night(store)
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (ONE, 2, TWO, 2))


def test_two_nights_at_once_are_refused(store: Store, given: Submit) -> None:
    with alone(store), pytest.raises(StateError, match="is at work"):
        night(store)


def test_what_a_corridor_let_meet_leaves_with_it_and_is_compared_when_it_is_back(
    store: Store, given: Submit
) -> None:
    given(ONE, sought(1) + registered(2))
    given(TWO, registered(1) + sought(2))
    night(store)
    decide(store, ONE, 1, "reject")
    before = draw_agreement()
    narrower = draw_agreement(corridors=((ONE, TWO),)).model_copy(
        update={"amends": (before.digest,)}
    )
    add(store, narrower)
    assert night(store) == []
    assert set(pairs(store)) == people((ONE, 1, TWO, 1))
    add(store, before.model_copy(update={"amends": (before.digest, narrower.digest)}))
    (outcome,) = night(store)
    assert outcome.plan["full"]
    assert set(pairs(store)) == people((ONE, 1, TWO, 1), (TWO, 2, ONE, 2))
    assert state_of(store, (ONE, 1), (TWO, 1))[0] == "rejected"
