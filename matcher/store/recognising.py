"""Knowing records again by their holds, in a batch that is sent or that is here."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from matcher.formats.batch import Batch
from matcher.formats.marks import marks_of
from matcher.formats.rulebook import refuse
from matcher.store.models import Hold
from matcher.store.states.holds import GONE

STAYS_DELETED: Final = "deletion.stays-deleted"
"""The rule by which a record that was taken back is not taken in again."""


def require_marks(content: Batch) -> None:
    """Refuse a batch with records that could never be known again.

    Raises:
        GateError: A row has no mark, or the batch has no nonce of its own for its marks.
    """
    bare = int(np.count_nonzero(~content.has_mark))
    if bare:
        raise refuse("deletion.marks-present", f"{bare:,} of {len(content):,} rows have none.")
    if not any(bytes.fromhex(content.header.mark_nonce)):
        raise refuse(
            "deletion.marks-present", "The batch has no nonce, of which its marks must be made."
        )


def gone_rows(
    session: Session, content: Batch, agreement: str, society: str
) -> npt.NDArray[np.int64]:
    """Give the rows of a batch whose records were withdrawn or deleted, ascending.

    Args:
        session: A transaction `as_unit`.
        content: The batch.
        agreement: Its agreement's id.
        society: Its society.
    """
    found = _found(session, content, agreement, society, GONE)
    return np.array(sorted(found), dtype=np.int64)


def barred_rows(
    session: Session, content: Batch, agreement: str, society: str
) -> tuple[set[int], set[int]]:
    """Give the rows of a new batch that must not come in, and those that are suspended.

    Of the former it is noted that there are fingerprints to destroy once more.

    Args:
        session: A transaction `as_unit` that holds the agreement.
        content: The batch.
        agreement: Its agreement's id.
        society: Its society.
    """
    gone = _found(session, content, agreement, society, GONE)
    if gone:
        session.execute(
            update(Hold)
            .where(
                Hold.agreement == agreement,
                Hold.society == society,
                tuple_(Hold.is_key, Hold.handle).in_(set(gone.values())),
            )
            .values(destroyed_on=None)
        )
    suspended = _found(session, content, agreement, society, ("suspended",))
    return set(gone), set(suspended)


def _found(
    session: Session, content: Batch, agreement: str, society: str, states: Sequence[str]
) -> dict[int, tuple[bool, bytes]]:
    """Rows whose records have a hold in one of some states, with what it knows them by."""
    held = session.execute(
        select(Hold.is_key, Hold.handle).where(
            Hold.agreement == agreement, Hold.society == society, Hold.state.in_(states)
        )
    ).all()
    if not held:
        return {}
    keys = [handle for is_key, handle in held if is_key]
    by_mark = dict(zip(marks_of(keys, bytes.fromhex(content.header.mark_nonce)), keys, strict=True))
    references = {handle for is_key, handle in held if not is_key}
    found = {}
    for row, (reference, mark) in enumerate(
        zip(map(bytes, content.references), map(bytes, content.marks), strict=True)
    ):
        if mark in by_mark:
            found[row] = (True, by_mark[mark])
        elif reference in references:
            found[row] = (False, reference)
    return found
