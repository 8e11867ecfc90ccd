"""Columns of byte strings of one length, between numpy and Arrow, without a copy of the bytes."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Octets = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def fixed_size(content: Octets, present: Mask | None = None) -> pa.Array:
    """Wrap an array of shape (n, width) as n cells of `width` bytes.

    Args:
        content: The bytes; uint8.
        present: Shape (n,): where false, the cell is null. All are present when not given.
    """
    validity = None if present is None else pa.array(present).buffers()[1]
    buffers = [validity, pa.py_buffer(np.ascontiguousarray(content))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(content.shape[1]), len(content), buffers)


def content_of(cells: pa.Array, width: int) -> Octets:
    """View n cells of `width` bytes as an array of shape (n, width), uint8; anything where null."""
    buffer = cells.buffers()[1]
    if buffer is None:
        return np.zeros((len(cells), width), dtype=np.uint8)
    content = np.frombuffer(buffer, dtype=np.uint8).reshape(-1, width)
    return content[cells.offset : cells.offset + len(cells)]
