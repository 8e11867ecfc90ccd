"""Reading a society's files: CSV, XLSX, Parquet and JSON lines, by `read_records`."""

from encoders.readers.mapping import Mapping
from encoders.readers.reading import Reading, read_records
from encoders.readers.source import ROW

__all__ = ["ROW", "Mapping", "Reading", "read_records"]
