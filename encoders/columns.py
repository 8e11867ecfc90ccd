"""Columns of text as kernels read them: the octets that Arrow holds them in, without a copy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

Cells = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]
"""Octets, and offsets of shape (n + 1,): cell i is `octets[offsets[i]:offsets[i + 1]]`."""


def cells_of(column: Any) -> Cells:
    """Give the cells of a column, in UTF-8; one that is null is empty.

    Args:
        column: A `pyarrow.ChunkedArray` of n strings.
    """
    one = column.num_chunks == 1
    octets, offsets = _held(column.chunk(0) if one else column.combine_chunks())
    # Arrow does not say that nothing lies where a cell is null.
    if np.count_nonzero(offsets[1:] > offsets[:-1]) > len(column) - column.null_count:
        octets, offsets = _held(pc.fill_null(column, "").combine_chunks())
    return octets, offsets


def _held(array: Any) -> Cells:
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int32) if ends else np.zeros(1, np.int32)
    octets = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    return octets, offsets[array.offset : array.offset + len(array) + 1]
