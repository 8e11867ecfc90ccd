"""Writing files whole or not at all.

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


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
