"""Listings: one range of one index, whatever is asked for; nothing that may not be seen."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lenient_gates import InForce
from people import ONE, TODAY, TWO, draw_agreement
from sqlalchemy import create_engine, event, select, text, update
from sqlalchemy.exc import ProgrammingError

from benchmarks.service.filling import fill
from matcher.formats.errors import AbsentError, ParameterError
from matcher.store import candidates, listings
from matcher.store.database import Store
from matcher.store.models import CandidateSide

INDEX = "ix_candidate_sides_best_first"
FILTERS: list[dict[str, Any]] = [
    {},
    {"bands": [0]},
    {"bands": [2], "states": ["new", "open"]},
    {"states": ["confirmed"]},
    {"agreements": ["ab" * 16]},
    {"agreements": ["99" * 16]},
    {"after": listings.Position(20.0, bytes(16))},
    {"after": listings.END},
]


@pytest.fixture(scope="module")
def full(one_store: Store) -> Store:
    with one_store.as_unit() as session:
        fill(session, draw_agreement(), candidates=9000, records=300, on=TODAY)
    assert one_store.server is not None
    engine = create_engine(one_store.server.url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
    return one_store


def page(store: Store, society: str = ONE, **query: Any) -> list[listings.Seen]:
    usual = {"on": TODAY, "until": TODAY, "count": 26}
    with store.as_society(society) as session:
        return listings.page(session, society=society, **{**usual, **query})


def plan(store: Store, **query: Any) -> str:
    """How the database does what `page` asks of it."""
    asked: list[tuple[str, Any]] = []
    with store.as_society(ONE) as session:
        connection = session.connection()

        @event.listens_for(connection, "before_cursor_execute")
        def note(_: Any, __: Any, statement: str, given: Any, *___: Any) -> None:
            asked.append((statement, given))

        usual = {"society": ONE, "on": TODAY, "until": TODAY, "count": 26}
        listings.page(session, **{**usual, **query})
        ((statement, parameters),) = asked
        event.remove(connection, "before_cursor_execute", note)
        lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
        return "\n".join(lines)


@pytest.mark.parametrize("query", FILTERS, ids=str)
def test_a_page_is_a_range_of_one_index(full: Store, query: dict[str, Any]) -> None:
    told = plan(full, **query)
    assert INDEX in told
    assert "Sort" not in told
    assert "Seq Scan on candidate_sides" not in told


@pytest.mark.parametrize("query", FILTERS, ids=str)
def test_a_page_asked_for_in_anothers_name_is_empty(full: Store, query: dict[str, Any]) -> None:
    with full.as_society(TWO) as session:
        assert not listings.page(session, society=ONE, on=TODAY, until=TODAY, count=26, **query)


def test_what_is_hidden_in_any_way_is_neither_listed_nor_shown_nor_decided(full: Store) -> None:
    ways = ({"listed": False}, {"barred": True}, {"shown_until": TODAY - timedelta(days=1)},
            {"since": TODAY + timedelta(days=1)})  # fmt: skip
    for seen, way in zip(page(full), ways, strict=False):
        with full.as_unit() as session:
            session.execute(
                update(CandidateSide)
                .where(CandidateSide.candidate_id == seen.id, CandidateSide.society == ONE)
                .values(**way)
            )
        assert seen.id not in {one.id for one in page(full, count=100)}
        with full.as_society(ONE) as session:
            assert listings.one(session, seen.id, society=ONE, on=TODAY, until=TODAY) is None
        if way.keys() & {"listed", "barred"}:
            with full.as_unit() as session, pytest.raises(AbsentError):
                candidates.decide(
                    session, seen.id, society=ONE, verdict="reject", version=1,
                    gates=InForce(TODAY),
                )  # fmt: skip


def test_a_society_cannot_write_what_it_reads(full: Store) -> None:
    for change in ("state = 'confirmed'", "verdict = 'confirm'", "barred = false"):
        with full.as_society(ONE) as session, pytest.raises(ProgrammingError):
            session.execute(text(f"UPDATE kinmatch.candidate_sides SET {change}"))  # noqa: S608  # ours


def test_candidates_that_leave_and_come_between_two_pages_hide_no_other(full: Store) -> None:
    first = page(full, TWO, count=10)
    rest = [one.id for one in page(full, TWO, count=500)][10:]
    with full.as_unit() as session:
        leaving = [first[3].id, first[9].id]  # the last one is where the next page begins
        session.execute(
            update(CandidateSide)
            .where(CandidateSide.candidate_id.in_(leaving))
            .values(listed=False)
        )
    after = listings.Position(first[-1].score, first[-1].id)
    assert [one.id for one in page(full, TWO, count=490, after=after)] == rest


def test_equal_scores_go_by_id_over_pages(full: Store) -> None:
    with full.as_unit() as session:
        some = session.scalars(
            select(CandidateSide.candidate_id)
            .where(CandidateSide.society == TWO, CandidateSide.listed)
            .limit(40)
        ).all()
        session.execute(
            update(CandidateSide).where(CandidateSide.candidate_id.in_(some)).values(score=999.0)
        )
    found: list[bytes] = []
    after = None
    while len(found) < len(some):
        one_page = page(full, TWO, count=7, after=after)
        found += [one.id for one in one_page if one.score == 999.0]
        after = listings.Position(one_page[-1].score, one_page[-1].id)
    assert found == sorted(some)


@given(st.floats(allow_nan=False), st.binary(min_size=16, max_size=16))
def test_a_position_is_read_as_it_was_written(score: float, key: bytes) -> None:
    position = listings.Position(score, key)
    assert listings.Position.read(position.octets()) == position


@given(st.binary(max_size=40))
def test_what_is_no_position_is_refused(octets: bytes) -> None:
    try:
        position = listings.Position.read(octets)
    except ParameterError:
        return
    assert position.octets() == octets
