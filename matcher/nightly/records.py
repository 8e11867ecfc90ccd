"""The records under an agreement that take part in a night, as columns."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.batch import REFERENCE_BYTES
from matcher.formats.cells import Octets
from matcher.store.models import BatchRow, Record

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """n records of accepted batches, ordered by batch and row; one batch's lie together.

    Attributes:
        societies: The societies that have any, in order.
        batches: The batches, in the order of their records.
        ids: The records' ids, shape (n,).
        society: Positions in `societies`, shape (n,).
        batch: Positions in `batches`, shape (n,), ascending.
        row: Each record's row in its batch, shape (n,).
        role: Positions in `ROLES`, shape (n,), int8.
        epoch: The key epoch of its fingerprints, shape (n,).
        held: Whether it was compared with all others before, shape (n,), bool.
        digest: Digest of what its batch says of it, shape (n, 16), uint8.
        reference: Its reference, shape (n, 16), uint8.
    """

    societies: tuple[str, ...]
    batches: tuple[UUID, ...]
    ids: Numbers
    society: Numbers
    batch: Numbers
    row: Numbers
    role: npt.NDArray[np.int8]
    epoch: Numbers
    held: npt.NDArray[np.bool_]
    digest: Octets
    reference: Octets

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, society: str, role: int, epoch: int, *, held: bool) -> Numbers:
        """Positions of a society's records of a role and epoch that are held, or that are new."""
        if society not in self.societies:
            return np.empty(0, dtype=np.int64)
        place = self.societies.index(society)
        alike = (self.society == place) & (self.role == role) & (self.epoch == epoch)
        return np.flatnonzero(alike & (self.held == held))

    def count(self, society: str, role: int) -> int:
        """How many persons of a role a society has, each once, whatever the epochs."""
        if society not in self.societies:
            return 0
        of_society = self.society == self.societies.index(society)
        return len(np.unique(self.reference[of_society & (self.role == role)], axis=0))


def records_of(session: Session, agreement: str, *, is_full: bool) -> Records:
    """Read the records under an agreement, without those that are barred.

    Args:
        session: A transaction `as_unit`.
        agreement: Its id.
        is_full: Whether all of them count as new.
    """
    rows = session.execute(
        select(
            Record.id, Record.society, Record.batch_id, Record.row, Record.role,
            Record.key_epoch, Record.compared_in.is_not(None), Record.digest, Record.reference,
        )
        .join(BatchRow, BatchRow.id == Record.batch_id)
        .where(
            Record.agreement == agreement,
            Record.barred.is_(None),
            BatchRow.state == "accepted",
        )
        .order_by(Record.batch_id, Record.row)
    ).all()  # fmt: skip
    ids, society, batch, row, role, epoch, held, digest, reference = (
        zip(*rows, strict=True) if rows else ((),) * 9
    )
    societies, batches = tuple(sorted(set(society))), tuple(dict.fromkeys(batch))
    society_places = {name: place for place, name in enumerate(societies)}
    batch_places = {key: place for place, key in enumerate(batches)}
    return Records(
        societies=societies,
        batches=batches,
        ids=np.array(ids, dtype=np.int64),
        society=np.array([society_places[name] for name in society], dtype=np.int64),
        batch=np.array([batch_places[key] for key in batch], dtype=np.int64),
        row=np.array(row, dtype=np.int64),
        role=np.array(role, dtype=np.int8),
        epoch=np.array(epoch, dtype=np.int64),
        held=np.zeros(len(rows), dtype=np.bool_) if is_full else np.array(held, dtype=np.bool_),
        digest=_octets(digest),
        reference=_octets(reference),
    )


def _octets(values: tuple[bytes, ...]) -> Octets:
    return np.frombuffer(b"".join(values), dtype=np.uint8).reshape(-1, REFERENCE_BYTES)
