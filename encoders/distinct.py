"""Distinct things and what is made of them, each made once and numbered.

What can't be made is a defect of ours in one value, so it is noted and the others go on. The
exception is dropped, since its text may hold the value.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.growing import Lists
from encoders.records import code_cells, number_rows

Ids = npt.NDArray[np.int32]
Row = tuple[str | None, ...]

BROKEN = object()
"""Stands for a value that can't be parsed."""


class Values:
    """The distinct values of attributes that parse alike; shows nothing of them.

    Args:
        parse: Gives a value from a cell, or from all cells of a row.

    Attributes:
        fresh: The values that were added since this was emptied.
    """

    def __init__(self, parse: Callable[..., Any]) -> None:
        self._parse = parse
        self._numbers: dict[Row, int] = {}
        self.fresh: list[Any] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def number_cells(self, table: pa.Table, columns: tuple[str, ...]) -> Ids:
        """Number the values of n records, each cell being one.

        Returns:
            Shape (n, columns): the value's number, -1 where the cell is null.
        """
        codes, cells = code_cells(table, columns)
        in_turn = self._number([(cell,) for cell in cells.to_pylist()])
        numbers: Ids = np.array([*in_turn, -1], dtype=np.int32)[codes]
        return numbers

    def number_rows(self, table: pa.Table, columns: tuple[str, ...]) -> Ids:
        """Number the values of n records, all cells of a row together being one: shape (n, 1)."""
        codes, cells = code_cells(table, columns)
        texts = [*cells.to_pylist(), None]  # code -1 leads to the last
        which = number_rows(codes)
        first = np.unique(which, return_index=True)[1]
        rows = [tuple(texts[code] for code in row) for row in codes[first].tolist()]
        numbers: Ids = np.array(self._number(rows), dtype=np.int32)[which]
        return numbers[:, np.newaxis]

    def _number(self, rows: list[Row]) -> list[int]:
        numbers = self._numbers
        for cells in rows:
            if cells not in numbers:
                numbers[cells] = len(numbers)
                try:
                    self.fresh.append(self._parse(*cells))
                except Exception:
                    self.fresh.append(BROKEN)
        return [numbers[cells] for cells in rows]


class Made:
    """What is made of distinct things: of values their parts, of parts their tokens.

    Args:
        source: The things.
        make: Gives what is made of one of them.

    Attributes:
        lists: For each thing, positions in `distinct`.
        distinct: All that was made, each once, in order of first appearance.
        broken: The numbers of the things that nothing could be made of.
    """

    def __init__(self, source: "Values | Made", make: Callable[[Any], Iterable[Any]]) -> None:
        self._source = source
        self._make = make
        self._numbers: dict[Any, int] = {}
        self.lists = Lists()
        self.distinct: list[Any] = []
        self.broken: list[int] = []
        self.fresh: list[Any] = []

    def follow(self) -> None:
        """Take in what is fresh in the source; what that adds is fresh here."""
        known = len(self.distinct)
        lists: list[list[int]] = []
        for thing in self._source.fresh:
            made = self._made_of(thing)
            if made is None:
                self.broken.append(len(self.lists) + len(lists))
            lists.append([self._number(one) for one in made or ()])
        self.lists.extend(lists)
        self.fresh = self.distinct[known:]

    def _made_of(self, thing: Any) -> Iterable[Any] | None:
        if thing is BROKEN:
            return None
        try:
            return dict.fromkeys(self._make(thing))
        except Exception:
            return None

    def _number(self, one: Any) -> int:
        number = self._numbers.setdefault(one, len(self.distinct))
        if number == len(self.distinct):
            self.distinct.append(one)
        return number
