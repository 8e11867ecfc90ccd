"""Sets of filters in files: Arrow files, which are mapped into memory, or Parquet files.

A file has a column of fixed-size binary values, one filter a row, as batches have for each pass.
Rows are numbered through all files in the order given. An uncompressed Arrow file is never
copied: the operating system reads what is looked at, and forgets it when memory is short.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.formats.errors import InputError, ParameterError
from matcher.scoring.arguments import Filters


@dataclass(frozen=True)
class Partition:
    """A piece of a set that is read at once: a record batch of Arrow, or a row group of Parquet.

    Attributes:
        path: The file.
        place: Which of the file's pieces.
        first_row: The number of its first row in the set.
        rows: How many rows it has.
    """

    path: Path
    place: int
    first_row: int
    rows: int


@dataclass(frozen=True)
class FilterSet:
    """Filters in files.

    Attributes:
        column: The column that holds them.
        words: Length of a filter in words of 64 bits.
        partitions: The pieces, in order.
    """

    column: str
    words: int
    partitions: tuple[Partition, ...]

    @classmethod
    def open(cls, paths: Sequence[Path], column: str = "filter") -> "FilterSet":
        """Look at files without reading their filters.

        Args:
            paths: Arrow files (`.arrow`) or Parquet files, in order.
            column: The column that holds the filters.

        Raises:
            InputError: A file can't be read, or has no such column of whole words.
        """
        partitions: list[Partition] = []
        widths = set()
        first_row = 0
        for path in paths:
            width, pieces = _look_at(path, column)
            widths.add(width)
            for place, rows in enumerate(pieces):
                partitions.append(Partition(path.resolve(), place, first_row, rows))
                first_row += rows
        if len(widths) != 1:
            raise InputError("A set must have files, all with filters of the same length.")
        return cls(column, widths.pop(), tuple(partitions))

    def __len__(self) -> int:
        return sum(partition.rows for partition in self.partitions)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files, in order."""
        return tuple(dict.fromkeys(partition.path for partition in self.partitions))

    def read(self, start: int, stop: int) -> Filters:
        """Some rows, shape (rows, words); not a copy where they lie in one piece that is mapped.

        Raises:
            InputError: A file can't be read, or a filter is absent.
        """
        parts = []
        for partition in self.partitions:
            first = max(start - partition.first_row, 0)
            last = min(stop - partition.first_row, partition.rows)
            if first < last:
                parts.append(_read(partition, self.column, self.words)[first:last])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([np.empty((0, self.words), dtype=np.uint64), *parts])

    def digest(self) -> str:
        """SHA-256 over the contents of all files and the column's name."""
        whole = hashlib.sha256(self.column.encode())
        for path in self.files:
            try:
                with path.open("rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise _unreadable(path, error.strerror) from None
        return "sha256:" + whole.hexdigest()


def write_filters(filters: Filters, path: Path, *, partition_rows: int = 1 << 18) -> None:
    """Write filters as an Arrow file that can be mapped.

    Args:
        filters: Shape (n, words).
        path: The file; an older one is replaced.
        partition_rows: Rows in a piece.
    """
    if partition_rows < 1:
        raise ParameterError("partition_rows must be at least 1.")
    kind = pa.binary(8 * filters.shape[1])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _schema(kind)) as writer:
        for start in range(0, len(filters), partition_rows):
            rows = np.ascontiguousarray(filters[start : start + partition_rows])
            cells = pa.Array.from_buffers(kind, len(rows), [None, pa.py_buffer(rows)])
            writer.write(pa.record_batch([cells], schema=_schema(kind)))


def _schema(kind: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field("filter", kind, nullable=False)])


def _look_at(path: Path, column: str) -> tuple[int, list[int]]:
    """The words of a file's filters, and the rows of its pieces."""
    try:
        if path.suffix == ".arrow":
            with pa.memory_map(str(path)) as source:
                file = pa.ipc.open_file(source)
                schema = file.schema
                pieces = [file.get_batch(i).num_rows for i in range(file.num_record_batches)]
        else:
            with pq.ParquetFile(path) as file:
                schema = file.schema_arrow
                groups = range(file.num_row_groups)
                pieces = [file.metadata.row_group(i).num_rows for i in groups]
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, type(error).__name__) from None
    if column not in schema.names:
        raise InputError(f"{path}: there is no column {column!r}.")
    kind = schema.field(column).type
    if not pa.types.is_fixed_size_binary(kind) or kind.byte_width % 8 or not kind.byte_width:
        raise InputError(
            f"{path}: the column {column!r} must hold fixed-size binary values of whole 8 bytes."
        )
    return kind.byte_width // 8, pieces


def _read(partition: Partition, column: str, words: int) -> Filters:
    try:
        if partition.path.suffix == ".arrow":
            file = pa.ipc.open_file(pa.memory_map(str(partition.path)))
            cells = file.get_batch(partition.place).column(column)
        else:
            with pq.ParquetFile(partition.path) as parquet:
                table = parquet.read_row_group(partition.place, columns=[column])
            cells = table.column(column).combine_chunks()
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(partition.path, type(error).__name__) from None
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
    if cells.null_count:
        raise InputError(
            f"{partition.path}: the column {column!r} has rows without a filter; leave them out."
        )
    if not len(cells):
        return np.empty((0, words), dtype=np.uint64)
    values = np.frombuffer(cells.buffers()[1], dtype=np.uint64)
    start = cells.offset * words
    return values[start : start + len(cells) * words].reshape(len(cells), words)


def _unreadable(path: Path, reason: str | None) -> InputError:
    return InputError(f"{path}: can't be read ({reason}). Write it again, or name another file.")
