"""What both societies say of a candidate, in any order and at once, and what each is told."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product

import pytest
from lenient_gates import InForce
from people import ONE, THREE, TODAY, TWO, draw_agreement
from sqlalchemy import select

from benchmarks.service.filling import fill
from matcher.formats.errors import AbsentError, ParameterError, StateError
from matcher.store import audit, candidates, listings
from matcher.store.database import Store
from matcher.store.models import AuditEntry, CandidateRow, CandidateSide, Decision, Disclosure
from matcher.store.states.candidates import CANDIDATE

GATES = InForce(TODAY)
SIDES = ("one", "other")


@dataclass
class Pair:
    """One candidate between two societies."""

    store: Store
    id: bytes
    one: str
    other: str
    gates: candidates.Gates = field(default=GATES)

    def decide(self, side: str, verdict: str) -> candidates.Decided:
        """Let a side say something."""
        with self.store.as_unit() as session:
            return candidates.decide(
                session, self.id, society=getattr(self, side), verdict=verdict, version=1,
                gates=self.gates,
            )  # fmt: skip

    def seen(self, side: str) -> listings.Seen:
        """Give what a side sees."""
        society = getattr(self, side)
        with self.store.as_society(society) as session:
            found = listings.one(session, self.id, society=society, on=TODAY, until=TODAY)
        assert found is not None
        return found

    def state(self) -> str:
        """Give the state that both share."""
        with self.store.as_unit() as session:
            return session.get_one(CandidateRow, self.id).state


@pytest.fixture(scope="module")
def full(one_store: Store) -> Store:
    with one_store.as_unit() as session:
        fill(session, draw_agreement(), candidates=400, records=50, on=TODAY)
    return one_store


@pytest.fixture(scope="module")
def untouched(full: Store) -> Iterator[bytes]:
    """One candidate after another that nobody has decided on."""
    with full.as_unit() as session:
        ids = session.scalars(select(CandidateRow.id).where(CandidateRow.state == "open")).all()
    return iter(sorted(ids))


@pytest.fixture
def pair(full: Store, untouched: Iterator[bytes]) -> Pair:
    return next_pair(full, untouched)


def next_pair(store: Store, untouched: Iterator[bytes]) -> Pair:
    key = next(untouched)
    with store.as_unit() as session:
        one, other = session.scalars(
            select(CandidateSide.society)
            .where(CandidateSide.candidate_id == key)
            .order_by(CandidateSide.society)
        )
    return Pair(store, key, one, other)


def aim(one: str | None, other: str | None) -> str:
    said = {one, other}
    if "reject" in said:
        return "rejected"
    if said == {"confirm"}:
        return "confirmed"
    return "half_confirmed" if "confirm" in said else "open"


def ways(store: Store, key: bytes) -> list[tuple[str, str, str]]:
    """From, event and to, as the audit log has them."""
    with store.as_unit() as session:
        entries = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.subject == f"candidate {key.hex()}")
            .order_by(AuditEntry.number)
        ).all()
        found = []
        for entry in entries:
            told = dict(re.findall(r'"(from|to)":"(\w+)"', entry.details))
            found.append((told["from"], entry.action.removeprefix("candidate."), told["to"]))
        return found


def require_no_state_skipped(store: Store, key: bytes) -> None:
    state = "open"
    for before, event, after in ways(store, key):
        assert before == state
        state = CANDIDATE.after(before, event)
        assert after == state
    with store.as_unit() as session:
        assert session.get_one(CandidateRow, key).state == state


@pytest.mark.parametrize("said", list(product(candidates.VERDICTS, repeat=3)))
@pytest.mark.parametrize("sides", [("one", "other", "one"), ("one", "other", "other")])
def test_the_state_follows_from_what_both_said_last(
    pair: Pair, said: tuple[str, ...], sides: tuple[str, ...]
) -> None:
    last: dict[str, str | None] = dict.fromkeys(SIDES)
    for side, verdict in zip(sides, said, strict=True):
        if pair.state() == "confirmed" and verdict != "confirm":
            with pytest.raises(StateError):
                pair.decide(side, verdict)
            continue
        last[side] = verdict
        decided = pair.decide(side, verdict)
        assert decided.state == pair.state() == aim(last["one"], last["other"])
        assert decided.disclosed == (decided.state == "confirmed")
        for own in SIDES:
            assert pair.seen(own).state == decided.state
            assert pair.seen(own).verdict == last[own]
    require_no_state_skipped(pair.store, pair.id)


def test_a_side_is_told_what_the_other_decided_and_no_more(pair: Pair) -> None:
    def told() -> tuple[str, str]:
        return pair.seen("one").feedback, pair.seen("other").feedback

    assert told() == ("pending", "pending")
    pair.decide("one", "unsure")
    assert told() == ("pending", "pending")
    pair.decide("one", "confirm")
    assert told() == ("pending", "accepted")
    pair.decide("one", "reject")
    assert told() == ("pending", "rejected")
    pair.decide("other", "reject")
    # Each has rejected it, and is not told that the other did so too.
    assert told() == ("pending", "pending")
    pair.decide("one", "confirm")
    assert told() == ("rejected", "pending")
    pair.decide("other", "confirm")
    assert told() == ("accepted", "accepted")


def test_confirming_what_is_confirmed_discloses_nothing_anew(pair: Pair) -> None:
    pair.decide("one", "confirm")
    assert pair.decide("other", "confirm").disclosed
    assert pair.decide("one", "confirm") == candidates.Decided("confirmed", disclosed=True)
    with pair.store.as_unit() as session:
        told = session.scalars(select(Disclosure).where(Disclosure.candidate_id == pair.id)).all()
        assert {(one.society, one.other_society) for one in told} == {
            (pair.one, pair.other),
            (pair.other, pair.one),
        }


def test_nothing_is_disclosed_once_the_agreement_is_over_until_it_is_in_force(pair: Pair) -> None:
    pair.gates = InForce(TODAY.replace(year=2028))
    pair.decide("one", "confirm")
    assert pair.decide("other", "confirm") == candidates.Decided("confirmed", disclosed=False)
    for side in SIDES:
        with pair.store.as_society(getattr(pair, side)) as session:
            assert candidates.disclosed(session, pair.id, getattr(pair, side)) is None
    with pair.store.as_unit() as session:
        assert not candidates.settle(session, pair.id, pair.gates)
        assert candidates.settle(session, pair.id, GATES)
        assert candidates.settle(session, pair.id, GATES)
    with pair.store.as_society(pair.one) as session:
        told = candidates.disclosed(session, pair.id, pair.one)
        assert told is not None
        assert told.other_society == pair.other


class NotConsulted(InForce):
    """One society has not asked the person yet."""

    def confirm(self, *_: object) -> None:
        """Refuse."""
        raise StateError("The person was not asked yet.")


def test_a_confirmation_that_a_gate_refuses_is_never_seen_by_the_other_side(pair: Pair) -> None:
    pair.decide("one", "confirm")
    before = pair.seen("one"), pair.seen("other")
    pair.gates = NotConsulted(TODAY)
    with pytest.raises(StateError, match="asked"):
        pair.decide("other", "confirm")
    assert (pair.seen("one"), pair.seen("other")) == before
    with pair.store.as_unit() as session:
        said = session.scalars(
            select(Decision.society).where(Decision.candidate_id == pair.id)
        ).all()
        assert said == [pair.one]
    pair.decide("other", "reject")  # what needs no gate passes


@pytest.mark.parametrize("round_", range(8))
def test_both_sides_at_once_never_skip_a_state(
    full: Store, untouched: Iterator[bytes], round_: int
) -> None:
    pair = next_pair(full, untouched)
    jobs = [
        (side, verdict)
        for number in range(6)
        for side, verdict in zip(
            SIDES,
            (
                candidates.VERDICTS[(number + round_) % 3],
                candidates.VERDICTS[(number * round_ + 1) % 3],
            ),
            strict=True,
        )
    ]
    together = threading.Barrier(len(jobs))

    def work(job: tuple[str, str]) -> None:
        together.wait()
        try:
            pair.decide(*job)
        except StateError:
            assert pair.state() == "confirmed"

    with ThreadPoolExecutor(len(jobs)) as pool:
        list(pool.map(work, jobs))
    require_no_state_skipped(full, pair.id)
    one, other = pair.seen("one"), pair.seen("other")
    assert one.state == other.state == aim(one.verdict, other.verdict)


def test_decisions_and_a_night_that_ranks_anew_do_not_lock_each_other_out(pair: Pair) -> None:
    """A night holds sides and then waits for the log; a decision must not do it the other way."""
    held, go_on = threading.Event(), threading.Event()

    def rank() -> None:
        with pair.store.as_unit() as session:
            session.scalars(
                select(CandidateSide).where(CandidateSide.candidate_id == pair.id).with_for_update()
            ).all()
            held.set()
            go_on.wait(10)
            audit.append(session, "run.publish", "run")

    with ThreadPoolExecutor(2) as pool:
        night = pool.submit(rank)
        held.wait(10)
        decision = pool.submit(pair.decide, "one", "confirm")
        with pair.store.as_unit() as session:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while not session.connection().exec_driver_sql(waiting).scalar():
                session.rollback()
        go_on.set()
        night.result(10)
        assert decision.result(10).state == "half_confirmed"


def test_what_is_refused(pair: Pair) -> None:
    society = next(iter({ONE, TWO, THREE} - {pair.one, pair.other}))

    def decide(**said: object) -> None:
        usual = {"society": pair.one, "verdict": "reject", "version": 1, "gates": GATES}
        with pair.store.as_unit() as session:
            candidates.decide(session, pair.id, **{**usual, **said})  # type: ignore[arg-type]  # by name

    with pytest.raises(ParameterError, match="verdict"):
        decide(verdict="maybe")
    with pytest.raises(ParameterError, match="note"):
        decide(note_code="she asked not to be found")
    with pytest.raises(StateError, match="version 2"):
        decide(version=2)
    with pytest.raises(AbsentError) as foreign:
        decide(society=society)
    with pair.store.as_unit() as session, pytest.raises(AbsentError) as nothing:
        candidates.decide(
            session, bytes(16), society=pair.one, verdict="reject", version=1, gates=GATES
        )
    assert str(foreign.value).replace(pair.id.hex(), "") == str(nothing.value).replace(
        bytes(16).hex(), ""
    )
    assert ways(pair.store, pair.id) == []
    decide(note_code="details-differ")
