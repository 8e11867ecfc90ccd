"""What persons said: whatever came before, a stop stops, and no consent is carried over."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.protection.events import NOTHING, Event, events_of, standing
from encoders.protection.fields import EVENTS, STAGES
from encoders.protection.notifying import wanted_of
from encoders.protection.tables import Row

FIRST = date(2026, 1, 1)
PURPOSES = ("family-tracing", "reunification")
STOPS = {
    "refused": "consent", "withdrawn": "consent", "not-to-be-found": "hides",
    "objected": "objection", "objection-upheld": "objection", "deletion-asked": "deletion",
    "deleted": "deletion",
}  # fmt: skip


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@st.composite
def happenings(draw: st.DrawFn, days: int = 8) -> Event:
    what = draw(st.sampled_from(EVENTS))
    grants = what in ("given", "verified")
    anything = st.none() if not grants else st.nothing()
    return Event(
        day(draw(st.integers(0, days))),
        what,
        draw(st.sampled_from(PURPOSES) | anything),
        draw(st.sampled_from(STAGES) | anything),
        draw(st.sampled_from([None, "language"])) if grants else None,
    )


histories = st.lists(happenings(), max_size=12)


def after(events: list[Event], purpose: str = PURPOSES[0], stage: str = "matching") -> object:
    return standing(events, purpose=purpose, stage=stage)


@given(histories, st.integers())
def test_the_order_of_a_table_does_not_count(events: list[Event], seed: int) -> None:
    shuffled = random.Random(seed).sample(events, len(events))  # noqa: S311 - a shuffle
    assert after(shuffled) == after(events)


@given(histories, st.sampled_from(sorted(STOPS)))
def test_a_stop_stops_whatever_came_before_or_on_its_day(events: list[Event], what: str) -> None:
    ended = [*events, Event(day(8), what)]
    found = standing(ended, purpose=PURPOSES[0], stage="matching")
    assert found.stopped
    assert wanted_of(found) in ("suspend", "withdraw", "delete")


@given(histories)
def test_consent_needs_a_grant_for_this_purpose_and_stage(events: list[Event]) -> None:
    others = [
        event for event in events if (event.purpose, event.stage) != (PURPOSES[0], "matching")
    ]
    assert standing(others, purpose=PURPOSES[0], stage="matching").consent != "given"


@given(histories)
def test_a_consent_that_stands_was_given_and_nothing_stopped_it_since(events: list[Event]) -> None:
    found = standing(events, purpose=PURPOSES[0], stage="matching")
    if found.consent != "given":
        return
    mine = [
        event
        for event in events
        if event.purpose in (None, PURPOSES[0]) and event.stage in (None, "matching")
    ]
    last = max(event.on for event in mine if event.what == "given")
    stops = [event.on for event in mine if event.what in ("refused", "withdrawn")]
    assert all(stop < last for stop in stops)
    assert found.consent_on is not None
    assert found.consent_on >= last


@given(histories, histories)
def test_what_is_deleted_stays_deleted(before: list[Event], later: list[Event]) -> None:
    moved = [Event(event.on + timedelta(days=9), *event_rest(event)) for event in later]
    found = standing([*before, Event(day(8), "deleted"), *moved], purpose="any", stage="matching")
    assert found.deletion == "done"
    assert wanted_of(found) == "delete"


def event_rest(event: Event) -> tuple[str, str | None, str | None, str | None]:
    return event.what, event.purpose, event.stage, event.missing


@given(histories)
def test_verifying_never_brings_a_consent_back(events: list[Event]) -> None:
    verified = Event(day(9), "verified", PURPOSES[0], "matching")
    before, now = (
        standing(one, purpose=PURPOSES[0], stage="matching")
        for one in (events, [*events, verified])
    )
    assert before.consent == now.consent
    assert before.stopped == now.stopped


def test_of_whom_nothing_is_known_nothing_is_wanted() -> None:
    assert after([]) == NOTHING
    assert wanted_of(NOTHING) is None


def row(**said: str) -> Row:
    return Row(2, ("r1",), said, ())


@pytest.mark.parametrize(
    "said",
    [
        {"event": "withdrawn"},
        {"on": "2026-01-01"},
        {"on": "2026-01-02", "event": "withdrawn"},
        {"on": "2026-01-01", "event": "given", "stage": "matching"},
        {"on": "2026-01-01", "event": "verified", "purpose": "family-tracing"},
        {"on": "2026-01-01", "event": "withdrawn", "purpose": "famly-tracing"},
    ],
)
def test_an_event_that_makes_no_sense_leaves_the_person_in_doubt(said: dict[str, str]) -> None:
    events, unreadable, troubles = events_of([row(**said)], "events.csv", PURPOSES, FIRST)
    assert events == {}
    assert unreadable == {"r1"}
    assert [(one.row, one.field) for one in troubles] == [(2, "event")]


def test_a_consent_whose_making_is_not_known_says_what_is_missing() -> None:
    said = {"on": "2026-01-01", "event": "given", "purpose": "family-tracing", "stage": "matching"}
    events, _, _ = events_of(
        [row(**said, language="ar", form="spoken")], "events.csv", PURPOSES, FIRST
    )
    assert standing(events["r1"], purpose="family-tracing", stage="matching").missing == "wording"
