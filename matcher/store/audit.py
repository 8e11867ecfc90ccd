"""The audit log: who did what to what, in one order, added to and never changed.

Every entry's hash covers the hash before it, so a changed, missing or moved entry shows. What the
chain alone can't show, that its end was cut off, a checkpoint shows: the linkage unit's Ed25519
signature on the last entry's number and hash, kept in the database and in a file beside it.

An entry names societies, users by id, and what was done to which batch, run or candidate by id.
It never says what a person is called.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from matcher.formats.errors import InputError, StoreError
from matcher.formats.files import written_whole
from matcher.store.models import AuditEntry, Checkpoint

FORMAT: Final = "kinmatch-audit/1"
UNIT_ACTOR: Final = "linkage-unit"
"""Who acts where no person does: the night, or the operator at the command line."""

SOCIETY: Final = "society"
"""Under this name a session's `info` says for which society its transaction is."""

Details = Mapping[str, str | int | bool | None]


def append(
    session: Session,
    action: str,
    subject: str,
    *,
    actor: str = UNIT_ACTOR,
    society: str | None = None,
    details: Details | None = None,
) -> None:
    """Add an entry in a transaction; it is there if that is committed.

    Entries of all transactions wait for one another from here to their commit, so this comes
    last. Reads that are only noted are gathered and added together, by `append_all`.

    Args:
        session: A transaction.
        action: What was done, as `batch.accept`.
        subject: To what, by id.
        actor: Who did it: a user's id, or the linkage unit itself.
        society: On whose behalf; in a transaction `as_society` always that society.
        details: Codes, counts and ids; nothing that a record says.
    """
    said = _written(details)
    if SOCIETY in session.info:
        entry = func.kinmatch.audit_append_own(actor, action, subject, said)
    else:
        entry = func.kinmatch.audit_append(actor, society, action, subject, said)
    session.execute(select(entry))


@dataclass(frozen=True)
class Access:
    """Somebody's look at something, to be noted.

    Attributes:
        actor: A user's id.
        society: On whose behalf; None for the linkage unit's own users.
        action: What was looked at, as `candidates.list`.
        subject: Of what, by id.
        details: As for `append`.
    """

    actor: str
    society: str | None
    action: str
    subject: str
    details: Details


def append_all(session: Session, accesses: Sequence[Access]) -> None:
    """Add an entry for each, in their order, by one statement.

    Args:
        session: A transaction `as_unit`, in which nothing else is done.
        accesses: What is noted.
    """
    columns = [
        [one.actor for one in accesses],
        [one.society for one in accesses],
        [one.action for one in accesses],
        [one.subject for one in accesses],
        [_written(one.details) for one in accesses],
    ]
    session.execute(_APPEND_ALL, dict(zip("abcde", columns, strict=True)))


_APPEND_ALL: Final = text("""
SELECT count(kinmatch.audit_append(actor, society, action, subject, details)) FROM (
  SELECT * FROM unnest(
    CAST(:a AS text[]), CAST(:b AS text[]), CAST(:c AS text[]), CAST(:d AS text[]),
    CAST(:e AS text[])
  ) WITH ORDINALITY AS one (actor, society, action, subject, details, place) ORDER BY place
) AS ordered
""")


def _written(details: Details | None) -> str:
    return json.dumps(dict(details or {}), sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Finding:
    """Something wrong with the audit log.

    Attributes:
        number: The entry at which it shows.
        what: What is wrong, in a sentence.
    """

    number: int
    what: str


@dataclass(frozen=True)
class Verified:
    """What a look at the whole audit log showed.

    Attributes:
        entries: How many entries there are.
        checkpoints: How many different checkpoints were looked at.
        signed_to: The number of the last entry that a checkpoint covers, 0 if none does.
        findings: All that is wrong, by number; nothing if the log is whole.
    """

    entries: int
    checkpoints: int
    signed_to: int
    findings: tuple[Finding, ...]


def verify(session: Session, public_key: Ed25519PublicKey, checkpoints: Path) -> Verified:
    """Look at every entry and every checkpoint, in the database and in the file.

    Args:
        session: A transaction `as_unit`.
        public_key: Of the key that signs.
        checkpoints: The file of checkpoints; it need not be there.

    Raises:
        InputError: The file of checkpoints can't be read.
    """
    signed = [*_stored(session), *_filed(checkpoints)]
    findings: list[Finding] = []
    hashes: dict[int, bytes] = {}
    count = 0
    wanted = {one.number for one in signed}
    last, before = 0, b""
    for entry in session.scalars(
        select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)
    ):
        findings += _findings(entry, last, before)
        last, before, count = entry.number, entry.hash, count + 1
        if entry.number in wanted:
            hashes[entry.number] = entry.hash
    for one in signed:
        findings += _checkpoint_findings(one, hashes.get(one.number), public_key)
    sound = {one.number for one in signed if hashes.get(one.number) == one.hash}
    return Verified(
        entries=count,
        checkpoints=len({(one.number, one.hash) for one in signed}),
        signed_to=max(sound, default=0),
        findings=tuple(dict.fromkeys(sorted(findings, key=lambda one: (one.number, one.what)))),
    )


