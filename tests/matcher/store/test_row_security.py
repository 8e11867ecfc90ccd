"""What one society can see and change by any statement at all: its own, in every table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from lenient_gates import InForce
from people import ONE, THREE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from matcher.formats.notices import Notice
from matcher.nightly.night import Limits, run_night
from matcher.store import access, aggregates, candidates, refinements
from matcher.store.database import SERVICE, Store
from matcher.store.journal import Journal
from matcher.store.keeping_up import enter
from matcher.store.models import (
    CandidateRow,
    CandidateSide,
    Clearance,
    Duty,
    ForeignRequest,
    PassNames,
    Retired,
    ServiceFeedback,
    SharingDecision,
    Table,
    Training,
    Unanswered,
)

# For each table a society can read: how to say whose a row is.
OWNERS = {
    "societies": "name = :me",
    "users": "society = :me",
    "api_tokens": "society = :me",
    "agreement_parties": "society = :me",
    "agreements": "agreement_id IN (:ours)",
    "corridors": ":me IN (from_society, to_society)",
    "batches": "society = :me",
    "parts": "society = :me",
    "envelopes": "society = :me",
    "retired_epochs": "society = :me",
    "records": "society = :me",
    "candidate_sides": "society = :me",
    "pass_names": "agreement IN (:ours)",
    "decisions": "society = :me",
    "disclosures": "society = :me",
    "refinement_files": "society = :me",
    "notices": "society = :me",
    "audit_entries": "society = :me",
    "clearances": "society = :me",
    "service_feedback": ":me IN (society, to_society)",
    "trainings": "society = :me",
    "duties": "society = :me",
    "sharing_decisions": "society = :me",
    "foreign_requests": "society = :me",
}
TABLES = [table.name for table in Table.metadata.sorted_tables]
OTHERS = "cd" * 16


@pytest.fixture(scope="module")
def full(one_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every table has rows of several societies; one agreement is without the first."""
    store, tmp_path = one_store, tmp_path_factory.mktemp("batches")
    agreement = add(store, draw_agreement())
    add(store, draw_agreement(agreement_id=OTHERS, parties=(TWO, THREE)))
    for society, people in ((ONE, sought(1, 2)), (TWO, registered(1)), (THREE, registered(2))):
        submit(store, write(tmp_path / society, agreement, society, people), agreement, society)
        with store.as_unit() as session:
            user = access.add_user(
                session, subject=f"at {society}", role="tracing-officer", society=society
            )
            access.new_token(
                session, user, scopes=["batches"], expires_at=datetime(2027, 1, 1, tzinfo=UTC)
            )
            session.add(Retired(agreement="ab" * 16, society=society, key_epoch=1, last_day=TODAY))
            session.add_all(decided_of(society, user))
    for number, society in enumerate((ONE, TWO, THREE), 1):
        notice = Notice(
            agreement_id="ab" * 16, society=society, number=number, kind="suspend", on=TODAY,
            keys=("ee" * 16,),
        )  # fmt: skip
        enter(store, Journal(tmp_path / "journal"), notice, on=TODAY)
    run_night(store, on=TODAY, limits=Limits(10**6, 10**6), top=10, threads=1)
    with store.as_unit() as session:
        session.add(PassNames(agreement=OTHERS, number=1, passes=["x"]))
        aggregates.of_month(session, agreement.agreement_id, on=TODAY, least=10)
        for side in session.scalars(select(CandidateSide)).all():
            candidates.decide(
                session, side.candidate_id, society=side.society, verdict="confirm", version=1,
                gates=InForce(TODAY),
            )  # fmt: skip
            given = {"candidate_id": side.candidate_id, "society": side.society}
            others = {ONE, TWO, THREE} - {side.society}
            session.add_all(
                [
                    Clearance(**given, version=1, cleared_on=TODAY),
                    ServiceFeedback(**given, to_society=min(others), code="x", consent_on=TODAY),
                ]
            )
        for part, candidate in enumerate(session.scalars(select(CandidateRow.id)), 1):
            sides = session.scalars(
                select(CandidateSide.society).where(CandidateSide.candidate_id == candidate)
            )
            left, right = (refinements.Asked(one, b"a letter", "sha256:0") for one in sides)
            refinements.begin(
                session, agreement="ab" * 16, run="sha256:0", part=part, key_epoch=1,
                asked=(left, right), candidates=[(candidate, 1)], asked_on=TODAY,
                expires_on=date(2026, 7, 1),
            )  # fmt: skip
            session.add(Unanswered(candidate_id=candidate, version=1, times=1, ask_on=TODAY))
    return store


