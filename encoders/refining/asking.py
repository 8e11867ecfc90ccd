"""From requests for refinement to the society's own records."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from encoders.records import Records
from encoders.references import References
from encoders.refining.answering import NOT_RELEASED, Rows
from matcher.formats.errors import MismatchError
from matcher.formats.refinement import Requests


def rows_asked_for(requests: Requests, references: References, records: Records) -> Rows:
    """Find the record that each request is about.

    Args:
        requests: What is asked.
        references: The reference file of the batch that is asked about.
        records: The society's records as they are now.

    Returns:
        Shape (n,), int64: positions among the records, `NOT_RELEASED` where a record is no longer
        there.

    Raises:
        MismatchError: The requests are about another batch, or a reference is not of it.
    """
    asked, held = requests.header.batch_seal, references.header.batch_seal
    if asked != held:
        raise MismatchError(
            f"The requests are about batch {asked}, the reference file is of batch {held}. Take "
            "the reference file that was written with the batch."
        )
    record_ids = pa.array(references.record_ids(requests.references), pa.string())
    places = pc.index_in(record_ids, value_set=records.column("record_id").combine_chunks())
    rows: Rows = places.fill_null(NOT_RELEASED).to_numpy(zero_copy_only=False).astype(np.int64)
    return rows
