"""Who of a batch may be compared on a day: by review dates, and by what its society's notices say.

The linkage unit's service keeps this in its store. Where batches are compared as files, without a
store, the notices are given along with them, and this is all that there is.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np

from matcher.formats.batch import Batch
from matcher.formats.cells import Mask
from matcher.formats.marks import marks_of
from matcher.formats.notices import Notice


def kept_rows(batch: Batch, notices: Iterable[Notice], on: date) -> Mask:
    """Tell which rows of a batch may be compared.

    Args:
        batch: The batch.
        notices: Notices under its agreement, of any society, in any order; their signatures were
            checked.
        on: The day.

    Returns:
        Shape (n,), bool: false where the review date has come, or where the last word of the
        society is not `resume`. A record that was deleted stays so, whatever is said after it.
    """
    reviews = batch.review_on.copy()
    kept: Mask = np.ones(len(batch), np.bool_)
    gone: Mask = np.zeros(len(batch), np.bool_)
    references = _places(map(bytes, batch.references))
    marks = _places(map(bytes, batch.marks))
    own = [one for one in notices if one.society == batch.header.society]
    for notice in sorted(own, key=lambda one: one.number):
        made = marks_of(map(bytes.fromhex, notice.keys), bytes.fromhex(batch.header.mark_nonce))
        named = [references.get(bytes.fromhex(one)) for one in notice.references]
        rows = [one for one in (*named, *map(marks.get, made)) if one is not None]
        if notice.review_on is not None:
            reviews[rows] = np.datetime64(notice.review_on)
        else:
            kept[rows] = notice.kind == "resume"
            gone[rows] |= notice.kind == "delete"
    return kept & ~gone & ~(reviews <= np.datetime64(on))


def _places(handles: Iterable[bytes]) -> dict[bytes, int]:
    return {handle: row for row, handle in enumerate(handles)}
