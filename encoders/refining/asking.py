"""From requests for refinement to the society's own records."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from encoders.records import Records
from encoders.references import References
from encoders.refining.answering import NOT_RELEASED, Rows
from matcher.formats.errors import MismatchError
from matcher.formats.refinement import Requests


def rows_asked_for(requests: Requests, references: Sequence[References], records: Records) -> Rows:
    """Find the record that each request is about.

    Args:
        requests: What is asked.
        references: The reference files of the batches that may be asked about.
        records: The society's records as they are now.

    Returns:
        Shape (n,), int64: positions among the records, `NOT_RELEASED` where a record is no longer
        there.

    Raises:
        MismatchError: A request is about no batch whose reference file was given.
    """
    ids = np.full(len(requests), None, dtype=object)
    known = np.zeros(len(requests), dtype=np.bool_)
    for one in references:
        if one.header.key_epoch == requests.header.key_epoch:
            found, is_here = one.records_known(requests.references)
            ids[is_here], known = found[is_here], known | is_here
    if missing := int(np.count_nonzero(~known)):
        raise MismatchError(
            f"{missing:,} of {len(requests):,} requests are about records that stand in no "
            "reference file given. Give the reference files of all batches that the linkage unit "
            "holds of yours; if you did, ask it what it is asking about."
        )
    record_ids = pa.array(ids, pa.string())
    places = pc.index_in(record_ids, value_set=records.column("record_id").combine_chunks())
    rows: Rows = places.fill_null(NOT_RELEASED).to_numpy(zero_copy_only=False).astype(np.int64)
    return rows
