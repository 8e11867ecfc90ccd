"""Random histories of corridors: assessed, lapsed, renewed; nothing passes one that is closed."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from test_corridors import authorised, night

from matcher.formats.errors import GateError
from matcher.nightly import night as nights
from matcher.nightly.planning import NightPlan
from matcher.store import admitting, listings
from matcher.store.database import Store
from matcher.store.models import CandidateRow, Record

PAIRS = ((ONE, TWO), (ONE, THREE), (TWO, THREE))
PEOPLE = {ONE: sought(1, 2), TWO: registered(1) + sought(2), THREE: registered(1, 2)}
STEPS = 10


@pytest.mark.parametrize("seed", range(2))
def test_nobody_meets_or_shows_through_a_corridor_that_is_closed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311  # a test's
    agreement, today = add(store, draw_agreement()), TODAY
    until = dict.fromkeys(map(frozenset, PAIRS), agreement.valid_until)
    real = nights.compare

    def watched(plan: NightPlan, *rest: object, **named: object) -> object:
        for one in plan.directions:
            assert until[frozenset({one.left_society, one.right_society})] >= today
        return real(plan, *rest, **named)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(nights, "compare", watched)
    for step in range(STEPS):
        pair = rng.choice(PAIRS)
        until[frozenset(pair)] = today + timedelta(days=rng.randint(-2, 6))
        agreement = agreement.with_terms(authorised(agreement, until[frozenset(pair)], pair))
        with store.as_unit() as session:
            admitting.add_agreement(session, agreement, on=today)
        look(store, until, today)  # already before the night
        society = rng.choice((ONE, TWO, THREE))
        path = write(tmp_path / str(step), agreement, society, PEOPLE[society])
        if any(society in ways and last >= today for ways, last in until.items()):
            submit(store, path, agreement, society, on=today)
        else:
            with pytest.raises(GateError):
                submit(store, path, agreement, society, on=today)
        night(store, today)
        today += timedelta(days=rng.randint(0, 3))
        look(store, until, today)


def look(store: Store, until: Mapping[frozenset[str], date], today: date) -> None:
    """No list shows anything through a corridor that is closed."""
    for society in PEOPLE:
        with store.as_society(society) as session:
            shown = listings.page(session, society=society, on=today, until=today, count=100)
        with store.as_unit() as session:
            for one in shown:
                row = session.get_one(CandidateRow, one.id)
                both = {
                    session.get_one(Record, record).society
                    for record in (row.left_record, row.right_record)
                }
                assert until[frozenset(both)] >= today
