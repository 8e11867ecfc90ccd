"""The journal: what a restored store must be told, in a file that no backup takes along.

A store restored from an archive knows nothing of what was taken back since: by notices, with whole
batches, with key epochs, or by amending an agreement. The journal does: it lies beside the store's
keys, of which also the newest version alone counts, and a restored store is brought up to its last
entry before anybody uses it (`matcher.store.keeping_up`). An entry is a line of JSON that names the
digest of the line before it; it is on the disk before the database is changed.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import IntegrityError, OutputError
from matcher.formats.locking import locked
from matcher.formats.notices import Notice
from matcher.formats.retirement import Retirement
from matcher.formats.signed import Document

FORMAT: Final = "kinmatch-journal/1"
"""The format's name and version, in every line."""

_START: Final = "sha256:" + "0" * 64


class BatchWithdrawal(Document):
    """A society took a whole batch back, before its end.

    Attributes:
        format: Format name and version.
        agreement_id: The batch's agreement.
        society: Whose batch.
        batch: Its id.
        file_digest: SHA-256 of its file as it travelled, by which the same file is known again.
        size: Bytes of that file.
    """

    format: Literal["kinmatch-batch-withdrawal/1"] = "kinmatch-batch-withdrawal/1"
    agreement_id: str
    society: str
    batch: UUID
    file_digest: str
    size: int


class Admission(Document):
    """The linkage unit admitted an agreement, or an amendment that ends or closes something.

    Attributes:
        format: Format name and version.
        agreement: The agreement as its file has it.
    """

    format: Literal["kinmatch-admission/1"] = "kinmatch-admission/1"
    agreement: dict[str, Any]


Said = Notice | Retirement | BatchWithdrawal | Admission
"""Everything that a store which is restored must be told."""


class Entry(BaseModel):
    """One thing in the journal; shows its number and format.

    Attributes:
        format: Format name and version.
        number: From 1 on, without a gap.
        before: Digest of the entry before it.
        applied_on: The day on which it was applied.
        said: What it says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["kinmatch-journal/1"] = FORMAT
    number: int = Field(ge=1)
    before: str
    applied_on: date
    said: Annotated[Said, Field(discriminator="format")]

    def __repr__(self) -> str:
        return f"<entry {self.number}: {self.said.format}>"

    @property
    def line(self) -> bytes:
        """The line of the file."""
        fields = self.model_dump(mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the line."""
        return "sha256:" + hashlib.sha256(self.line).hexdigest()

    @classmethod
    def following(cls, last: "Entry | None", said: Said, on: date) -> Self:
        """Make the entry of what is applied on a day, after another entry or none."""
        number, before = (1, _START) if last is None else (last.number + 1, last.digest)
        return cls(number=number, before=before, applied_on=on, said=said)


class Journal:
    """The journal in a file, which need not be there yet.

    Attributes:
        path: The file; `matcher.settings.Settings.protection_journal`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self, seconds: float | None = None) -> Iterator[None]:
        """Be the one who adds to it, for the length of the block.

        Args:
            seconds: How long to wait for others; as long as it takes if None.

        Raises:
            StoreError: Others were at work all the time.
        """
        with locked(self.path, seconds):
            yield

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Read the entries in order, those with a number above `after`.

        A last line that was cut off, by a crash while it was written, is no entry.

        Raises:
            IntegrityError: An entry was altered, moved or taken out.
        """
        before, number = _START, 0
        for line in self._lines():
            entry = self._entry(line)
            if (entry.number, entry.before) != (number + 1, before):
                raise self._altered()
            before, number = entry.digest, entry.number
            if number > after:
                yield entry

    def append(self, entry: Entry) -> None:
        """Add an entry, and return when it is on the disk; call it inside `alone`.

        Raises:
            OutputError: It can't be written.
        """
        whole = sum(map(len, self._lines()))
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                file.truncate(whole)
                file.seek(whole)
                file.write(entry.line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(
                f"{self.path}: can't be written ({error.strerror}). Nothing was applied; make "
                "room, and do it again."
            ) from None

    def _lines(self) -> list[bytes]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OutputError(f"{self.path}: can't be read ({error.strerror}).") from None
        return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]

    def _entry(self, line: bytes) -> Entry:
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError:
            raise self._altered() from None
        if entry.line != line:
            raise self._altered()
        return entry

    def _altered(self) -> IntegrityError:
        return IntegrityError(
            f"{self.path}: the journal was altered. Take its newest copy; without it a "
            "restored store would compare records that societies have taken back."
        )