def decided_of(society: str, user: UUID) -> list[Table]:
    """A row in each table of what people decided that is not about a candidate."""
    return [
        Training(
            user_id=user, society=society, course="x", completed_on=TODAY, valid_until=TODAY,
            recorded_by="tester",
        ),
        Duty(user_id=user, society=society, duty="focal-point", since=TODAY),
        SharingDecision(
            society=society, subject="x", recipient="y", answers={}, outcome="refuse",
            decided_by="tester", role="focal-point", decided_on=TODAY,
        ),
        ForeignRequest(
            society=society, received_on=TODAY, requester="x", is_authority=False, asks_for="y",
            state="refused",
        ),
    ]  # fmt: skip


def count(store: Store, table: str, rule: str) -> int:
    with store.as_unit() as session:
        query = f"SELECT count(*) FROM kinmatch.{table} WHERE {rule}"  # noqa: S608  # ours
        given = {"me": ONE, "ours": "ab" * 16}
        return int(session.scalar(text(query), {k: v for k, v in given.items() if f":{k}" in rule}))


@pytest.mark.parametrize("table", TABLES)
def test_a_query_without_a_filter_shows_what_is_ones_own(full: Store, table: str) -> None:
    everything = count(full, table, "true")
    if table != "audit_checkpoints":
        assert everything > 0
    with full.as_society(ONE) as session:
        query = text(f"SELECT count(*) FROM kinmatch.{table}")  # noqa: S608  # ours
        if table not in OWNERS:
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.scalar(query)
            session.rollback()
            return
        seen = session.scalar(query)
    own = count(full, table, OWNERS[table])
    assert seen == own
    assert 0 < own < everything


@pytest.fixture
def direct(full: Store) -> Iterator[Connection]:
    """A connection of the service's own, on which no society has been entered."""
    assert full.server is not None
    engine = create_engine(full.server.url(SERVICE))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    "smuggled",
    [
        "SELECT 1",
        f"SELECT set_config('kinmatch.society', '{TWO}', false)",
        f"SELECT set_config('kinmatch.society', '{TWO}', false),"
        " set_config('kinmatch.proof', '', false)",
        "SET row_security = off",
        "RESET ALL",
    ],
)
@pytest.mark.parametrize("table", [table for table in TABLES if table in OWNERS])
def test_nobody_who_has_not_proved_it_sees_anything(
    direct: Connection, table: str, smuggled: str
) -> None:
    direct.execute(text(smuggled))
    query = text(f"SELECT count(*) FROM kinmatch.{table}")  # noqa: S608  # ours
    if "row_security" in smuggled:
        with pytest.raises(ProgrammingError, match="row-level security"):
            direct.execute(query)
        return
    assert direct.execute(query).scalar() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE kinmatch_unit",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT * FROM kinmatch.claim_key",
        "SELECT * FROM kinmatch.candidates",
        "ALTER TABLE kinmatch.batches DISABLE ROW LEVEL SECURITY",
        "DROP POLICY service ON kinmatch.batches",
        "CREATE FUNCTION kinmatch.current_society() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
        "CREATE TABLE kinmatch.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "COPY kinmatch.batches TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "UPDATE kinmatch.candidate_sides SET listed = true",
        "DELETE FROM kinmatch.records",
        "INSERT INTO kinmatch.disclosures SELECT candidate_id, society, society, reference"
        " FROM kinmatch.candidate_sides",
        "INSERT INTO kinmatch.audit_entries SELECT * FROM kinmatch.audit_entries",
        "SELECT kinmatch.audit_append('a', 'red-two', 'b', 'c', '{}')",
    ],
)
def test_what_a_society_may_not_do_at_all(full: Store, statement: str) -> None:
    with full.as_society(ONE) as session, pytest.raises(ProgrammingError) as refused:
        session.execute(text(statement))
    state = getattr(refused.value.orig, "sqlstate", None)
    assert state in {"42501", "42723"}  # not allowed, or there already


