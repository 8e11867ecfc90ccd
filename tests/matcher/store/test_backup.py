"""Archives: written, altered, restored elsewhere; what was destroyed since stays destroyed."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import ONE, TODAY, TWO, add, draw_agreement, registered, sought, submit, write
from sqlalchemy import select

from matcher.formats.errors import (
    InputError,
    IntegrityError,
    KeyFileError,
    KinmatchError,
    OutputError,
    StateError,
    StoreError,
)
from matcher.nightly.night import Limits, run_night
from matcher.settings import Settings
from matcher.store import audit
from matcher.store.backup import restore_archive, write_archive
from matcher.store.database import Store, alone, open_store
from matcher.store.models import BatchRow, CandidateRow, Record
from matcher.vault import StoreKeys

PASSPHRASE = "archive passphrase"  # noqa: S105  # of a test's archive
LIMITS = Limits(10**6, 10**6)


@pytest.fixture
def settings(store: Store) -> Settings:
    return Settings.load(data_folder=store.folder)


@pytest.fixture
def full(store: Store, settings: Settings, tmp_path: Path) -> Store:
    agreement = add(store, draw_agreement())
    settings.checkpoints.unlink(missing_ok=True)
    for society, people in ((ONE, sought(1, 2)), (TWO, registered(1, 2))):
        submit(store, write(tmp_path / society, agreement, society, people), agreement, society)
    run_night(store, on=TODAY, limits=LIMITS, top=10, threads=1)
    with store.as_unit() as session:
        audit.sign(session, audit.signing_key(settings.audit_key), settings.checkpoints)
    return store


@pytest.fixture
def elsewhere() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Settings.load(data_folder=Path(name) / "data")


def candidates(store: Store) -> set[tuple[object, ...]]:
    with store.as_unit() as session:
        return {(row.id, row.score, row.state) for row in session.scalars(select(CandidateRow))}


def test_an_archive_restored_elsewhere_is_the_same(
    full: Store, settings: Settings, elsewhere: Settings, store_keys: StoreKeys, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    assert write_archive(full, settings, archive, PASSPHRASE) == 2
    assert archive.stat().st_mode & 0o077 == 0
    before = candidates(full)
    assert len(before) == 2
    assert restore_archive(elsewhere, store_keys, archive, PASSPHRASE) == 0
    with open_store(elsewhere, store_keys) as restored:
        assert candidates(restored) == before
        assert run_night(restored, on=TODAY, limits=LIMITS, top=10, threads=1) == []
        assert run_night(restored, on=TODAY, limits=LIMITS, top=10, threads=1, full=True)
        assert candidates(restored) == before
        with restored.as_society(ONE) as session:
            assert len(session.scalars(select(Record)).all()) == 2
        with restored.as_unit() as session:
            key = audit.signing_key(settings.audit_key).public_key()
            verified = audit.verify(session, key, elsewhere.checkpoints)
            assert (verified.findings, verified.checkpoints) == ((), 1)


def test_what_was_destroyed_after_the_archive_stays_destroyed(
    full: Store, settings: Settings, elsewhere: Settings, store_keys: StoreKeys, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    write_archive(full, settings, archive, PASSPHRASE)
    with full.as_unit() as session:
        (batch,) = session.scalars(select(BatchRow.id).where(BatchRow.society == TWO)).all()
    full.fingerprints.destroy(batch)
    assert restore_archive(elsewhere, store_keys, archive, PASSPHRASE) == 1
    with open_store(elsewhere, store_keys) as restored:
        run_night(restored, on=TODAY, limits=LIMITS, top=10, threads=1)
        assert candidates(restored) == set()
        with restored.as_unit() as session:
            assert {record.society for record in session.scalars(select(Record))} == {ONE}


def test_nothing_in_an_archive_is_readable(full: Store, settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    write_archive(full, settings, archive, PASSPHRASE)
    content = archive.read_bytes()
    for word in (b"kinmatch_service", b"red-one", b"COPY", b"PGDMP", b"audit"):
        assert word not in content


def test_any_change_of_an_archive_is_noticed(
    full: Store, settings: Settings, elsewhere: Settings, store_keys: StoreKeys, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    write_archive(full, settings, archive, PASSPHRASE)
    content = archive.read_bytes()
    for changed in (
        content[:-1],
        content[: len(content) // 2],
        content + b"x",
        content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
        b"PAR1" + content[4:],
        b"",
    ):
        archive.write_bytes(changed)
        with pytest.raises(KinmatchError) as refused:
            restore_archive(elsewhere, store_keys, archive, PASSPHRASE)
        assert isinstance(refused.value, IntegrityError | InputError | KeyFileError)
        assert not (elsewhere.data_folder / "database").exists()
    archive.write_bytes(content)
    with pytest.raises(KeyFileError):
        restore_archive(elsewhere, store_keys, archive, "wrong")


def test_what_is_there_is_never_overwritten(
    full: Store, settings: Settings, store_keys: StoreKeys, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    write_archive(full, settings, archive, PASSPHRASE)
    with pytest.raises(OutputError, match="there already"):
        write_archive(full, settings, archive, PASSPHRASE)
    with pytest.raises(StoreError, match="empty folder"):
        restore_archive(settings, store_keys, archive, PASSPHRASE)
    assert len(candidates(full)) == 2


def test_no_archive_while_a_night_is_at_work(
    full: Store, settings: Settings, tmp_path: Path
) -> None:
    with alone(full), pytest.raises(StateError, match="at work"):
        write_archive(full, settings, tmp_path / "archive", PASSPHRASE)
    assert list(tmp_path.glob("archive*")) == []


def test_an_archive_is_one_line_of_json_and_chunks(
    full: Store, settings: Settings, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    write_archive(full, settings, archive, PASSPHRASE)
    content = archive.read_bytes()
    length = int.from_bytes(content[:4], "big")
    assert json.loads(content[4 : 4 + length])["header"]["format"] == "kinmatch-backup/1"
