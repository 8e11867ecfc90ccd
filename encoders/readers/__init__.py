"""Reading a society's files: CSV, XLSX, Parquet and JSON lines, by `read_records`."""

from encoders.readers.mapping import Mapping
from encoders.readers.reading import Reading, read_records

__all__ = ["Mapping", "Reading", "read_records"]
