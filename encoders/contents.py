"""All cells of a record as one text, which no two records share by chance."""

from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.bits import Rows
from encoders.columns import cells_of
from encoders.octets import copy_sixteen

Contents = tuple[npt.NDArray[np.uint8], Rows, Rows]
"""Octets, and starts and stops of shape (k,): text i is `octets[starts[i]:stops[i]]`."""

_SEPARATOR = 0x1F
_ABSENT = np.array([0x1E], dtype=np.uint8)
_AT_ONCE = 16  # octets
_ROOM = np.zeros(_AT_ONCE, dtype=np.uint8)


class Cells:
    """The cells of n records, which are put together where they are asked for.

    Args:
        table: n records.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def contents(self, rows: Rows) -> Contents:
        """Give the contents of records: their cells, with a separator between, a sign for none.

        Args:
            rows: Shape (k,), int64: which records.
        """
        octets, ends = _joined(rows, *self._columns)
        return octets, ends[:-1], ends[1:]

    @cached_property
    def _columns(self) -> tuple[npt.NDArray[np.uint8], Rows]:
        """Give octets and the cells' ends in them.

        Cell i of a column is `octets[ends[column, i]:ends[column, i + 1]]`, none where it is empty.
        Before all cells stands the sign for none.
        """
        ends = np.empty((self._table.num_columns, self._table.num_rows + 1), dtype=np.int64)
        texts = [_ABSENT]
        size = len(_ABSENT)
        for number, column in enumerate(self._table.columns):
            octets, own_ends = cells_of(column)
            np.add(own_ends, size - int(own_ends[0]), out=ends[number])
            texts.append(octets[own_ends[0] : own_ends[-1]])
            size += len(texts[-1])
        return np.concatenate([*texts, _ROOM]), ends


@numba.njit(cache=True, nogil=True)
def _joined(rows, octets, ends):  # type: ignore[no-untyped-def]
    """Put the cells of rows end to end; give octets, and ends of shape (k + 1,)."""
    joined_ends = np.zeros(len(rows) + 1, dtype=np.int64)
    for nth, row in enumerate(rows):
        size = len(ends) - 1
        for column in range(len(ends)):
            size += _place(ends, column, row)[1]
        joined_ends[nth + 1] = joined_ends[nth] + size
    joined = np.empty(joined_ends[-1] + 1 + _AT_ONCE, dtype=np.uint8)
    at = 0
    for row in rows:
        for column in range(len(ends)):
            start, size = _place(ends, column, row)
            for done in range(0, size, _AT_ONCE):
                copy_sixteen(octets, start + done, joined, at + done)
            joined[at + size] = _SEPARATOR
            at += size + 1
        at -= 1
    return joined, joined_ends


@numba.njit(cache=True, inline="always")
def _place(ends, column, row):  # type: ignore[no-untyped-def]
    """Give where a cell, or the sign for none, is among the octets, and its size."""
    start, size = ends[column, row], ends[column, row + 1] - ends[column, row]
    return (start if size else 0), (size or len(_ABSENT))
