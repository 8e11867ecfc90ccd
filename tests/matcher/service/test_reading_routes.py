"""Aggregates for analysts and the audit log for data-protection officers, over HTTP."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from calling import NOW, bearing, serve, token_for, train
from people import ONE, THREE, TODAY, TWO, draw_agreement
from sqlalchemy import select, text
from starlette.testclient import TestClient

from benchmarks.service.filling import fill
from matcher.formats.vocabulary import BANDS
from matcher.service.app import make_app
from matcher.settings import Settings
from matcher.store import access, audit
from matcher.store.database import Store
from matcher.store.models import AuditEntry, CandidateSide
from matcher.store.states.candidates import CANDIDATE

AGREEMENT, OTHER_AGREEMENT = "ab" * 16, "cd" * 16
LAST_MONTH = TODAY - timedelta(days=10)


@pytest.fixture
def full(store: Store) -> Store:
    with store.as_unit() as session:
        fill(session, draw_agreement(), candidates=2000, records=100, on=LAST_MONTH)
    with store.as_unit() as session:
        other = draw_agreement(agreement_id=OTHER_AGREEMENT, parties=(TWO, THREE))
        fill(session, other, candidates=9, records=10, on=LAST_MONTH)
    return store


@pytest.fixture
def service(full: Store) -> TestClient:
    return serve(full)


def caller(service: TestClient, store: Store, society: str | None, role: str) -> TestClient:
    token = token_for(store, society, role)
    return TestClient(service.app, headers=bearing(token), raise_server_exceptions=False)


def told(client: TestClient) -> dict[str, Any]:
    answer = client.get("/v1/aggregates")
    assert answer.status_code == 200
    return {one["agreement"]: one for one in answer.json()["items"]}


def counted(store: Store, **where: Any) -> int:
    with store.as_unit() as session:
        query = select(CandidateSide).where(
            CandidateSide.agreement == AGREEMENT, CandidateSide.role == 1
        )
        return len(session.scalars(query.filter_by(**where)).all())


def test_the_tables_are_near_what_is_there(service: TestClient, full: Store) -> None:
    tables = told(caller(service, full, None, "analyst"))[AGREEMENT]
    assert (tables["month"], tables["made_on"]) == ("2026-06-01", str(NOW.date()))
    assert abs(tables["total"] - 2000) <= 5
    for place, band in enumerate(BANDS):
        assert abs(tables["bands"][band] - counted(full, band=place)) <= 5
        for state in CANDIDATE.states:
            shown = tables["tables"]["state"][band][state]
            there = counted(full, band=place, state=state)
            assert shown is None or abs(shown - there) <= 5
            assert there >= 10 or shown is None
        assert set(tables["tables"]["roles"][band]) == {
            "sought-registered", "sought-enquirer", "sought-sought",
        }  # fmt: skip
        months = tables["tables"]["month"][band]
        assert list(months) == [f"2026-{month:02}" for month in range(1, 6)]
        assert months["2026-05"] == tables["bands"][band]


def test_an_agreement_with_few_candidates_shows_nothing(service: TestClient, full: Store) -> None:
    tables = told(caller(service, full, None, "analyst"))[OTHER_AGREEMENT]
    assert tables["total"] is None
    assert set(tables["bands"].values()) == {None}
    cells = [
        cell
        for table in tables["tables"].values()
        for line in table.values()
        for cell in line.values()
    ]
    assert set(cells) == {None}


def test_the_tables_of_a_month_stand_whatever_happens_in_it(full: Store) -> None:
    with full.as_unit() as session:
        user = access.add_user(session, subject="analyst", role="analyst", society=None)
        train(session, user)
        token = access.new_token(
            session, user, scopes=["aggregates"], expires_at=NOW + timedelta(days=60)
        )

    def on(day: date) -> dict[str, Any]:
        settings = Settings.load(data_folder=full.folder)
        app = make_app(full, settings, clock=lambda: NOW + (day - TODAY))
        return told(TestClient(app, headers=bearing(token)))

    before = on(TODAY)
    with full.as_unit() as session:
        session.execute(text("UPDATE kinmatch.candidate_sides SET listed = false"))
    assert on(TODAY + timedelta(days=29)) == before
    assert on(TODAY + timedelta(days=30))[AGREEMENT]["total"] is None


def test_a_societys_analyst_sees_its_own_agreements_alone(service: TestClient, full: Store) -> None:
    assert told(caller(service, full, ONE, "analyst")).keys() == {AGREEMENT}
    assert told(caller(service, full, TWO, "analyst")).keys() == {AGREEMENT, OTHER_AGREEMENT}


@pytest.mark.parametrize("role", ["tracing-officer", "data-protection-officer"])
def test_who_is_no_analyst_gets_no_aggregates(service: TestClient, full: Store, role: str) -> None:
    assert caller(service, full, ONE, role).get("/v1/aggregates").status_code == 403


def test_an_officer_reads_the_societys_own_entries_and_no_numbers_of_others(
    service: TestClient, full: Store
) -> None:
    with full.as_unit() as session:
        for number in range(40):
            audit.append(session, "test", f"thing {number}", society=(ONE, TWO)[number % 2])
    officer = caller(service, full, ONE, "data-protection-officer")
    seen: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        answer = officer.get("/v1/audit", params={"limit": 7, "after": after}).json()
        seen += answer["items"]
        after = answer["next"]
    assert [one["number"] for one in seen] == list(range(1, len(seen) + 1))
    with full.as_unit() as session:
        own = session.scalars(
            select(AuditEntry).where(AuditEntry.society == ONE).order_by(AuditEntry.number)
        ).all()
        assert [one["subject"] for one in seen] == [one.subject for one in own]
    assert "thing 0" in {one["subject"] for one in seen}
    assert "thing 1" not in {one["subject"] for one in seen}
    assert officer.get("/v1/audit", params={"after": 10**6}).json() == {"items": [], "next": None}


@pytest.mark.parametrize("role", ["tracing-officer", "analyst"])
def test_who_may_not_read_the_audit_log(service: TestClient, full: Store, role: str) -> None:
    assert caller(service, full, ONE, role).get("/v1/audit").status_code == 403


def test_looks_are_written_by_the_service_itself_and_at_its_end(
    full: Store, tmp_path: Path
) -> None:
    token = token_for(full, ONE)
    with TestClient(serve(full).app, headers=bearing(token)) as client:
        for _ in range(5):
            assert client.get("/v1/candidates").status_code == 200
    with full.as_unit() as session:
        looks = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "candidates.list")
        ).all()
        assert len(looks) == 5
        key = audit.signing_key(tmp_path / "key").public_key()
        assert audit.verify(session, key, tmp_path / "none").findings == ()
