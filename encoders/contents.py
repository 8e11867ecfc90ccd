"""All cells of a record as one text, which no two records share by chance."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from encoders.bits import Rows, text_and_ends

Contents = tuple[npt.NDArray[np.uint8], Rows, Rows]
"""Octets, and starts and stops of shape (k,): text i is `octets[starts[i]:stops[i]]`."""

_SEPARATOR, _ABSENT = "\x1f", "\x1e"


class Cells:
    """The cells of n records, which are put together when they are first asked for.

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
        octets, ends = self._texts
        return octets, ends[rows], ends[rows + 1]

    @cached_property
    def _texts(self) -> tuple[npt.NDArray[np.uint8], Rows]:
        # The first column is taken as it is, since of texts alone one would be made for all.
        cells: list[pa.ChunkedArray | str] = [self._table.column(0)]
        for column in self._table.columns[1:]:
            if column.null_count < len(column):
                cells.append(column)
            elif isinstance(cells[-1], str):
                cells[-1] += _SEPARATOR + _ABSENT  # columns without a cell cost as much as one
            else:
                cells.append(_ABSENT)
        texts = pc.binary_join_element_wise(
            *cells, _SEPARATOR, null_handling="replace", null_replacement=_ABSENT
        )
        return text_and_ends(texts.combine_chunks())
