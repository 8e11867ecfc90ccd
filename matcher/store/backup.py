"""Backups: all that the linkage unit holds, but its keys, as one encrypted archive.

The archive is a tar file in encrypted chunks (`matcher.formats.chunks`) under a key that is sealed
with a passphrase in its first line. In it lie a dump of the database, the fingerprints as they lie
in the store, encrypted each under a key of its own that no archive has, and the checkpoints of the
audit log. It is consistent: no night runs meanwhile, the dump is of one snapshot, and a batch that
is in the snapshot has its file.
"""

import hashlib
import io
import json
import os
import secrets
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.engine import URL

from matcher.formats.chunks import KEY_BYTES, Decrypted, encrypt, encrypted_size
from matcher.formats.errors import InputError, IntegrityError, OutputError, StoreError
from matcher.formats.files import make_folder, written_whole
from matcher.formats.secret import Secret
from matcher.formats.secretfile import SealedSecret
from matcher.settings import Settings
from matcher.store import audit
from matcher.store.barring import bar_batch
from matcher.store.changing import change, locked
from matcher.store.database import FINGERPRINTS, Store, alone, open_store
from matcher.store.journal import Journal
from matcher.store.keeping_up import catch_up
from matcher.store.migrating import current_revision, make_roles, upgrade
from matcher.store.models import SCHEMA, BatchRow
from matcher.store.postgres import PrivateServer, programs
from matcher.vault import StoreKeys

FORMAT: Final = "kinmatch-backup/1"
"""The format's name and version, in an archive's first line."""

_DUMP = "database.dump"
_CHECKPOINTS = "audit-checkpoints.jsonl"
_MANIFEST = "manifest.json"
_LONGEST_LINE = 1 << 14
_BLOCK = 1 << 20


