"""Deletion that holds: over a real store and archive, and by the command line."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from people import (
    ONE,
    TODAY,
    TWO,
    add,
    draw_agreement,
    notice_of,
    reference,
    registered,
    send,
    sought,
)
from sqlalchemy import select

from matcher.cli import main
from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.notices import Notice, write_notice
from matcher.nightly.leaving import clear_away
from matcher.nightly.night import Limits, run_night
from matcher.protection.deletion import destroy_fingerprints
from matcher.protection.proof import prove_deleted
from matcher.settings import Settings
from matcher.store.backup import write_archive
from matcher.store.database import Store
from matcher.store.journal import Journal
from matcher.store.keeping_up import enter
from matcher.store.models import CandidateSide, Disclosure, Hold, Record, SharingDecision
from matcher.vault import StoreKeys

WORDS = "archive passphrase"


@pytest.fixture
def settings(store: Store) -> Iterator[Settings]:
    found = Settings.load(
        data_folder=store.folder, store_keys_file=store.folder / "store-keys.json"
    )
    found.protection_journal.unlink(missing_ok=True)
    yield found
    found.protection_journal.unlink(missing_ok=True)


@pytest.fixture
def identities() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in (ONE, TWO, "crescent-3", "hub")}


@pytest.fixture
def agreement(store: Store, identities: dict[str, Identity]) -> Agreement:
    return add(store, draw_agreement(identities=[one.public for one in identities.values()]))


@pytest.fixture
def batch(store: Store, agreement: Agreement, tmp_path: Path) -> UUID:
    send(store, tmp_path, agreement, TWO, registered(1, 2))
    batch = send(store, tmp_path, agreement, ONE, sought(1, 2))
    run_night(store, on=TODAY, limits=Limits(10**6, 10**6), top=10, threads=1)
    return batch


def deleting(agreement: Agreement, *people: int) -> Notice:
    references = tuple(sorted(reference(ONE, person).hex() for person in people))
    return notice_of(agreement, ONE, *people, kind="delete", references=references)


def share(store: Store, person: int) -> None:
    """Let a record have been disclosed, and data of it shared."""
    with store.as_unit() as session:
        side = session.scalars(
            select(CandidateSide).where(CandidateSide.reference == reference(ONE, person))
        ).one()
        session.add_all(
            [
                Disclosure(
                    candidate_id=side.candidate_id, society=TWO, other_society=ONE,
                    other_reference=side.reference,
                ),
                SharingDecision(
                    society=ONE, subject=side.reference.hex(), recipient="a hospital", answers={},
                    outcome="permit", decided_by="A. Person", role="staff", decided_on=TODAY,
                ),
            ]
        )  # fmt: skip


@pytest.mark.usefixtures("batch")
def test_before_a_deletion_there_is_no_proof_and_after_it_there_is(
    store: Store, settings: Settings, agreement: Agreement, tmp_path: Path
) -> None:
    archive = tmp_path / "before.archive"
    write_archive(store, settings, archive, WORDS)
    notice = deleting(agreement, 2)
    share(store, 2)
    found = prove_deleted(store, notice, archive=archive, passphrase=WORDS)
    assert [one.is_so for one in found] == [*[False] * 6, True, False]
    enter(store, Journal(settings.protection_journal), notice, on=TODAY)
    assert [one.is_so for one in prove_deleted(store, notice)] == [False, *[True] * 4, False]
    assert destroy_fingerprints(store, TODAY) == 1
    assert destroy_fingerprints(store, TODAY) == 0
    found = prove_deleted(store, notice, archive=archive, passphrase=WORDS)
    assert [one.is_so for one in found] == [True] * 8
    assert (found[6].count, found[7].count) == (1, 0)
    later = tmp_path / "after.archive"
    write_archive(store, settings, later, WORDS)
    found = prove_deleted(store, notice, archive=later, passphrase=WORDS)
    assert [one.is_so for one in found] == [True] * 8
    assert (found[6].count, found[7].count) == (0, 1)


def test_the_others_of_a_batch_stay_as_they_were(
    store: Store, settings: Settings, agreement: Agreement, batch: UUID
) -> None:
    before = store.fingerprints.open(batch, agreement)
    row = [bytes(one) for one in before.references].index(reference(ONE, 1))
    bits = before.fingerprints("name_birth")[0][row]
    enter(store, Journal(settings.protection_journal), deleting(agreement, 2), on=TODAY)
    destroy_fingerprints(store, TODAY)
    after = store.fingerprints.open(batch, agreement)
    assert after.references[row].tobytes() == reference(ONE, 1)
    assert (after.fingerprints("name_birth")[0][row] == bits).all()
    run_night(store, on=TODAY, limits=Limits(10**6, 10**6), top=10, threads=1, full=True)
    with store.as_unit() as session:
        assert {one.reference for one in session.scalars(select(CandidateSide))} == {
            reference(ONE, 1), reference(TWO, 1),
        }  # fmt: skip


def test_a_process_killed_between_the_new_file_and_the_old_one_leaves_nothing_readable(
    store: Store, settings: Settings, agreement: Agreement, batch: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    notice = deleting(agreement, 2)
    enter(store, Journal(settings.protection_journal), notice, on=TODAY)

    real = Path.unlink

    def killed(path: Path, **rest: Any) -> None:
        if path.name == f"{batch}.stored":
            raise KeyboardInterrupt
        real(path, **rest)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        destroy_fingerprints(store, TODAY)
    monkeypatch.setattr(Path, "unlink", real)
    assert store.fingerprints.vault.names() != [str(batch)]
    run_night(store, on=TODAY, limits=Limits(10**6, 10**6), top=10, threads=1)
    assert all(one.is_so for one in prove_deleted(store, notice))
    files = [path.name for path in (store.folder / "fingerprints").glob(f"{batch}*.stored")]
    assert files == [f"{batch}.1.stored"]
    with store.as_unit() as session:
        assert {one.destroyed_on for one in session.scalars(select(Hold))} == {TODAY}


@contextmanager
def as_operator(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, *words: str | Path
) -> Iterator[None]:
    reading, writing = os.pipe()
    os.write(writing, b"passphrase\n" + WORDS.encode() + b"\n")
    os.close(writing)
    monkeypatch.setenv("KINMATCH_STORE_KEYS_FILE", str(settings.store_keys))
    monkeypatch.setattr(
        sys, "argv",
        ["kinmatch", *map(str, words), "--data-folder", str(settings.data_folder),
         "--passphrase-fd", str(reading)],
    )  # fmt: skip
    try:
        yield
    finally:
        os.close(reading)


def by_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings,
    *words: str | Path,
) -> tuple[int, Any]:  # fmt: skip
    capsys.readouterr()
    with as_operator(monkeypatch, settings, *words, "--json"), pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    return int(ended.value.code or 0), json.loads(said) if said else None


@pytest.mark.rule("deletion.destroyed", "passes")
@pytest.mark.rule("deletion.destroyed", "refuses")
@pytest.mark.usefixtures("batch")
def test_an_operator_applies_a_notice_and_proves_it(
    store: Store, settings: Settings, agreement: Agreement, identities: dict[str, Identity],
    store_keys: StoreKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert store_keys.path == settings.store_keys
    agreement.write(tmp_path / "agreement.toml")
    notice, archive = tmp_path / "a.notice.json", tmp_path / "archive"
    write_notice(notice, deleting(agreement, 2), identity=identities[ONE])
    write_archive(store, settings, archive, WORDS)
    given = (notice, "--agreement", tmp_path / "agreement.toml")
    prove = ("rights", "prove-deleted", *given, "--archive", archive)
    status, said = by_command(monkeypatch, capsys, settings, *prove)
    assert (status, said["deleted"]) == (2, False)
    status, said = by_command(monkeypatch, capsys, settings, "rights", "apply", *given)
    assert status == 0
    assert said == {
        "number": 1, "kind": "delete", "records": 1, "again": False, "batches_made_anew": 1
    }  # fmt: skip
    status, said = by_command(monkeypatch, capsys, settings, *prove)
    assert (status, said["deleted"]) == (0, True)
    with store.as_unit() as session:
        assert reference(ONE, 2) not in session.scalars(select(Record.reference)).all()


def test_nobody_proves_with_another_notice(store: Store, agreement: Agreement) -> None:
    found = prove_deleted(store, deleting(agreement, 9))
    assert not all(one.is_so for one in found)


def test_with_an_older_copy_of_the_keys_no_file_is_lost(
    store: Store, settings: Settings, agreement: Agreement, batch: UUID, tmp_path: Path
) -> None:
    keys = settings.store_keys.read_bytes()
    later = send(store, tmp_path, agreement, ONE, sought(7))
    newest = settings.store_keys.read_bytes()
    settings.store_keys.write_bytes(keys)
    try:
        clear_away(store, TODAY)
    finally:
        settings.store_keys.write_bytes(newest)
    assert len(store.fingerprints.open(later, agreement)) == 1
    assert len(store.fingerprints.open(batch, agreement)) == 2
