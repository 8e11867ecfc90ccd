"""Writing files whole or not at all, into folders that are there.

Every artefact is written beside its final name and renamed into place once it is on the disk,
so that a reader meets the whole file or none, whatever happens to the writer.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.formats.errors import OutputError


@contextmanager
def written_whole(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a path to write to, and rename it to `path` when the block ends well.

    Args:
        path: The final name; an older file there is replaced, in one step.
        private: Whether the file is for its owner alone (mode 0600), from its first byte on.

    Yields:
        A path in the same folder. When the block raises, whatever is there is removed.

    Raises:
        OutputError: The file can't be written, with the system's reason.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o644))
        yield aside
        _flush_to_disk(aside)
        aside.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"{path}: can't be written ({reason}). Nothing was left behind; make room or choose "
            "another place, then run the same command again."
        ) from None
    finally:
        aside.unlink(missing_ok=True)


def make_folder(folder: Path, *, private: bool = False) -> None:
    """Make a folder, and those above it, where there is none.

    Args:
        folder: The folder.
        private: Whether a new one is for its owner alone (mode 0700).

    Raises:
        OutputError: It can't be made, or a file has its name.
    """
    try:
        folder.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: can't be made ({error.strerror}). Choose another folder."
        ) from None


def _flush_to_disk(path: Path) -> None:
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())
