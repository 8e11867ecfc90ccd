"""The register of requests: one sealed file that stays with the society.

JSON under AES-256-GCM, with a key that comes from the society's identity: whoever has the file
without the identity's passphrase reads nothing, and an altered byte is noticed. It is written
whole at every change, under a nonce of its own.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter, ValidationError

from encoders.rights.asking import KINDS, Kind, Request, Step
from matcher.formats.errors import AbsentError, InputError, KeyFileError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity
from matcher.formats.locking import locked

FORMAT: Final = b"kinmatch-rights/1\n"
"""The format's name and version, the file's first line."""

_NONCE_BYTES = 12
_REQUESTS: Final = TypeAdapter(tuple[Request, ...])


class Register:
    """A society's requests; shows its file.

    Attributes:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self._key = identity.derive("register of requests")

    def __repr__(self) -> str:
        return f"Register({self.path})"

    def requests(self) -> tuple[Request, ...]:
        """Give all requests, by number.

        Raises:
            InputError: The file can't be read, or is no register.
            KeyFileError: It is another identity's, or was altered.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise InputError(f"{self.path}: can't be read ({error.strerror}).") from None
        if not content.startswith(FORMAT):
            raise InputError(f"{self.path}: no register of requests that this release reads.")
        sealed = content[len(FORMAT) :]
        try:
            opened = self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], FORMAT)
            return _REQUESTS.validate_json(opened)
        except (InvalidTag, ValidationError, ValueError):
            raise KeyFileError(
                f"{self.path}: is sealed by another identity, or was altered; take it from a copy."
            ) from None

    def add(self, kind: str, records: tuple[str, ...], received: date) -> Request:
        """Take down a request.

        Raises:
            ParameterError: The kind is none, or no record is named.
            OutputError: The file can't be written.
        """
        if kind not in KINDS or not records:
            raise ParameterError(f"A request is one of {', '.join(KINDS)}, and names a record.")
        with self._changing() as requests:
            named: Kind = next(one for one in KINDS if one == kind)
            added = Request(len(requests) + 1, named, records, received)
            requests.append(added)
        return added

    def follow(self, number: int, step: Step) -> Request:
        """Take down a step.

        Raises:
            AbsentError: There is no such request.
            ParameterError, StateError, GateError: As `Request.then`; nothing is changed.
            OutputError: The file can't be written.
        """
        with self._changing() as requests:
            followed = _numbered(requests, number).then(step)
            requests[number - 1] = followed
        return followed

    def request(self, number: int) -> Request:
        """Give a request.

        Raises:
            AbsentError: There is none of that number.
        """
        return _numbered(list(self.requests()), number)

    @contextmanager
    def _changing(self) -> Iterator[list[Request]]:
        with locked(self.path):
            requests = list(self.requests())
            yield requests
            said = json.dumps([asdict(one) for one in requests], default=str).encode()
            nonce = secrets.token_bytes(_NONCE_BYTES)
            with written_whole(self.path, private=True) as aside:
                aside.write_bytes(FORMAT + nonce + self._cipher().encrypt(nonce, said, FORMAT))

    def _cipher(self) -> AESGCM:
        return AESGCM(self._key.expose())


def _numbered(requests: list[Request], number: int) -> Request:
    if not 1 <= number <= len(requests):
        raise AbsentError(f"There is no request {number} in the register.")
    return requests[number - 1]
