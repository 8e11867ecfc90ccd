"""What shows that a record was deleted: in the store, in every batch, and in an archive.

The question is put by the delete notice itself, since without the record's key nobody can ask.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.errors import KinmatchError
from matcher.formats.marks import marks_of
from matcher.formats.notices import Notice
from matcher.store.agreements import agreement_of
from matcher.store.backup import unpack
from matcher.store.database import FINGERPRINTS, Store
from matcher.store.fingerprints import Held
from matcher.store.holds import batches_of
from matcher.store.models import BatchRow, Hold


@dataclass(frozen=True)
class Shown:
    """One thing that was looked at.

    Attributes:
        what: What must be so, as a sentence.
        is_so: Whether it is.
        count: Of how many things it was asked, or how many contradict it.
    """

    what: str
    is_so: bool
    count: int


def prove_deleted(
    store: Store, notice: Notice, *, archive: Path | None = None, passphrase: str = ""
) -> list[Shown]:
    """Look whether anything is left of the records that a notice names.

    Args:
        store: The store, with the keys of its fingerprints.
        notice: The notice that deleted them.
        archive: A backup to look into as well.
        passphrase: What opens it.

    Raises:
        InputError, IntegrityError, KeyFileError: The archive can't be read.
    """
    with store.as_unit() as session:
        agreement = agreement_of(session, notice.agreement_id)
        batches = batches_of(session, notice.agreement_id, notice.society)
        every_batch = set(
            session.scalars(
                select(BatchRow.id).where(
                    BatchRow.agreement == notice.agreement_id, BatchRow.society == notice.society
                )
            )
        )
        shown = [_tombstones(session, notice), *_rows(session, notice)]
    held = set(batches) & store.fingerprints.ids()
    left = sum(_rows_left(batch, notice) for batch in _opened(store.fingerprints, held, agreement))
    shown.append(Shown("No batch that is held has a fingerprint of theirs.", not left, len(held)))
    if archive is not None:
        shown.extend(_in_archive(store, archive, passphrase, every_batch, agreement, notice))
    return shown


def _tombstones(session: Session, notice: Notice) -> Shown:
    handles = [bytes.fromhex(one) for one in (*notice.references, *notice.keys)]
    count = session.scalar(
        select(func.count())
        .select_from(Hold)
        .where(
            Hold.agreement == notice.agreement_id,
            Hold.society == notice.society,
            Hold.handle.in_(handles),
            Hold.state == "deleted",
            Hold.destroyed_on.is_not(None),
        )
    )
    return Shown(
        "Each has a tombstone, and the day on which its fingerprints were destroyed.",
        count == len(handles),
        count or 0,
    )


def _rows(session: Session, notice: Notice) -> Iterator[Shown]:
    """The tables: records by their marks in every batch, and all that names a reference."""
    keys = [bytes.fromhex(one) for one in notice.keys]
    nonces = session.scalars(
        select(BatchRow.mark_nonce).where(
            BatchRow.agreement == notice.agreement_id,
            BatchRow.society == notice.society,
            BatchRow.mark_nonce.is_not(None),
        )
    )
    given: dict[str, Any] = {
        "society": notice.society,
        "agreement": notice.agreement_id,
        "named": list(notice.references),
        "references": [bytes.fromhex(one) for one in notice.references],
        "marks": [mark for nonce in nonces if nonce for mark in marks_of(keys, nonce)],
    }
    for what, table, where in _NAMED:
        query = text(f"SELECT count(*) FROM kinmatch.{table} WHERE {where}")  # noqa: S608  # all ours
        asked = {name: given[name] for name in query.compile().params}
        count = session.scalar(query, asked)
        yield Shown(f"The database has no {what} of theirs.", not count, count or 0)


_OWN: Final = "agreement = :agreement AND society = :society"
_NAMED: Final = (
    ("record", "records", f"{_OWN} AND (reference = ANY(:references) OR mark = ANY(:marks))"),
    ("candidate", "candidate_sides", f"{_OWN} AND reference = ANY(:references)"),
    (
        "disclosure",
        "disclosures",
        "other_society = :society AND other_reference = ANY(:references)",
    ),
    ("sharing decision", "sharing_decisions", "society = :society AND subject = ANY(:named)"),
)
"""What could name a record, in which table, and by what it is found."""


def _rows_left(batch: Batch, notice: Notice) -> int:
    """How many rows of a batch are still theirs."""
    keys = (bytes.fromhex(one) for one in notice.keys)
    marks = set(marks_of(keys, bytes.fromhex(batch.header.mark_nonce)))
    references = {bytes.fromhex(one) for one in notice.references}
    return sum(bytes(mark) in marks for mark in batch.marks) + sum(
        bytes(reference) in references for reference in batch.references
    )


def _opened(held: Held, batches: Iterable[UUID], agreement: Agreement) -> Iterator[Batch]:
    for batch in sorted(batches):
        yield held.open(batch, agreement)


def _in_archive(
    store: Store,
    archive: Path,
    passphrase: str,
    batches: set[UUID],
    agreement: Agreement,
    notice: Notice,
) -> Iterator[Shown]:
    """An archive: of the society's batches, those that can be read hold nothing of theirs."""
    with tempfile.TemporaryDirectory(dir=store.folder) as aside:
        unpack(archive, passphrase, Path(aside) / "unpacked")
        folder = Path(aside) / "unpacked" / FINGERPRINTS
        lying = {UUID(path.name.partition(".")[0]) for path in folder.glob("*.stored")} & batches
        inside = Held(store.fingerprints.vault.over(folder))
        readable = inside.ids() & lying
        left = sum(_rows_left(batch, notice) for batch in _opened(inside, readable, agreement))
        opened = sum(_can_be_opened(inside, batch, agreement) for batch in lying - readable)
    yield Shown(
        "Every batch of the archive that had them can't be read any more: its key is destroyed.",
        not opened,
        len(lying - readable),
    )
    yield Shown("No batch of the archive that can be read has them.", not left, len(readable))


def _can_be_opened(held: Held, batch: UUID, agreement: Agreement) -> bool:
    try:
        held.open(batch, agreement)
    except KinmatchError:
        return False
    return True
