"""The archive: records that a review took out of use, as they were, in a file of their own.

Nothing in it is ever changed. Each act (a record put in, read, or erased) is an entry that names
the digest of the entry before it, with who did it, in which role, and why; what a record held is
kept beside its entry, which has its digest. Erasing a record destroys what it held and no entry:
the digest is of a random salt too, so it tells nothing of what is gone. The file is sealed by the
society's identity and lies outside everything that is encoded.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from encoders.protection.tables import as_key
from encoders.rights.asking import ROLES
from encoders.rights.box import Box
from matcher.formats.errors import AbsentError
from matcher.formats.identity import Identity
from matcher.formats.locking import locked
from matcher.formats.rulebook import refuse

FORMAT: Final = "kinmatch-archive/1"
"""The format's name and version, the file's first line."""

_What = Literal["archive", "read", "erase"]

_START: Final = "sha256:" + "0" * 64
_SHORTEST: Final = 10
_SALT_BYTES: Final = 16

Row = Mapping[str, Any]


@dataclass(frozen=True)
class By:
    """Who does something with archived records, and why; shows the role alone.

    Attributes:
        name: Who.
        role: In which role, one of `encoders.rights.asking.ROLES`.
        reason: Why, in ten characters or more; no words that tell of the person.
        on: The day.
    """

    name: str
    role: str
    reason: str
    on: date

    def __repr__(self) -> str:
        return f"<by {self.role} on {self.on}>"


@dataclass(frozen=True)
class Entry:
    """An act; shows its number and what it was.

    Attributes:
        number: From 1 on, without a gap.
        before: Digest of the entry before it.
        what: `archive`, `read` or `erase`.
        records: Ids of the records concerned.
        contents: With `archive`, for each record the digest of what it held; else nothing.
        by: Who did it, and why.
    """

    number: int
    before: str
    what: _What
    records: tuple[str, ...]
    contents: tuple[str, ...]
    by: By

    def __repr__(self) -> str:
        return f"<entry {self.number}: {self.what}>"

    @property
    def digest(self) -> str:
        """SHA-256 of the entry."""
        return _digest(json.dumps(asdict(self), sort_keys=True, default=str))


@dataclass(repr=False)
class _Held:
    """What the file holds.

    Attributes:
        entries: All acts, in order.
        contents: By digest what a record held, as JSON with its salt; none of what was erased.
    """

    entries: list[Entry] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)

    def add(self, what: _What, by: By, contents: Mapping[str, str]) -> None:
        """Add an act on some records, with the digest of what each held, if that is put in."""
        before = self.entries[-1].digest if self.entries else _START
        number, records = len(self.entries) + 1, tuple(contents)
        self.entries.append(Entry(number, before, what, records, tuple(contents.values()), by))

    def newest(self) -> dict[str, str]:
        """What each record held when it was last put in, as digests, by its id; none erased."""
        found: dict[str, str] = {}
        for entry in self.entries:
            if entry.what == "archive":
                found |= zip(map(as_key, entry.records), entry.contents, strict=True)
        return {one: digest for one, digest in found.items() if digest in self.contents}

    def is_whole(self) -> bool:
        """Whether every entry follows from the one before, and every content is as it was."""
        before = _START
        for number, entry in enumerate(self.entries, 1):
            if (entry.number, entry.before) != (number, before):
                return False
            before = entry.digest
        known = {digest for entry in self.entries for digest in entry.contents}
        return self.contents.keys() <= known and all(
            digest == _digest(content) for digest, content in self.contents.items()
        )


_HELD: Final = TypeAdapter(_Held)


class Archive:
    """A society's archive; shows its file.

    Attributes:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self._box = Box(path, identity, use="archive of records", form=FORMAT)

    def __repr__(self) -> str:
        return f"Archive({self.path})"

    def entries(self) -> tuple[Entry, ...]:
        """Give every act, in order.

        Raises:
            InputError: The file can't be read, or is no archive.
            KeyFileError: It is another identity's, or was altered.
        """
        return tuple(self._open().entries)

    def held(self) -> frozenset[str]:
        """Give the ids of the records that can be read, as `as_key` gives them.

        Raises:
            InputError, KeyFileError: As `entries`.
        """
        return frozenset(self._open().newest())

    def put(self, rows: Sequence[Row], by: By) -> int:
        """Put records in; one that is there already, just as it is, is not put in again.

        Args:
            rows: What each record holds, with its `record_id`.
            by: Who archives them, and why.

        Returns:
            How many were put in.

        Raises:
            GateError: Name, role or reason is missing.
            InputError, KeyFileError: As `entries`; nothing is changed.
            OutputError: The file can't be written.
        """
        require_reason(by)
        with self._changing() as held:
            newest = held.newest()
            new = {}
            for row in rows:
                said = {name: value for name, value in row.items() if value is not None}
                before = newest.get(as_key(said["record_id"]))
                if before is None or json.loads(held.contents[before])["row"] != said:
                    salt = secrets.token_hex(_SALT_BYTES)
                    content = json.dumps({"row": said, "salt": salt}, sort_keys=True)
                    new[said["record_id"]] = _digest(content)
                    held.contents[new[said["record_id"]]] = content
            if new:
                held.add("archive", by, new)
        return len(new)

    def read(self, records: Sequence[str], by: By) -> list[dict[str, Any]]:
        """Give what records held when they were last put in; that they were read is noted first.

        Raises:
            GateError: Name, role or reason is missing.
            AbsentError: One of them is not there, or was erased.
            InputError, KeyFileError: As `entries`.
            OutputError: The file can't be written; nothing is given.
        """
        require_reason(by)
        with self._changing() as held:
            found = _found(held, records)
            held.add("read", by, dict.fromkeys(records, ""))
        return [json.loads(held.contents[digest])["row"] for digest in found]

    def erase(self, records: Sequence[str], by: By) -> None:
        """Destroy all that records ever held here; that they were here stays.

        Raises:
            GateError: Name, role or reason is missing.
            AbsentError: One of them is not there, or was erased.
            InputError, KeyFileError: As `entries`; nothing is changed.
            OutputError: The file can't be written; nothing is changed.
        """
        require_reason(by)
        with self._changing() as held:
            _found(held, records)
            gone = set(map(as_key, records))
            for entry in held.entries:
                for record, digest in zip(entry.records, entry.contents, strict=True):
                    if as_key(record) in gone:
                        held.contents.pop(digest, None)
            held.add("erase", by, dict.fromkeys(records, ""))

    def _open(self) -> _Held:
        content = self._box.read()
        if content is None:
            return _Held()
        try:
            held = _HELD.validate_json(content)
        except ValidationError:
            raise self._box.altered() from None
        if not held.is_whole():
            raise self._box.altered()
        return held

    @contextmanager
    def _changing(self) -> Iterator[_Held]:
        with locked(self.path):
            held = self._open()
            yield held
            self._box.write(_HELD.dump_json(held))


def require_reason(by: By) -> None:
    """Let pass who says who they are, in which role, and why.

    Raises:
        GateError: One of these is missing.
    """
    if not by.name.strip() or by.role not in ROLES or len(by.reason.strip()) < _SHORTEST:
        raise refuse("retention.archive-stated-reason", f"A role is one of {', '.join(ROLES)}.")


def _found(held: _Held, records: Sequence[str]) -> list[str]:
    newest = held.newest()
    found = [newest.get(as_key(record)) for record in records]
    if None in found or not records:
        raise AbsentError(
            f"{found.count(None):,} of {len(records):,} records named are not in the archive, or "
            "were erased; kinmatch review list says which are there."
        )
    return [digest for digest in found if digest is not None]


def _digest(content: str) -> str:
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
