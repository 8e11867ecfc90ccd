"""What the commands share: progress, JSON, passphrases, and how errors end.

Exit status: 0 done; 1 done, but rows of the input were left out; 2 refused, with the reason;
3 an error in kinmatch itself; 4 not now: the same may pass later. Results go to standard output,
all else to standard error.
"""

import errno
import io
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from matcher.formats.errors import (
    KeyFileError,
    KinmatchError,
    ServiceError,
    UnhardenedWarning,
)

ROWS_LEFT_OUT: Final = 1
REFUSED: Final = 2
INTERNAL_ERROR: Final = 3
TRY_LATER: Final = 4

_LONGEST_PASSPHRASE: Final = 4096
_NO_ROOM: Final = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)

out = Console()
err = Console(stderr=True)


def say(message: str) -> None:
    """Tell a person what happens, on standard error."""
    err.print(message, style="dim", markup=False, highlight=False, soft_wrap=True)


def as_json(data: object) -> str:
    """Write data for a program."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def print_json(data: object) -> None:
    """Print data for a program, on standard output."""
    sys.stdout.write(as_json(data))


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far a count has come: a bar on a terminal, one line at the end in a log.

    Yields:
        A function to be told how many are done.
    """
    if not err.is_terminal:
        yield lambda _: None
        say(f"{what}: {total:,} done")
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def read_passphrase(descriptor: int | None, *, confirm: bool) -> str:
    """Ask for a passphrase, or read the next line of a file descriptor.

    Raises:
        KeyFileError: The descriptor can't be read, or nobody can be asked.
    """
    if descriptor is None:
        if not sys.stdin.isatty():
            raise KeyFileError(
                "There is no terminal to ask for the passphrase on; give it with --passphrase-fd."
            )
        passphrase: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
        return passphrase
    try:
        # Unbuffered, so that a second passphrase stays for whoever reads the next line.
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            return file.readline(_LONGEST_PASSPHRASE).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise KeyFileError(
            "No passphrase could be read from that file descriptor; open it for reading, with the "
            "passphrase in UTF-8 on a line of its own."
        ) from None


def _speak_utf_8() -> None:
    """What no terminal shows is UTF-8, and the same bytes on every system.

    A terminal shows what it has no letters for by their numbers.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def run(app: typer.Typer) -> None:
    """Run the command line, so that no error shows anything but its own sentence.

    An exception that is not ours may hold a value of a record in its text, so only its type and
    the places in the code are shown. That fingerprints are unhardened is said at every use.
    """
    _speak_utf_8()
    warnings.simplefilter("always", UnhardenedWarning)
    warnings.showwarning = _show_warning
    try:
        app()
    except KinmatchError as error:
        _alarm(f"kinmatch: {error}")
        later = isinstance(error, ServiceError) and error.retry_after is not None
        sys.exit(TRY_LATER if later else REFUSED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            # No artefact of ours, whose errors are told above: numba's cache, say.
            _alarm(f"kinmatch: a file can't be written ({error.strerror}); make room on the disk.")
            sys.exit(REFUSED)
        _alarm(
            f"kinmatch: an error in kinmatch itself ({type(error).__name__}), not in your data. "
            "Report these lines; they hold no value of a record."
        )
        for frame in traceback.extract_tb(error.__traceback__):
            say(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
        sys.exit(INTERNAL_ERROR)


_show_other_warning = warnings.showwarning


def _show_warning(
    message: Warning | str, category: type[Warning], *place: Any, **more: Any
) -> None:
    if issubclass(category, UnhardenedWarning):
        _alarm(f"kinmatch: {message}")
    else:
        _show_other_warning(message, category, *place, **more)


def _alarm(message: str) -> None:
    err.print(message, style="bold red", markup=False, highlight=False, soft_wrap=True)
