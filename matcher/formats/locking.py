"""One process at a time: a lock for files that several processes read, change and write whole."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matcher.formats.errors import OutputError, StoreError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten seconds
                continue
            return

    def _locks_now(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _locks_now(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


_PAUSE: Final = 0.02


@contextmanager
def locked(path: Path, seconds: float | None = None) -> Iterator[None]:
    """Wait until no other process or thread works on a file, and keep them out in the block.

    The lock is an empty file of its own beside `path`, which stays: the file itself is replaced
    when it is written. It falls when the process ends, however it ends.

    Args:
        path: The file.
        seconds: How long to wait; as long as it takes if None.

    Raises:
        OutputError: The lock can't be made.
        StoreError: Another one was at work all the time.
    """
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise OutputError(
            f"{path}: can't be locked for a change ({error.strerror}); choose a folder that can "
            "be written to."
        ) from None
    try:
        if seconds is None:
            _lock(descriptor)
        else:
            _lock_soon(descriptor, path, seconds)
        yield
    finally:
        os.close(descriptor)


def _lock_soon(descriptor: int, path: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not _locks_now(descriptor):
        if time.monotonic() >= until:
            raise StoreError(f"{path}: another process is at work on it. Do the same again soon.")
        time.sleep(_PAUSE)