def _findings(entry: AuditEntry, last: int, before: bytes) -> Iterator[Finding]:
    if entry.number != last + 1:
        missing = f"{last + 1} to {entry.number - 1}" if entry.number > last + 2 else f"{last + 1}"
        yield Finding(last + 1, f"Entry {missing} is missing.")
    elif hash_of(entry, before) != entry.hash:
        yield Finding(
            entry.number,
            f"Entry {entry.number} was changed or moved, or the one before it was.",
        )


def hash_of(entry: AuditEntry, before: bytes) -> bytes:
    """The hash that an entry must have: SHA-256 over the one before it and all its fields.

    A field is written as its length in bytes, a colon and its text; no field as a hyphen.
    """
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    fields = (
        str(entry.number), at, entry.actor, entry.society, entry.action, entry.subject,
        entry.details,
    )  # fmt: skip
    content = FORMAT + "".join(
        "-" if field is None else f"{len(field.encode())}:{field}" for field in fields
    )
    return hashlib.sha256(before + content.encode()).digest()


def _checkpoint_findings(
    one: Checkpoint, found: bytes | None, public_key: Ed25519PublicKey
) -> Iterator[Finding]:
    try:
        public_key.verify(one.signature, _signed_text(one.number, one.hash))
    except InvalidSignature:
        yield Finding(
            one.number, f"The checkpoint at entry {one.number} is not signed with this key."
        )
        return
    if found is None:
        yield Finding(
            one.number,
            f"Entry {one.number} is missing, though a checkpoint was signed there: the log was "
            "cut off.",
        )
    elif found != one.hash:
        yield Finding(
            one.number, f"Entry {one.number} is not what it was when a checkpoint was signed."
        )


def sign(session: Session, key: Ed25519PrivateKey, checkpoints: Path) -> int:
    """Sign the log up to its last entry, in the database and in a file.

    Args:
        session: A transaction `as_unit`.
        key: The linkage unit's key.
        checkpoints: The file that the checkpoint is added to; keep copies of it elsewhere.

    Returns:
        The number of the last entry; 0 if there is none, and nothing is signed.

    Raises:
        OutputError: The file can't be written.
    """
    last = session.execute(
        select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    ).one_or_none()
    if last is None:
        return 0
    if session.get(Checkpoint, last.number) is None:
        one = Checkpoint(
            number=last.number,
            hash=last.hash,
            public_key=key.public_key().public_bytes_raw(),
            signature=key.sign(_signed_text(last.number, last.hash)),
        )
        session.add(one)
        _file(one, checkpoints)
    return int(last.number)


def _signed_text(number: int, digest: bytes) -> bytes:
    return f"{FORMAT} checkpoint {number} {digest.hex()}".encode()


def _file(one: Checkpoint, path: Path) -> None:
    known = path.read_text(encoding="ascii") if path.exists() else ""
    line = {
        "format": FORMAT,
        "number": one.number,
        "hash": one.hash.hex(),
        "public_key": one.public_key.hex(),
        "signature": one.signature.hex(),
    }
    with written_whole(path) as aside:
        aside.write_text(f"{known}{json.dumps(line)}\n", encoding="ascii")


def _stored(session: Session) -> Iterable[Checkpoint]:
    return session.scalars(select(Checkpoint).order_by(Checkpoint.number))


def _filed(path: Path) -> Iterator[Checkpoint]:
    if not path.exists():
        return
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            said = json.loads(line)
            hexadecimal = {name: bytes.fromhex(said[name]) for name in ("hash", "signature")}
            yield Checkpoint(number=int(said["number"]), **hexadecimal)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: is no file of checkpoints that this release can read; restore it."
        ) from None


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs the log; made, for its owner alone, if there is none.

    Raises:
        StoreError: The file holds no such key.
        OutputError: It can't be written.
    """
    if not path.exists():
        with written_whole(path, private=True) as aside:
            aside.write_bytes(
                Ed25519PrivateKey.generate().private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                )
            )
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(
            f"{path}: holds no Ed25519 key in PEM without a passphrase; give the file that signed "
            "the audit log until now."
        )
    return key


def entries(
    session: Session, *, after: int = 0, society: str | None = None
) -> Iterator[tuple[int, datetime, str, str | None, str, str, str]]:
    """List entries in their order: number, time, actor, society, action, subject, details."""
    query = select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number)
    if society is not None:
        query = query.where(AuditEntry.society == society)
    for one in session.scalars(query.execution_options(yield_per=1000)):
        yield (
            one.number, one.at, one.actor, one.society, one.action, one.subject, one.details
        )  # fmt: skip


class Own(NamedTuple):
    """An entry as the society that it is about sees it.

    Attributes:
        number: Its place among that society's entries, from 1 on. The number in the whole log
            would tell how much others do.
        at: When.
        actor: Who.
        action: Did what.
        subject: To what.
        details: As JSON.
    """

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: str


def own(session: Session, *, society: str, after: int, count: int) -> list[Own]:
    """List a society's entries, oldest first.

    Args:
        session: A transaction `as_society`.
        society: Whose.
        after: The number of the last one seen, 0 for none.
        count: How many at most.
    """
    entry = AuditEntry
    rows = session.execute(
        select(entry.at, entry.actor, entry.action, entry.subject, entry.details)
        .where(entry.society == society)
        .order_by(entry.number)
        .offset(after)
        .limit(count)
    )
    return [Own(number, *row) for number, row in enumerate(rows, after + 1)]
