"""Columns as kernels read them, against Python's own lists."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from encoders.columns import cells_of


def as_list(column: pa.ChunkedArray) -> list[str]:
    octets, offsets = cells_of(column)
    ends = offsets.tolist()
    return [octets[a:b].tobytes().decode() for a, b in pairwise(ends)]


CELLS = st.lists(st.none() | st.text(min_size=1, max_size=5), max_size=8)


@given(chunks=st.lists(CELLS, max_size=3), start=st.integers(0, 3))
def test_a_null_is_empty(chunks: list[list[str | None]], start: int) -> None:
    column = pa.chunked_array(chunks, pa.string()).slice(start)
    assert as_list(column) == [cell or "" for cells in chunks for cell in cells][start:]


def test_what_lies_where_a_cell_is_null_is_not_read() -> None:
    """Arrow lets anything lie there."""
    octets = b"AnaEveOmar"
    buffers = (b"\x05", np.array([0, 3, 6, 10], "<i4"), octets)  # the second of three is null
    array = pa.Array.from_buffers(pa.string(), 3, [pa.py_buffer(buffer) for buffer in buffers])
    for column in (pa.chunked_array([array]), pa.chunked_array([array, array])):
        assert as_list(column) == [cell or "" for cell in column.to_pylist()]
        assert as_list(column)[:3] == ["Ana", "", "Omar"]
        assert as_list(column.slice(1))[:2] == ["", "Omar"]
