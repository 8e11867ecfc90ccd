"""The keys of a store, in one file that lies outside it: a data key for each file of the store.

Data keys are wrapped under the store key by AES-256-GCM with the name of their file as associated
data; the store key is sealed with a passphrase (`matcher.formats.secretfile`). So a backup of the
store holds no key in any form: once a data key is struck from this file, every copy of what it
encrypted is unreadable. Of this file itself keep one current copy elsewhere and no older ones, for
an older one holds keys that have been destroyed since.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matcher.formats.chunks import KEY_BYTES
from matcher.formats.errors import IntegrityError, OutputError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.locking import locked
from matcher.formats.secret import Secret
from matcher.formats.secretfile import (
    MAX_KEYS_BYTES,
    SealedSecret,
    parse,
    read_limited,
    refuse_to_replace,
)

FORMAT: Final = "kinmatch-store-keys/1"
"""The format's name and version."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
"""What a name in the store must be."""

_NONCE_BYTES = 12
_WRAPPED = re.compile(r"[0-9a-f]{120}")  # nonce, 32 bytes of key, 16 of tag


class StoreKeys:
    """The open keys of a store; shows their file and never a key. Several processes may share it.

    Attributes:
        path: The file that holds them.
    """

    def __init__(self, path: Path, sealed: SealedSecret, store_key: Secret) -> None:
        self.path = path
        self._sealed = sealed
        self._store_key = store_key

    @classmethod
    def new(cls, path: Path, passphrase: str) -> Self:
        """Draw a store key, and write it to a new file for its owner alone.

        Raises:
            ParameterError: The passphrase is empty.
            OutputError: The file is there already or can't be written.
        """
        refuse_to_replace(path)
        store_key = Secret(secrets.token_bytes(KEY_BYTES))
        sealed = SealedSecret.seal(store_key, passphrase, FORMAT, {})
        _write(path, sealed, {})
        return cls(path, sealed, store_key)

    @classmethod
    def open(cls, path: Path, passphrase: str) -> Self:
        """Open the keys of a store.

        Raises:
            KeyFileError: The file can't be read or was altered, or the passphrase is wrong.
        """
        sealed, _ = _read(path)
        return cls(path, sealed, sealed.open(passphrase, path))

    def names(self) -> list[str]:
        """Give the names of all files that there is a key for, in order."""
        return sorted(_read(self.path)[1])

    def key_of(self, name: str) -> Secret:
        """Give the data key of a file.

        Raises:
            ParameterError: There is none; there never was, or it was destroyed.
            IntegrityError: It was altered, or the file was rewrapped since it was opened.
        """
        wrapped = self._current().get(name)
        if wrapped is None:
            raise ParameterError(
                f"The store has no file '{name}': it was never put there, or was destroyed."
            )
        return self._unwrapped(name, wrapped)

    @contextmanager
    def adding(self, name: str, *, instead_of: str | None = None) -> Iterator[Secret]:
        """Draw the data key of a new file, and keep it when the block has written the file.

        Others that would change the keys wait until the block ends.

        Args:
            name: The new file.
            instead_of: A file whose key is struck out in the same step, if there is one.

        Raises:
            ParameterError: The name is none, or is taken.
            IntegrityError: The file was rewrapped since it was opened.
            OutputError: The file of the keys can't be written.
        """
        key = Secret(secrets.token_bytes(KEY_BYTES))
        with locked(self.path):
            keys = self._current()
            _require_new(name, keys)
            yield key
            keys[name] = _wrapped(name, key, self._store_key)
            if instead_of is not None:
                keys.pop(instead_of, None)
            _write(self.path, self._sealed, keys)

    def destroy(self, name: str) -> None:
        """Strike a data key out, for good; a name without a key is no error.

        Raises:
            OutputError: The file can't be written; the key is still there.
        """
        with locked(self.path):
            sealed, keys = _read(self.path)
            if keys.pop(name, None) is not None:
                _write(self.path, sealed, keys)

    def rewrap(self, passphrase: str) -> None:
        """Draw a new store key, wrap every data key under it, and seal it with a passphrase.

        For a new passphrase, or when an old copy of the file may have got out. Processes that had
        the file open must open it anew.

        Raises:
            ParameterError: The passphrase is empty.
            IntegrityError: A data key was altered, or the file was rewrapped since it was opened;
                nothing is changed.
            OutputError: The file can't be written; nothing is changed.
        """
        fresh = Secret(secrets.token_bytes(KEY_BYTES))
        sealed = SealedSecret.seal(fresh, passphrase, FORMAT, {})
        with locked(self.path):
            keys = {
                name: _wrapped(name, self._unwrapped(name, wrapped), fresh)
                for name, wrapped in self._current().items()
            }
            _write(self.path, sealed, keys)
        self._sealed, self._store_key = sealed, fresh

    def __repr__(self) -> str:
        return f"StoreKeys({self.path})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise ParameterError("Store keys can't be pickled or copied; open their file instead.")

    def _current(self) -> dict[str, str]:
        """Read the wrapped keys; refused where they are wrapped under another store key by now.

        A key wrapped under one that is gone would be lost, and its file with it.
        """
        sealed, keys = _read(self.path)
        if sealed != self._sealed:
            raise IntegrityError(
                f"{self.path}: the file was rewrapped since it was opened; open it anew."
            )
        return keys

    def _unwrapped(self, name: str, wrapped: str) -> Secret:
        content = bytes.fromhex(wrapped)
        cipher = AESGCM(self._store_key.expose())
        try:
            key = cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _associated(name))
        except InvalidTag:
            raise IntegrityError(
                f"{self.path}: the key of '{name}' was altered; take the file from its copy."
            ) from None
        return Secret(key)


def require_name(name: str) -> None:
    """Refuse what is no name of a file in a store.

    Raises:
        ParameterError: It is none.
    """
    if not NAME.fullmatch(name):
        raise ParameterError(
            "A name in the store must be lower-case letters, digits, '.', '_' and '-', at most "
            "128, a letter or digit first."
        )


def _require_new(name: str, taken: Mapping[str, str]) -> None:
    require_name(name)
    if name in taken:
        raise ParameterError(f"The store has a file '{name}' already; files are never replaced.")


def _wrapped(name: str, key: Secret, store_key: Secret) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(store_key.expose())
    return (nonce + cipher.encrypt(nonce, bytes(key.expose()), _associated(name))).hex()


def _associated(name: str) -> bytes:
    return f"{FORMAT} {name}".encode()


def _read(path: Path) -> tuple[SealedSecret, dict[str, str]]:
    fields: Any = parse(path, read_limited(path, MAX_KEYS_BYTES))
    keys = fields.pop("data_keys", None) if isinstance(fields, dict) else None
    sealed = SealedSecret.of(fields, path, FORMAT)
    if not isinstance(keys, dict) or not all(
        NAME.fullmatch(name) and isinstance(wrapped, str) and _WRAPPED.fullmatch(wrapped)
        for name, wrapped in keys.items()
    ):
        raise IntegrityError(f"{path}: the file was altered; take it from its copy.")
    return sealed, keys


def _write(path: Path, sealed: SealedSecret, keys: Mapping[str, str]) -> None:
    text = json.dumps({**sealed.model_dump(), "data_keys": dict(sorted(keys.items()))}, indent=2)
    if len(text) >= MAX_KEYS_BYTES:
        raise OutputError(f"{path}: no room for more keys; begin another store.")
    with written_whole(path, private=True) as aside:
        aside.write_text(text + "\n", encoding="ascii", newline="\n")