@pytest.fixture
def owner(full: Store) -> Iterator[Connection]:
    """A connection that may do anything, whose transaction is undone."""
    assert full.server is not None
    engine = create_engine(full.server.url())
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


@pytest.mark.parametrize(
    "without", ["ALTER TABLE {} DISABLE ROW LEVEL SECURITY", "DROP POLICY service ON {}"]
)
@pytest.mark.parametrize("table", [table for table in TABLES if table in OWNERS])
def test_without_its_protection_a_table_fails_the_tests_above(
    full: Store, owner: Connection, table: str, without: str
) -> None:
    own = count(full, table, OWNERS[table])
    owner.execute(text(without.format(f"kinmatch.{table}")))
    owner.execute(text("SET LOCAL ROLE kinmatch_service"))
    seen = owner.scalar(text(f"SELECT count(*) FROM kinmatch.{table}"))  # noqa: S608  # ours
    assert seen != own


def test_the_services_role_reads_no_table_that_the_tests_above_do_not_know(
    owner: Connection,
) -> None:
    readable = owner.scalars(
        text("""
        SELECT oid::regclass::text FROM pg_class
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
          AND has_schema_privilege('kinmatch_service', relnamespace, 'USAGE')
          AND (has_any_column_privilege('kinmatch_service', oid, 'SELECT, UPDATE')
            OR relkind = 'S' AND has_sequence_privilege('kinmatch_service', oid, 'USAGE, SELECT'))
        """)
    )
    assert set(readable) == {f"kinmatch.{table}" for table in OWNERS}


def test_what_the_services_role_may_call_that_acts_for_others_is_known(owner: Connection) -> None:
    callable_ = owner.scalars(
        text("""
        SELECT proname FROM pg_proc
        WHERE prosecdef AND pronamespace::regnamespace::text NOT IN ('pg_catalog')
          AND has_schema_privilege('kinmatch_service', pronamespace, 'USAGE')
          AND has_function_privilege('kinmatch_service', oid, 'EXECUTE')
        """)
    )
    assert set(callable_) == {"current_society", "audit_append_own"}


def test_another_society_cannot_be_said_in_the_middle_of_a_transaction(full: Store) -> None:
    with full.as_society(ONE) as session:
        session.execute(text(f"SELECT set_config('kinmatch.society', '{TWO}', true)"))
        assert session.scalar(text("SELECT count(*) FROM kinmatch.batches")) == 0


def test_the_next_transaction_on_the_same_connection_begins_as_nobody(full: Store) -> None:
    for society in (ONE, TWO, ONE, THREE):
        with full.as_society(society) as session:
            names = session.scalars(text("SELECT society FROM kinmatch.batches")).all()
            assert names == [society]
            pid = session.scalar(text("SELECT pg_backend_pid()"))
        assert pid is not None


def test_rows_of_others_can_be_neither_made_nor_changed(full: Store) -> None:
    with full.as_society(ONE) as session, pytest.raises(ProgrammingError, match="policy"):
        session.execute(text("UPDATE kinmatch.batches SET society = 'red-two'"))
    with full.as_society(ONE) as session:
        changed = session.execute(
            text("UPDATE kinmatch.batches SET state = 'withdrawn' WHERE society = 'red-two'")
        )
        assert changed.rowcount == 0  # type: ignore[attr-defined]  # of an update it has one
