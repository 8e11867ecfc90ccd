"""Parquet files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from encoders.cells import NotTextError, text_column
from encoders.readers.mapping import Mapping
from encoders.readers.source import Source, Troubles
from matcher.formats.errors import InputError


def read_parquet(path: Path, mapping: Mapping) -> Source:
    """Read a Parquet file, of which only the wanted columns are loaded.

    Rows are numbered from 1, since there is no header row.

    Args:
        path: The file.
        mapping: Which columns to load.

    Raises:
        InputError: The file is no Parquet file, was cut short or is damaged, or its columns do
            not fit the mapping or hold what has no text form.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = mapping.wanted(file.schema_arrow.names)
            table = file.read(columns=list(names))
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        raise InputError(
            "the Parquet file can't be read; it was cut short or altered, or is "
            "encrypted. Export it again."
        ) from None
    columns = {}
    for name in names:
        try:
            columns[name] = text_column(table[name])
        except NotTextError:
            raise InputError(
                f"column '{name}' holds what is not text, a number or a date; export it as text."
            ) from None
    numbers = np.arange(1, table.num_rows + 1, dtype=np.int64)
    return Source(columns, numbers, Troubles(), "Parquet")
