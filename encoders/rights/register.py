"""The register of requests: one sealed file that stays with the society.

JSON, sealed by the society's identity (`encoders.rights.box`), and written whole at every change.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from encoders.rights.asking import KINDS, Kind, Request, Step
from encoders.rights.box import Box
from matcher.formats.errors import AbsentError, ParameterError
from matcher.formats.identity import Identity
from matcher.formats.locking import locked

FORMAT: Final = "kinmatch-rights/1"
"""The format's name and version, the file's first line."""

_REQUESTS: Final = TypeAdapter(tuple[Request, ...])


class Register:
    """A society's requests; shows its file.

    Attributes:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self._box = Box(path, identity, use="register of requests", form=FORMAT)

    def __repr__(self) -> str:
        return f"Register({self.path})"

    def requests(self) -> tuple[Request, ...]:
        """Give all requests, by number.

        Raises:
            InputError: The file can't be read, or is no register.
            KeyFileError: It is another identity's, or was altered.
        """
        content = self._box.read()
        if content is None:
            return ()
        try:
            return _REQUESTS.validate_json(content)
        except ValidationError:
            raise self._box.altered() from None

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
            said = json.dumps([asdict(one) for one in requests], default=str)
            self._box.write(said.encode())


def _numbered(requests: list[Request], number: int) -> Request:
    if not 1 <= number <= len(requests):
        raise AbsentError(f"There is no request {number} in the register.")
    return requests[number - 1]
