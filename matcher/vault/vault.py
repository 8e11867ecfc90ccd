"""The store of encrypted files: put, open, list, destroy.

A file of the store is one line that says what it is, the size of its content in eight bytes,
highest first, and the content in encrypted chunks (`matcher.formats.chunks`) under a data key of
its own. The data key is made anew for every file and bound to its name, so that two files that
changed names do not open.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from matcher.formats.chunks import Decrypted, encrypt, encrypted_size
from matcher.formats.errors import InputError, IntegrityError, ParameterError
from matcher.formats.files import make_folder, written_whole
from matcher.formats.locking import locked
from matcher.vault.storekeys import StoreKeys, require_name

FORMAT: Final = b"kinmatch-stored/1\n"
"""The format's name and version, the first line of every file in a store."""

_SUFFIX = ".stored"
_SIZE_BYTES = 8
_START = len(FORMAT) + _SIZE_BYTES


class Vault:
    """A folder of encrypted files; several processes may share it.

    A file's key is kept only when the file is whole on the disk, and destroyed before the file
    goes: whatever happens to the process, a name is there whole or not at all.

    Attributes:
        folder: Where the encrypted files lie.
    """

    def __init__(self, folder: Path, keys: StoreKeys) -> None:
        """Open a store; its folder is made where there is none.

        Raises:
            ParameterError: The file of the keys lies in the store, so that a backup would hold it.
            OutputError: The folder can't be made.
        """
        if folder.resolve() in keys.path.resolve().parents:
            raise ParameterError(
                f"{keys.path}: the keys must not lie in the store that they open; keep them where "
                "no backup of the store takes them along."
            )
        make_folder(folder)
        self.folder = folder
        self._keys = keys

    def put(self, name: str, source: Path | BinaryIO) -> None:
        """Encrypt a file into the store, in memory for one chunk.

        Args:
            name: Lower-case letters, digits, `.`, `_` and `-`, at most 128; not taken.
            source: A file, or what is read from where it stands to its end.

        Raises:
            ParameterError: The name is none, or is taken: files are never replaced.
            InputError: The file can't be read.
            OutputError: It can't be written; nothing is left behind.
        """
        if not isinstance(source, Path):
            self._write(name, source)
            return
        try:
            file = source.open("rb")
        except OSError as error:
            raise InputError(f"{source}: the file can't be read ({error.strerror}).") from None
        with file:
            self._write(name, file)

    def over(self, folder: Path) -> "Vault":
        """Give the vault that the same keys open in another folder, such as an unpacked backup."""
        return Vault(folder, self._keys)

    def replace(self, name: str, new_name: str, content: BinaryIO) -> None:
        """Put a file in the place of another, whose key is destroyed in the same step.

        Before that step the old file is whole and the new one can't be read; after it no copy of
        the old one can be read any more.

        Args:
            name: The file that goes.
            new_name: The name of the new one; not taken.
            content: Read from where it stands to its end.

        Raises:
            ParameterError: The new name is none, or is taken.
            OutputError: It can't be written; the old one is still there.
        """
        require_name(name)
        self._write(new_name, content, instead_of=name)
        self._path(name).unlink(missing_ok=True)

    def open(self, name: str) -> Decrypted:
        """Open a file for reading at any place; nothing is decrypted to the disk.

        Returns:
            A seekable binary file, which `pyarrow.parquet.ParquetFile` takes; reading it raises
            IntegrityError where a chunk was altered.

        Raises:
            ParameterError: The store has no such file; it never had, or it was destroyed.
            IntegrityError: The file was cut short, altered or is gone, or its key was altered.
        """
        key = self._keys.key_of(name)

        def altered() -> IntegrityError:
            return IntegrityError(
                f"The store's file '{name}' was altered, cut short or taken away since it was put "
                "there. Restore it from a backup, or ask its society to submit it again."
            )

        try:
            file = self._path(name).open("rb")
        except OSError:
            raise altered() from None
        start = file.read(_START)
        size = int.from_bytes(start[len(FORMAT) :], "big")
        if not start.startswith(FORMAT) or os.fstat(
            file.fileno()
        ).st_size != _START + encrypted_size(size):
            file.close()
            raise altered()
        return Decrypted(file, _START, size, key, altered)

    def destroy(self, name: str) -> None:
        """Destroy a file's key, then the file; a name that is not there is no error.

        From then on neither the file nor any backup of the store can be read under that name.

        Raises:
            ParameterError: The name is none.
            OutputError: The key can't be destroyed; nothing is changed.
        """
        require_name(name)
        self._keys.destroy(name)
        self._path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Give the names of all files that there is a key for, in order."""
        return self._keys.names()

    def is_there(self, name: str) -> bool:
        """Tell whether a file lies in the folder, whether it can be read or not."""
        return self._path(name).exists()

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Remove files that no key opens any more, as a process that was killed may leave them.

        Args:
            is_over: Says of a name whether its file may go; one that may yet be opened, when the
                right keys are brought back, may not.

        Returns:
            How many there were.
        """
        with locked(self._keys.path):  # nobody is between a file and its key
            known = {self._path(name) for name in self._keys.names()}
            unread = [
                path
                for path in self.folder.glob(f"*{_SUFFIX}")
                if path not in known and is_over(path.name.removesuffix(_SUFFIX))
            ]
            for path in unread:
                path.unlink(missing_ok=True)
        return len(unread)

    def rewrap(self, passphrase: str) -> None:
        """Give the store another store key and passphrase; see `StoreKeys.rewrap`."""
        self._keys.rewrap(passphrase)

    def __repr__(self) -> str:
        return f"Vault({self.folder})"

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"

    def _write(self, name: str, source: BinaryIO, *, instead_of: str | None = None) -> None:
        with (
            self._keys.adding(name, instead_of=instead_of) as key,
            written_whole(self._path(name), private=True) as aside,
            aside.open("r+b") as file,
        ):
            file.write(FORMAT + bytes(_SIZE_BYTES))
            size = encrypt(key, source, file.write)
            file.seek(len(FORMAT))
            file.write(size.to_bytes(_SIZE_BYTES, "big"))
