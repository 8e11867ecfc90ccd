"""What becomes of candidates in later nights: decided, changed, withdrawn, over."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from nights import Submit, decide, night, pairs, people, state_of
from people import (
    ONE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    reference,
    registered,
    sought,
    submit,
    take_back,
    write,
)
from sqlalchemy import delete, func, select

from matcher.formats.errors import StateError
from matcher.store.database import Store
from matcher.store.models import BatchRow, CandidateRow, CandidateSide, Disclosure, Record


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
        take_back(store, leaving)
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


@pytest.mark.parametrize("society", [ONE, TWO], ids=["left", "right"])
def test_a_record_that_is_deleted_takes_its_candidates_and_their_sides_along(
    store: Store, given: Submit, society: str
) -> None:
    given(ONE, sought(1, 2))
    given(TWO, registered(1, 2))
    night(store)
    with store.as_unit() as session:
        session.execute(delete(Record).where(Record.reference == reference(society, 1)))
    assert set(pairs(store)) == people((ONE, 2, TWO, 2))
    with store.as_unit() as session:
        sides = session.execute(
            select(CandidateSide.candidate_id, func.count()).group_by(CandidateSide.candidate_id)
        ).all()
        assert [tuple(row) for row in sides] == [(session.scalar(select(CandidateRow.id)), 2)]
