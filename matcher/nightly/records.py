"""The records under an agreement that take part in a night, as columns."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.formats.batch import REFERENCE_BYTES
from matcher.formats.cells import Octets
from matcher.store.copying import copied
from matcher.store.models import BatchRow

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
    accepted = session.execute(
        select(BatchRow.id, BatchRow.society)
        .where(BatchRow.agreement == agreement, BatchRow.state == "accepted")
        .order_by(BatchRow.id)
    ).all()
    given = {"agreement": agreement, "batches": [batch.id for batch in accepted]}
    rows = copied(session, _RECORDS, given, _COLUMNS)
    used, batch = np.unique(rows["batch"], return_inverse=True)
    of_batch = [accepted[place - 1] for place in used.tolist()]
    societies = tuple(sorted({one.society for one in of_batch}))
    places = np.array([societies.index(one.society) for one in of_batch], dtype=np.int64)
    held = np.zeros(len(rows), np.bool_) if is_full else rows["held"] == 1
    return Records(
        societies=societies,
        batches=tuple(one.id for one in of_batch),
        ids=rows["id"].astype(np.int64),
        society=places[batch],
        batch=batch.astype(np.int64),
        row=rows["row"].astype(np.int64),
        role=rows["role"].astype(np.int8),
        epoch=rows["key_epoch"].astype(np.int64),
        held=held,
        digest=np.ascontiguousarray(rows["digest"]),
        reference=np.ascontiguousarray(rows["reference"]),
    )


_COLUMNS = {
    "id": "bigint",
    "batch": "bigint",
    "row": "integer",
    "role": "smallint",
    "key_epoch": "integer",
    "held": "integer",
    "digest": f"bytea {REFERENCE_BYTES}",
    "reference": f"bytea {REFERENCE_BYTES}",
}
_RECORDS = """
SELECT records.id, number, row, role, key_epoch, (compared_in IS NOT NULL)::integer, digest,
  reference
FROM kinmatch.records
JOIN unnest({batches}::uuid[]) WITH ORDINALITY AS accepted (batch_id, number) USING (batch_id)
WHERE agreement = {agreement} AND barred IS NULL
ORDER BY number, row
"""
