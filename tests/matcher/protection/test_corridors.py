"""Corridors: closed tonight when not authorised today; nothing meets or shows through them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lenient_gates import InForce
from people import (
    ONE,
    THREE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    receipt_for,
    registered,
    sought,
    submit,
    write,
)
from sqlalchemy import select
from starlette.testclient import TestClient

from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.formats.errors import AbsentError, GateError
from matcher.formats.identity import Identity
from matcher.formats.terms import Authorisation, Terms
from matcher.matching import match
from matcher.nightly.asking import Asking, ask_all
from matcher.nightly.night import Limits, Outcome, run_night
from matcher.store import acceptance, admitting, batches, candidates, listings, refinements
from matcher.store.database import Store
from matcher.store.models import BatchRow, CandidateRow, CandidateSide

LAPSES = TODAY + timedelta(days=10)
Serve = Callable[..., TestClient]


def authorised(agreement: Agreement, until: date, between: tuple[str, str] = (ONE, TWO)) -> Terms:
    """The agreement's terms, where both corridors of two societies are authorised until a day."""
    assert agreement.terms is not None
    leave = Authorisation(
        authority="office", reference="7/1", valid_from=agreement.valid_from, valid_until=until
    )
    changed = {"authorisation": leave, "authorisation_not_needed": None}
    return agreement.terms.model_copy(
        update={
            "corridors": tuple(
                one.model_copy(update=changed) if set(one.pair) == set(between) else one
                for one in agreement.terms.corridors
            )
        }
    )


@pytest.fixture
def agreement(store: Store) -> Agreement:
    made = draw_agreement()
    return add(store, made.model_copy(update={"terms": authorised(made, LAPSES)}))


def night(store: Store, on: date) -> list[Outcome]:
    return run_night(store, on=on, limits=Limits(10**9, 10**6), top=10, threads=1)


def shown(store: Store, society: str, on: date) -> set[bytes]:
    with store.as_society(society) as session:
        page = listings.page(session, society=society, on=on, until=on, count=100)
        return {one.reference for one in page}


def give(store: Store, folder: Path, under: Agreement, on: date = TODAY) -> None:
    people = ((ONE, sought(1, 2)), (TWO, registered(1)), (THREE, registered(2)))
    for society, known in people:
        path = write(folder / f"{society}-{on}", under, society, known)
        submit(store, path, under, society, on=on)


@pytest.mark.parametrize("is_decided", [False, True])
def test_the_night_after_it_lapsed_nobody_meets_and_nothing_shows(
    store: Store, agreement: Agreement, tmp_path: Path, is_decided: bool
) -> None:
    give(store, tmp_path, agreement)
    (outcome,) = night(store, TODAY)
    assert outcome.candidates is not None
    assert outcome.candidates["new"] == 2
    assert len(shown(store, ONE, LAPSES)) == 2
    # Already on the day after, before any night, it shows no more.
    after = LAPSES + timedelta(days=1)
    assert len(shown(store, ONE, after)) == 1
    assert shown(store, TWO, after) == set()
    if is_decided:
        with store.as_unit() as session:
            side = session.scalars(select(CandidateSide).where(CandidateSide.society == TWO)).one()
            candidates.decide(
                session, side.candidate_id, society=TWO, verdict="confirm", version=1,
                gates=InForce(TODAY),
            )  # fmt: skip
    path = write(tmp_path / "later", agreement, TWO, registered(2))
    submit(store, path, agreement, TWO, on=after)
    (outcome,) = night(store, after)
    assert outcome.plan["full"] is False  # a corridor less asks for nothing anew
    assert outcome.plan["pairs"] == 0
    with store.as_unit() as session:
        left = session.scalars(select(CandidateRow)).all()
        assert len(left) == (2 if is_decided else 1)
    assert shown(store, TWO, after) == set()
    assert len(shown(store, ONE, after)) == 1


def test_a_lapse_stops_a_night_in_which_nothing_is_new(
    store: Store, agreement: Agreement, tmp_path: Path
) -> None:
    give(store, tmp_path, agreement)
    night(store, TODAY)
    assert night(store, LAPSES + timedelta(days=1)) == []
    with store.as_unit() as session:
        assert len(session.scalars(select(CandidateRow)).all()) == 1


def test_once_renewed_all_that_was_missed_is_compared(
    store: Store, agreement: Agreement, tmp_path: Path
) -> None:
    give(store, tmp_path, agreement)
    night(store, TODAY)
    after = LAPSES + timedelta(days=1)
    submit(store, write(tmp_path / "x", agreement, TWO, registered(2)), agreement, TWO, on=after)
    night(store, after)
    renewed = agreement.with_terms(authorised(agreement, LAPSES + timedelta(days=90)))
    with store.as_unit() as session:
        admitting.add_agreement(session, renewed, on=after)
    (outcome,) = night(store, after)
    assert outcome.plan["full"]
    assert outcome.candidates is not None
    assert outcome.candidates["new"] == 2  # the one that left, and the one that never was
    assert len(shown(store, ONE, after)) == 2
    assert night(store, after) == []


