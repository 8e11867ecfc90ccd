"""A file that one society alone opens: what it holds is sealed by a key of the society's identity.

AES-256-GCM under a key for one use, and a new nonce each time that the file is written, whole:
whoever has the file without the identity's passphrase reads nothing, and an altered byte is
noticed. The first line is the format's name and version.
"""

import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matcher.formats.errors import InputError, KeyFileError
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity

_NONCE_BYTES: Final = 12


class Box:
    """A sealed file; shows its path.

    Attributes:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path, identity: Identity, *, use: str, form: str) -> None:
        """Take a file.

        Args:
            path: The file.
            identity: Whose file.
            use: What it is for; another use has another key.
            form: The format's name and version.
        """
        self.path = path
        self._key = identity.derive(use)
        self._form = f"{form}\n".encode()

    def __repr__(self) -> str:
        return f"Box({self.path})"

    def read(self) -> bytes | None:
        """Give what the file holds; None where there is no file.

        Raises:
            InputError: The file can't be read, or is of another format.
            KeyFileError: It is another identity's, or was altered.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.path}: can't be read ({error.strerror}).") from None
        if not content.startswith(self._form):
            wanted = self._form.decode().strip()
            raise InputError(f"{self.path}: not a '{wanted}', which is what this release reads.")
        sealed = content[len(self._form) :]
        try:
            return self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._form)
        except (InvalidTag, ValueError):
            raise self.altered() from None

    def write(self, content: bytes) -> None:
        """Seal content into the file, for its owner alone.

        Raises:
            OutputError: The file can't be written.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        with written_whole(self.path, private=True) as aside:
            sealed = self._cipher().encrypt(nonce, content, self._form)
            aside.write_bytes(self._form + nonce + sealed)

    def altered(self) -> KeyFileError:
        """Give the error of a file whose content can't be trusted."""
        return KeyFileError(
            f"{self.path}: is sealed by another identity, or was altered; take it from a copy."
        )

    def _cipher(self) -> AESGCM:
        return AESGCM(self._key.expose())
