"""One process at a time: a lock for files that several processes read, change and write whole."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.formats.errors import OutputError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten seconds
                continue
            return

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process or thread works on a file, and keep them out in the block.

    The lock is an empty file of its own beside `path`, which stays: the file itself is replaced
    when it is written. It falls when the process ends, however it ends.

    Raises:
        OutputError: The lock can't be made.
    """
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise OutputError(
            f"{path}: can't be locked for a change ({error.strerror}); choose a folder that can "
            "be written to."
        ) from None
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)
