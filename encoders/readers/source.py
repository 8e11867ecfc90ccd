"""What every reader of a file format gives: the columns that were asked for, as text.

A reader knows nothing of the record model. It asks `Mapping.wanted` which of the file's columns
to load, and names rows and columns as the file does.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from encoders.cells import NotTextError, text_of

WHOLE_ROW = ""
"""Stands for a column where the row itself is meant: a column without a name is never read."""


@dataclass
class Troubles:
    """Where in a file which rule is broken.

    Attributes:
        rows: Row numbers for each rule and column of the file (`WHOLE_ROW` for the row itself).
    """

    rows: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, rule: str, column: str, row: int) -> None:
        """Take one row that breaks a rule."""
        self.rows[rule, column].append(row)


@dataclass(repr=False)
class Source:
    """A file's rows, as far as they could be read.

    Attributes:
        columns: For each column that was loaded, a `pyarrow` array of n strings.
        rows: Number of each row, int64, shape (n,), ascending.
        troubles: The rows that could not be read, and the cells that have no text form.
        read_as: How the file was read, in words: format, and encoding or sheet where there is one.
        doubtful: Whether the encoding was guessed.
    """

    columns: dict[str, Any]
    rows: np.ndarray[Any, np.dtype[np.int64]]
    troubles: Troubles
    read_as: str
    doubtful: bool = False


class Gatherer:
    """Collects rows of cells into columns of text, chunk by chunk.

    A reader adds one row at a time; what is held as Python objects is one chunk.
    """

    _CHUNK = 32_768

    def __init__(self, names: Iterable[str], troubles: Troubles) -> None:
        self.names = tuple(names)
        self._troubles = troubles
        self._numbers: list[int] = []
        self._pending: list[tuple[object, ...]] = []
        self._chunks: list[list[Any]] = [[] for _ in self.names]

    def add(self, number: int, cells: tuple[object, ...]) -> None:
        """Take one row: its number and a cell for each name, in their order."""
        self._numbers.append(number)
        self._pending.append(cells)
        if len(self._pending) == self._CHUNK:
            self._flush()

    def finish(self) -> tuple[dict[str, Any], np.ndarray[Any, np.dtype[np.int64]]]:
        """Give the columns (chunked arrays of n strings) and the n row numbers."""
        self._flush()
        columns = {
            name: pa.chunked_array(chunks, pa.string())
            for name, chunks in zip(self.names, self._chunks, strict=True)
        }
        return columns, np.array(self._numbers, np.int64)

    def _flush(self) -> None:
        first = len(self._numbers) - len(self._pending)
        for place, name in enumerate(self.names):
            cells = [row[place] for row in self._pending]
            self._chunks[place].append(self._texts(name, cells, first))
        self._pending.clear()

    def _texts(self, name: str, cells: list[object], first: int) -> Any:
        try:
            return pa.array(cells, pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
            pass  # not all of them are text: look at each
        texts: list[str | None] = []
        for offset, cell in enumerate(cells):
            try:
                texts.append(text_of(cell))
            except NotTextError:
                texts.append(None)
                self._troubles.add("not_text", name, self._numbers[first + offset])
        return pa.array(texts, pa.string())