def write_archive(store: Store, settings: Settings, out: Path, passphrase: str) -> int:
    """Write an archive of all that a store holds.

    Args:
        store: The store.
        settings: Those that it was opened with.
        out: The archive.
        passphrase: What opens it.

    Returns:
        How many batches' files are in it.

    Raises:
        OutputError: It can't be written, or is there already.
        StateError: A night is at work.
        ParameterError: The passphrase is empty.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already. Choose another name, or remove it first.")
    key = Secret(secrets.token_bytes(KEY_BYTES))
    sealed = SealedSecret.seal(key, passphrase, FORMAT, {}).text().encode()
    with alone(store), tempfile.TemporaryDirectory(dir=store.folder) as aside:
        dump = Path(aside) / _DUMP
        _dump(_owner_url(settings), dump)
        stored = sorted((store.folder / FINGERPRINTS).glob("*.stored"))
        files = {_DUMP: dump} | {f"{FINGERPRINTS}/{path.name}": path for path in stored}
        if settings.checkpoints.exists():
            files[_CHECKPOINTS] = settings.checkpoints
        bundle = Path(aside) / "bundle.tar"
        _bundle(files, bundle)
        with (
            written_whole(out, private=True) as whole,
            whole.open("wb") as sink,
            bundle.open("rb") as source,
        ):
            sink.write(len(sealed).to_bytes(4, "big") + sealed)
            encrypt(key, source, sink.write)
    with store.as_unit() as session:
        audit.append(session, "backup.write", "archive", details={"batches": len(stored)})
    return len(stored)


def restore_archive(settings: Settings, keys: StoreKeys, archive: Path, passphrase: str) -> int:
    """Set up an empty data folder and database from an archive.

    Batches whose key was destroyed since the archive was written can't be read any more; they
    expire at once, and the next night takes their records away. What was taken back since is in the
    journal, and is applied before anything else.

    Args:
        settings: Where to.
        keys: The newest keys of the fingerprints.
        archive: The archive.
        passphrase: What opens it.

    Returns:
        How many batches have expired so.

    Raises:
        InputError: The file is no archive of a version that this release knows.
        KeyFileError: The passphrase is wrong.
        IntegrityError: The archive was cut short or altered, or the journal was, or is
            older than the archive.
        StoreError: The data folder or the database is not empty.
    """
    journal = Journal(settings.protection_journal)
    list(journal.entries())  # altered ones are refused before anything is unpacked
    folder = settings.data_folder.absolute()
    make_folder(folder)
    if any((folder / FINGERPRINTS).glob("*")):
        raise StoreError(f"{folder}: holds fingerprints already; restore into an empty folder.")
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        unpacked = Path(aside) / "unpacked"
        unpack(archive, passphrase, unpacked)
        _load(settings, unpacked / _DUMP)
        (folder / FINGERPRINTS).mkdir(mode=0o700, exist_ok=True)
        for path in (unpacked / FINGERPRINTS).glob("*"):
            path.rename(folder / FINGERPRINTS / path.name)
        if (unpacked / _CHECKPOINTS).exists() and not settings.checkpoints.exists():
            (unpacked / _CHECKPOINTS).rename(settings.checkpoints)
    with open_store(settings, keys) as store:
        gone = _expire_unreadable(store)
        catch_up(store, journal)
        return gone


def _expire_unreadable(store: Store) -> int:
    with store.as_unit() as session:
        accepted = session.scalars(
            select(BatchRow.id).where(BatchRow.state == "accepted").order_by(BatchRow.id)
        ).all()
        gone = [batch for batch in accepted if batch not in store.fingerprints.ids()]
        for batch in gone:
            row = locked(session, BatchRow, batch)
            change(session, row, "expire", society=row.society, details={"key": "destroyed"})
            bar_batch(session, batch)
        audit.append(session, "backup.restore", "archive", details={"expired": len(gone)})
    return len(gone)


def _bundle(files: dict[str, Path], path: Path) -> None:
    digests = {}
    for name, file in files.items():
        with file.open("rb") as content:
            digests[name] = hashlib.file_digest(content, "sha256").hexdigest()
    manifest = json.dumps({"format": FORMAT, "files": digests}, sort_keys=True).encode()
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size = len(manifest)
        tar.addfile(entry, io.BytesIO(manifest))
        for name, file in files.items():
            tar.add(file, name, recursive=False)


def unpack(archive: Path, passphrase: str, folder: Path) -> None:
    """Decrypt an archive's files into a folder, and compare each with the manifest.

    Raises:
        InputError: The file is no archive of a version that this release knows.
        KeyFileError: The passphrase is wrong.
        IntegrityError: The archive was cut short or altered.
    """
    with _decrypted(archive, passphrase) as source, tarfile.open(fileobj=source) as tar:
        tar.extractall(folder, filter="data")
    manifest = json.loads((folder / _MANIFEST).read_bytes())
    for name, digest in manifest["files"].items():
        with (folder / name).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                raise _altered(archive)


@contextmanager
def _decrypted(archive: Path, passphrase: str) -> Iterator[Any]:
    try:
        file = archive.open("rb")
    except OSError as error:
        raise InputError(f"{archive}: can't be read ({error.strerror}).") from None
    with file:
        length = int.from_bytes(file.read(4), "big")
        try:
            fields = json.loads(file.read(length) if length <= _LONGEST_LINE else b"")
        except ValueError:
            raise InputError(f"{archive}: is no kinmatch backup; choose another file.") from None
        key = SealedSecret.of(fields, archive, FORMAT).open(passphrase, archive)
        start = 4 + length
        size = _plain_size(os.fstat(file.fileno()).st_size - start, archive)
        with Decrypted(file, start, size, key, lambda: _altered(archive)) as content:
            yield content


def _plain_size(encrypted: int, archive: Path) -> int:
    """The size of what was encrypted to so many bytes."""
    low, high = 0, encrypted
    while low < high:
        middle = (low + high) // 2
        if encrypted_size(middle) < encrypted:
            low = middle + 1
        else:
            high = middle
    if encrypted < 0 or encrypted_size(low) != encrypted:
        raise _altered(archive)
    return low


def _altered(archive: Path) -> IntegrityError:
    return IntegrityError(
        f"{archive}: was cut short or altered since it was written; use another archive."
    )


def _owner_url(settings: Settings) -> URL:
    if settings.database_url is None:
        return make_url(PrivateServer(settings.data_folder.absolute() / "database").url())
    return make_url(settings.database_url.get_secret_value())


def _dump(url: URL, path: Path) -> None:
    """Dump the schema as of one moment, without what societies released for refinement.

    That goes for ever once it is compared, and does so here too: after a restore it is asked anew.
    """
    without = f"--exclude-table-data={SCHEMA}.refinement_files"
    _run("pg_dump", url, "--format=custom", f"--schema={SCHEMA}", without, f"--file={path}")


def _load(settings: Settings, dump: Path) -> None:
    """Load a dump into an empty database, and bring it to this release's version."""
    with _reachable(settings) as url:
        engine = create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True)
        try:
            with engine.begin() as connection:
                if current_revision(connection) is not None:
                    raise StoreError(
                        "The database holds a store already; restore into an empty one."
                    )
                connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA}"))
                make_roles(connection)
            _run("pg_restore", url, "--exit-on-error", "--single-transaction", str(dump))
            with engine.begin() as connection:
                upgrade(connection)
        finally:
            engine.dispose()


@contextmanager
def _reachable(settings: Settings) -> Iterator[URL]:
    if settings.database_url is not None:
        yield _owner_url(settings)
        return
    with PrivateServer(settings.data_folder.absolute() / "database").in_use():
        yield _owner_url(settings)


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes through its environment alone."""
    given = {
        "PGHOST": url.query.get("host", url.host),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    known = {name: str(value) for name, value in given.items() if value is not None}
    target = ["--dbname", url.database or ""] if program == "pg_restore" else []
    done = subprocess.run(  # noqa: S603  # a program of the wheel's, with our own arguments
        [programs() / program, "--no-password", *target, *arguments],
        env={**os.environ, **known},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise StoreError(
            f"{program} did not succeed (exit status {done.returncode}). See that the database is "
            "reachable, of PostgreSQL 18 or older, and that there is room on the disk."
        )
