"""While something else holds what a request needs: it is answered, or soon told to come again."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from calling import bearing, serve, token_for
from people import ONE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import create_engine, select, text
from starlette.testclient import TestClient
from test_batch_routes import CONTENT, content_digest, digest
from test_whose_is_whose import asked, operations

from matcher.nightly import publishing
from matcher.nightly.night import Limits, run_night
from matcher.service.routes import health
from matcher.settings import Settings
from matcher.store import Store, agreements, batches, open_store
from matcher.store.models import BatchRow, CandidateSide

LIMITS = Limits(pairs=10**9, candidates=10**6)
PATIENCE = 0.3
BOUND = 10 * PATIENCE + 3.0
"""Seconds in which each request must be over: it may wait for several things, on a busy machine."""

AUDIT_LOG = "SELECT pg_advisory_xact_lock(1801678189)"
AGREEMENT = "SELECT FROM kinmatch.agreements FOR NO KEY UPDATE"
CANDIDATES = "SELECT FROM kinmatch.candidates FOR UPDATE"
BACKUP = "ACCESS SHARE"
MIGRATION = "ACCESS EXCLUSIVE"

Told = dict[str, tuple[int, float]]


@contextmanager
def holding(store: Store, *statements: str) -> Iterator[None]:
    """Another connection, in a transaction that has come so far and does not end."""
    assert store.server is not None
    engine = create_engine(store.server.url())
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
        yield
        connection.rollback()
    engine.dispose()


def every_table(store: Store, mode: str) -> str:
    with store.as_unit() as session:
        names = session.scalars(
            text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'kinmatch'")
        ).all()
    return f"LOCK TABLE {', '.join('kinmatch.' + name for name in names)} IN {mode} MODE"


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> dict[str, Any]:
    """Two societies after a night: a candidate, and a batch of which a part is awaited."""
    agreement = add(store, draw_agreement())
    for number, (society, people) in enumerate(
        [(ONE, sought(1, 2, 3)), (TWO, registered(1, 2, 3, 4))]
    ):
        path = write(tmp_path / f"{number}.parquet", agreement, society, people)
        submit(store, path, agreement, society)
    run_night(store, on=TODAY, limits=LIMITS, top=10, threads=1)
    with store.as_society(ONE) as session:
        row = batches.register(
            session, society=ONE, agreement=agreement.agreement_id, digest=digest(CONTENT),
            size=len(CONTENT), on=TODAY, actor="tester",
        )  # fmt: skip
        candidate = session.scalars(
            select(CandidateSide.candidate_id).where(CandidateSide.listed).limit(1)
        ).one()
        return {
            "agreement_id": agreement.agreement_id,
            "batch_id": row.id,
            "number": 0,
            "token_id": "0d9b2f4e-6f0e-4b3c-9c57-6f1f0f6a2f11",
            "refinement_id": "0d9b2f4e-6f0e-4b3c-9c57-6f1f0f6a2f11",
            "candidate_id": candidate.hex(),
        }


@pytest.fixture
def service(store: Store, store_keys: Any, ids: dict[str, Any]) -> Iterator[TestClient]:
    """The service as it is run: its store has the patience of one who is waited for."""
    del ids  # are made before
    keys = store.folder / "store-keys.json"
    settings = Settings.load(data_folder=store.folder, store_keys_file=keys)
    settings.protection_journal.unlink(missing_ok=True)
    with (
        open_store(settings, None, patience=PATIENCE) as hurried,
        serve(
            hurried, store_keys_file=keys, user_rate=1e6, society_rate=1e6, listing_rate=1e6,
            most_misses=10**9,
        ) as client,
    ):  # fmt: skip
        yield client


@pytest.fixture
def ask(store: Store, service: TestClient, ids: dict[str, Any]) -> Callable[..., Any]:
    """Ask for an operation by name, or for all, with a token that may: status and seconds."""
    roles = ("tracing-officer", "data-protection-officer", "analyst")
    tokens = {role: token_for(store, ONE, role) for role in roles}
    known = {one["operationId"]: (method, path, one) for method, path, one in operations(service)}

    def sent(name: str, role: str) -> tuple[int, float]:
        method, path, operation = known[name]
        said = asked(operation)
        if name == "batches_register":
            said["json"] = {**said["json"], "agreement": ids["agreement_id"]}
        if name == "candidates_decided":
            said["json"] = {"verdict": "reject", "version": 1}
        if name == "batches_received":
            said |= {"content": CONTENT, "headers": content_digest(CONTENT)}
        said["headers"] = {**said.get("headers", {}), **bearing(tokens[role])}
        begun = time.monotonic()
        answer = service.request(method, path.format(**ids), **said)
        seconds = time.monotonic() - begun
        if answer.status_code == 503:
            assert answer.json()["code"] == "unavailable", name
            assert int(answer.headers["Retry-After"]) > 0, name
        return answer.status_code, seconds

    def every(*names: str, role: str = "tracing-officer") -> Told:
        return {name: sent(name, role) for name in names or sorted(known)}

    for role in roles:  # whoever asked a moment ago is known without a look into the database
        every("tokens_listed", role=role)
    return every


def slow(told: Told) -> set[str]:
    return {name for name, (_, seconds) in told.items() if seconds > BOUND}


def refused(told: Told) -> set[str]:
    return {name for name, (status, _) in told.items() if status == 503}


def broken(told: Told) -> set[str]:
    return {name for name, (status, _) in told.items() if status >= 500 and status != 503}


WITH_ENTRY = {
    "batches_received", "batches_register", "batches_withdrawn", "candidates_decided",
    "sharing_of_agreement", "sharing_of_candidate",
}  # fmt: skip
"""Operations that, as they are asked here, add to the audit log before they answer."""


def test_while_the_audit_log_is_held_what_adds_to_it_is_refused_and_all_else_answers(
    store: Store, ask: Callable[..., Told]
) -> None:
    with holding(store, AUDIT_LOG):
        told = ask()
    assert (slow(told), broken(told)) == (set(), set())
    assert refused(told) == WITH_ENTRY
    assert ask("batches_register")["batches_register"][0] == 201


def test_while_an_agreement_is_held_only_what_changes_under_it_is_refused(
    store: Store, ask: Callable[..., Told]
) -> None:
    with holding(store, AGREEMENT, CANDIDATES):
        told = ask()
    assert (slow(told), broken(told)) == (set(), set())
    assert refused(told) == {"batches_withdrawn", "candidates_decided", "sharing_of_candidate"}
    assert told["batches_register"][0] == 201
    assert ask("batches_withdrawn")["batches_withdrawn"][0] == 200


def test_a_backup_holds_nobody_up(store: Store, ask: Callable[..., Told]) -> None:
    with holding(store, every_table(store, BACKUP)):
        told = ask()
    assert (slow(told), broken(told), refused(told)) == (set(), set(), set())


def test_while_tables_are_changed_requests_are_told_to_come_again(
    store: Store, ask: Callable[..., Told]
) -> None:
    with holding(store, every_table(store, MIGRATION)):
        told = ask()
    assert (slow(told), broken(told)) == (set(), set())
    assert {"candidates_listed", "batches_listed", "audit_listed"} - refused(told) == {
        "audit_listed"  # which this caller may not
    }
    assert [told[f"health_{one}"][0] for one in ("live", "ready")] == [200, 200]


@pytest.mark.parametrize("where", ["_stand", "_check"])
def test_while_a_night_publishes_societies_list_and_upload(
    store: Store, ask: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:  # fmt: skip
    with store.as_unit() as session:
        agreement = agreements.agreement_of(session, "ab" * 16)
    path = write(tmp_path / "more.parquet", agreement, TWO, registered(3, 5, 6))
    submit(store, path, agreement, TWO)
    reached, go_on = threading.Event(), threading.Event()
    original = getattr(publishing, where)

    def held(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        reached.set()
        assert go_on.wait(60)

    monkeypatch.setattr(publishing, where, held)
    with ThreadPoolExecutor(1) as pool:
        night = pool.submit(run_night, store, on=TODAY, limits=LIMITS, top=10, threads=1)
        try:
            assert reached.wait(60)
            told = ask()
            assert (slow(told), broken(told)) == (set(), set())
            assert refused(told) <= {
                "batches_withdrawn", "candidates_decided", "sharing_of_candidate"
            }  # fmt: skip
            assert "batches_withdrawn" in refused(told)
        finally:
            go_on.set()
        night.result()
    assert ask("batches_withdrawn")["batches_withdrawn"][0] == 200


def test_however_many_wait_the_others_are_served(
    store: Store, service: TestClient, ask: Callable[..., Told]
) -> None:
    with holding(store, AGREEMENT), ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(ask, "batches_withdrawn") for _ in range(60)]
        time.sleep(PATIENCE / 3)
        for path in ("/health/live", "/health/ready", "/version"):
            begun = time.monotonic()
            assert service.get(path).status_code == 200
            assert time.monotonic() - begun < BOUND / 2
        listed = ask("candidates_listed")
        assert slow(listed) == set()
        outcomes = [one.result()["batches_withdrawn"] for one in waiting]
    assert {status for status, _ in outcomes} == {503}
    with store.as_unit() as session:
        assert "withdrawn" not in session.scalars(select(BatchRow.state)).all()
    assert ask("batches_withdrawn")["batches_withdrawn"][0] == 200


def test_readiness_is_told_while_the_database_hangs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_back = threading.Event()

    def hanging(_: object) -> bool:
        return come_back.wait(30)

    monkeypatch.setattr(health, "_database_answers", hanging)
    monkeypatch.setattr(health, "_DATABASE_SECONDS", 0.2)
    try:
        with serve(store) as client:
            for _ in range(3):
                begun = time.monotonic()
                assert client.get("/health/ready").status_code == 503
                assert time.monotonic() - begun < 5.0
    finally:
        come_back.set()
