"""The audit log: every change of it shows, and where."""

from pathlib import Path

import pytest
from people import ONE, TWO, add, draw_agreement
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from matcher.formats.errors import InputError, StoreError
from matcher.store import audit
from matcher.store.audit import Verified
from matcher.store.database import Store

CHAIN = 12


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "key.pem", tmp_path / "checkpoints.jsonl"


@pytest.fixture
def log(store: Store, keys: tuple[Path, Path]) -> Store:
    """Twelve entries, signed after the sixth and the last."""
    for number in range(CHAIN):
        with store.as_unit() as session:
            audit.append(
                session, f"test.{number}", "thing", society=ONE if number % 2 else None,
                details={"number": number, "text": "ünï ❤"},
            )  # fmt: skip
        if number in {5, CHAIN - 1}:
            with store.as_unit() as session:
                assert audit.sign(session, audit.signing_key(keys[0]), keys[1]) == number + 1
    return store


def verify(store: Store, keys: tuple[Path, Path]) -> Verified:
    with store.as_unit() as session:
        return audit.verify(session, audit.signing_key(keys[0]).public_key(), keys[1])


def tamper(store: Store, *statements: str) -> None:
    """As someone would who owns the database."""
    assert store.server is not None
    engine = create_engine(store.server.url())
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_whole_log_is_found_whole(log: Store, keys: tuple[Path, Path]) -> None:
    assert verify(log, keys) == Verified(entries=12, checkpoints=2, signed_to=12, findings=())


@pytest.mark.parametrize(
    "column", ["actor", "society", "action", "subject", "details", "at", "hash", "number"]
)
def test_a_changed_field_is_found_where_it_is(
    log: Store, keys: tuple[Path, Path], column: str
) -> None:
    other = {
        "at": "at + interval '1 microsecond'",
        "hash": "sha256('x')",
        "number": "99",
    }.get(column, "'other'")
    change = f"UPDATE kinmatch.audit_entries SET {column} = {other} WHERE number = 8"  # noqa: S608  # ours
    tamper(log, change)
    findings = verify(log, keys).findings
    assert findings[0].number == 8


def test_a_missing_entry_is_found(log: Store, keys: tuple[Path, Path]) -> None:
    tamper(log, "DELETE FROM kinmatch.audit_entries WHERE number IN (3, 4)")
    findings = verify(log, keys).findings
    assert findings[0].what == "Entry 3 to 4 is missing."


def test_two_entries_that_changed_places_are_found(log: Store, keys: tuple[Path, Path]) -> None:
    tamper(
        log,
        "UPDATE kinmatch.audit_entries SET number = -1 WHERE number = 4",
        "UPDATE kinmatch.audit_entries SET number = 4 WHERE number = 5",
        "UPDATE kinmatch.audit_entries SET number = 5 WHERE number = -1",
    )
    assert verify(log, keys).findings[0].number == 4


def test_an_end_that_was_cut_off_is_found_even_with_its_checkpoint(
    log: Store, keys: tuple[Path, Path]
) -> None:
    tamper(
        log,
        "DELETE FROM kinmatch.audit_entries WHERE number > 10",
        "DELETE FROM kinmatch.audit_checkpoints WHERE number > 10",
    )
    (finding,) = verify(log, keys).findings
    assert finding.number == 12
    assert "cut off" in finding.what


def test_a_log_made_anew_with_right_hashes_is_found(log: Store, keys: tuple[Path, Path]) -> None:
    """Someone who can compute hashes can't sign."""
    tamper(log, "DELETE FROM kinmatch.audit_entries", "DELETE FROM kinmatch.audit_checkpoints")
    for number in range(CHAIN):
        with log.as_unit() as session:
            audit.append(session, f"forged.{number}", "thing")
    findings = verify(log, keys).findings
    assert [one.number for one in findings] == [6, 12]


def test_a_checkpoint_of_another_key_is_found(log: Store, keys: tuple[Path, Path]) -> None:
    keys[0].unlink()
    assert [one.number for one in verify(log, keys).findings] == [6, 12]


def test_a_file_of_checkpoints_that_cannot_be_read(log: Store, keys: tuple[Path, Path]) -> None:
    keys[1].write_text("{}\n")
    with pytest.raises(InputError, match="checkpoints"):
        verify(log, keys)


def test_a_key_file_that_holds_none(store: Store, keys: tuple[Path, Path]) -> None:
    keys[0].write_text("no key")
    with pytest.raises(StoreError, match="Ed25519"):
        audit.signing_key(keys[0])


def test_the_key_is_for_its_owner_alone(log: Store, keys: tuple[Path, Path]) -> None:
    assert keys[0].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("table", ["audit_entries", "audit_checkpoints"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE kinmatch.{} SET number = 1", "DELETE FROM kinmatch.{}", "TRUNCATE kinmatch.{}"],
)
def test_not_even_its_owner_changes_it_in_passing(log: Store, table: str, statement: str) -> None:
    assert log.server is not None
    engine = create_engine(log.server.url())
    with pytest.raises(ProgrammingError), engine.begin() as connection:
        connection.execute(text(statement.format(table)))
    engine.dispose()


def test_a_society_writes_under_its_own_name_alone(log: Store, keys: tuple[Path, Path]) -> None:
    add(log, draw_agreement())
    with log.as_society(TWO) as session:
        audit.append(session, "listing.read", "candidates", actor="user-1", society=ONE)
    with log.as_unit() as session:
        last = list(audit.entries(session))[-1]
        assert last[3] == TWO
    with log.as_society(TWO) as session:
        assert {entry[3] for entry in audit.entries(session)} == {TWO}
    with pytest.raises(ProgrammingError), log.as_society(TWO) as session:
        session.execute(text("SELECT kinmatch.audit_append('a', 'red-one', 'b', 'c', '{}')"))
    assert verify(log, keys).findings == ()
