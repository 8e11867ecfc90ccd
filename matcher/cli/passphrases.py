"""Passphrases: from a file descriptor, the operating system's keyring, or whoever sits there."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import keyring
import typer
from keyring.errors import KeyringError

from matcher.cli import console
from matcher.formats.errors import KeyFileError, OutputError, ParameterError
from matcher.formats.secretfile import require_passphrase, seal_id

_SERVICE: Final = "kinmatch"
_T = TypeVar("_T")

PassphraseFd = Annotated[
    int | None,
    typer.Option(
        help="Read passphrases from this file descriptor, a line for each that is needed."
    ),
]


class Passphrases:
    """What opens the sealed files of one command, and shows none of it.

    With a file descriptor, its next line; else what the keyring remembers for the file; else what
    is typed. A passphrase that opened one file is tried on the next before another is asked for.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._last: str | None = None

    def open(self, path: Path, opened_with: Callable[[str], _T]) -> _T:
        """Open a sealed file.

        Args:
            path: The file.
            opened_with: Opens it with a passphrase.

        Raises:
            KeyFileError: No passphrase opens it, or there is none to be had.
        """
        known = [self._last, None if self._descriptor is not None else remembered(path)]
        for passphrase in known:
            if passphrase is not None:
                try:
                    return self._opened(passphrase, opened_with)
                except KeyFileError:
                    continue
        if self._descriptor is None:
            console.say(f"{path}:")
        asked = console.read_passphrase(self._descriptor, confirm=False)
        return self._opened(asked, opened_with)

    @property
    def last(self) -> str:
        """The passphrase that opened a file; seals what belongs to the same person."""
        if self._last is None:
            raise ParameterError("No file was opened yet whose passphrase could seal another.")
        return self._last

    def _opened(self, passphrase: str, opened_with: Callable[[str], _T]) -> _T:
        opened = opened_with(passphrase)
        self._last = passphrase
        return opened

    def __repr__(self) -> str:
        return "Passphrases(hidden)"


def remembered(path: Path) -> str | None:
    """Ask the operating system's keyring, where there is one, for a file's passphrase."""
    try:
        return keyring.get_password(_SERVICE, seal_id(path))
    except KeyringError:
        return None


def passphrase_remember(
    file: Annotated[Path, typer.Argument(show_default=False, help="A sealed file.")],
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Give the operating system's keyring the passphrase of a sealed file to remember.

    From then on commands open the file without asking, for whoever is logged in as you.
    """
    passphrase = console.read_passphrase(passphrase_fd, confirm=False)
    require_passphrase(file, passphrase)
    try:
        keyring.set_password(_SERVICE, seal_id(file), passphrase)
    except KeyringError:
        raise OutputError(
            "The operating system has no keyring, or it is locked; go on typing the passphrase."
        ) from None
    console.say(f"{file}: the keyring has its passphrase.")


def passphrase_forget(
    file: Annotated[Path, typer.Argument(show_default=False, help="A sealed file.")],
) -> None:
    """Let the operating system's keyring forget the passphrase of a sealed file."""
    try:
        keyring.delete_password(_SERVICE, seal_id(file))
    except KeyringError:
        raise ParameterError(f"{file}: the keyring has no passphrase of it.") from None
    console.say(f"{file}: the keyring has forgotten its passphrase.")