def test_an_agreement_amended_while_a_night_is_at_work_is_planned_anew(
    store: Store, agreement: Agreement, tmp_path: Path
) -> None:
    give(store, tmp_path, agreement)
    closed = agreement.with_terms(authorised(agreement, TODAY - timedelta(days=1)))

    def amend(_: int) -> None:
        with store.as_unit() as session:
            admitting.add_agreement(session, closed, on=TODAY)

    (outcome,) = run_night(
        store, on=TODAY, limits=Limits(10**9, 10**6), top=10, threads=1, advance=amend
    )
    assert outcome.refused is not None
    assert shown(store, ONE, TODAY) == set()
    night(store, TODAY)
    assert shown(store, TWO, TODAY) == set()
    assert len(shown(store, ONE, TODAY)) == 1


def test_batches_leave_the_lists_on_the_day_on_which_they_expire(
    store: Store, agreement: Agreement, tmp_path: Path
) -> None:
    give(store, tmp_path, agreement)
    night(store, TODAY)
    last = TODAY + timedelta(days=agreement.retention_days)
    assert shown(store, THREE, last - timedelta(days=1)) != set()
    assert shown(store, THREE, last) == set()


def registered_at(serve: Serve, at: date, society: str = ONE) -> Any:
    client = serve(society, at=datetime(at.year, at.month, at.day, 12, tzinfo=UTC))
    return client.post(
        "/v1/batches",
        json={"agreement": "ab" * 16, "digest": f"sha256:{at.day:064x}", "size": 10},
    )


@pytest.mark.rule("corridor.open", "passes")
def test_a_batch_is_taken_where_a_corridor_is_open(
    store: Store, agreement: Agreement, serve: Serve
) -> None:
    assert registered_at(serve, LAPSES).status_code == 201
    assert registered_at(serve, LAPSES + timedelta(days=1), THREE).status_code == 201


@pytest.mark.rule("corridor.open", "refuses")
def test_a_batch_is_refused_where_every_corridor_is_closed(store: Store, serve: Serve) -> None:
    two = draw_agreement(parties=(ONE, TWO))
    add(store, two.model_copy(update={"terms": authorised(two, LAPSES)}))
    assert registered_at(serve, LAPSES).status_code == 201
    answer = registered_at(serve, LAPSES + timedelta(days=1))
    assert answer.status_code == 409
    assert answer.json()["code"] == "gate"
    assert "[corridor.open]" in answer.json()["detail"]


def test_a_batch_that_is_under_way_when_it_lapses_is_refused(store: Store, tmp_path: Path) -> None:
    two = draw_agreement(parties=(ONE, TWO))
    under = add(store, two.model_copy(update={"terms": authorised(two, LAPSES)}))
    path = write(tmp_path / "late", under, ONE, sought(1))
    with store.as_society(ONE) as session:
        digest = "sha256:" + "0" * 64
        row = batches.register(
            session, society=ONE, agreement=under.agreement_id, digest=digest, size=1, on=LAPSES,
            actor="tester",
        )  # fmt: skip
        batches.note_part(session, row.id, number=0, size=1, digest=digest, actor="tester")
        batches.finish(session, row.id, actor="tester")
        batch = row.id
    assert take_in_late(store, batch, path, under) == "refused"
    with store.as_society(ONE) as session:
        row = session.get_one(BatchRow, batch)
        assert any("[corridor.open]" in problem for problem in row.problems)


def take_in_late(store: Store, batch: UUID, path: Path, under: Agreement) -> str:
    receipt = receipt_for(store, under, ONE, "sha256:" + "0" * 64)
    with path.open("rb") as file:
        return acceptance.take_in(
            store, batch, read_batch(path, under), file, receipt, on=LAPSES + timedelta(days=1)
        )


def test_batches_are_not_compared_by_file_either(tmp_path: Path) -> None:
    made = draw_agreement()
    under = made.model_copy(update={"terms": authorised(made, LAPSES)})
    files = [write(tmp_path / one, under, one, sought(1)) for one in (ONE, TWO)]
    given = [read_batch(path, under) for path in files]
    with pytest.raises(GateError, match=r"corridor\.open"):
        match(given, under, on=LAPSES + timedelta(days=1))


def test_without_terms_an_agreement_is_not_taken_up(store: Store) -> None:
    with pytest.raises(GateError, match=r"agreement\.terms-complete"):
        add(store, draw_agreement(terms=None))


def test_neither_side_releases_attributes_once_the_corridor_is_closed(
    store: Store, tmp_path: Path
) -> None:
    identities = {name: Identity.generate(name) for name in (ONE, TWO, THREE, "hub")}
    made = draw_agreement(identities=tuple(one.public for one in identities.values()))
    under = add(store, made.model_copy(update={"terms": authorised(made, LAPSES)}))
    give(store, tmp_path, under)
    night(store, TODAY)
    assert ask_all(store, identities["hub"], on=TODAY, asking=Asking(0.0, 14)) == 2
    after = LAPSES + timedelta(days=1)
    with store.as_society(TWO) as session:
        (asked,) = refinements.listed(session, answered=False, on=TODAY, until=TODAY)
        refinements.require_asked(session, asked.refinement_id, TWO, on=LAPSES, until=TODAY)
        assert refinements.requests_of(session, asked.refinement_id, TWO, on=LAPSES, until=TODAY)
        for ask in (refinements.require_asked, refinements.requests_of):
            with pytest.raises(AbsentError):
                ask(session, asked.refinement_id, TWO, on=after, until=TODAY)
    with store.as_society(THREE) as session:
        (asked,) = refinements.listed(session, answered=False, on=TODAY, until=TODAY)
        refinements.require_asked(session, asked.refinement_id, THREE, on=after, until=TODAY)
