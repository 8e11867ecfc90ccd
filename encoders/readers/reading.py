"""From a file to records: the one way in, whatever the file's format."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from encoders.cells import null_where_blank
from encoders.dates import year_first
from encoders.readers.delimited import read_delimited
from encoders.readers.jsonlines import read_json_lines
from encoders.readers.mapping import Mapping
from encoders.readers.parquet import read_parquet
from encoders.readers.pfif import read_pfif
from encoders.readers.primero import read_primero
from encoders.readers.source import WHOLE_ROW, Source, Troubles
from encoders.readers.workbook import read_workbook
from encoders.records import COLUMNS, Records
from encoders.rules import ROW, RULES, Finding, in_order
from matcher.formats.errors import InputError

_READERS = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".parquet": read_parquet,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_primero,
    ".xml": read_pfif,
}

_DATE_COLUMNS = ("birth_date", "age_on", "last_seen_date")


@dataclass(frozen=True)
class Reading:
    """A file's records, and what of it could not be read.

    Attributes:
        records: The rows that could be read, in the file's order.
        rows: Their row numbers, int64, shape (n,): as a spreadsheet shows them, the header being
            row 1, in CSV and XLSX; as lines, from 1, in JSON lines; from 1 in Parquet, PFIF and
            Primero's JSON, where the people of one tracing request have one number.
        findings: Rows and cells that could not be read.
        rows_in_file: How many rows held anything, readable or not.
        read_as: How the file was read, in words.
        encoding_guessed: Whether the text encoding is a guess that a person should look at.
    """

    records: Records
    rows: np.ndarray[Any, np.dtype[np.int64]]
    findings: tuple[Finding, ...]
    rows_in_file: int
    read_as: str
    encoding_guessed: bool


def read_records(path: Path, *, mapping: Mapping | None = None, role: str) -> Reading:
    """Read a society's file.

    Rows whose loaded cells are all empty are passed over, as spreadsheets leave them behind.

    Args:
        path: CSV (`.csv`, `.tsv`, `.txt`), XLSX, Parquet (`.parquet`), JSON lines (`.jsonl`,
            `.ndjson`), PFIF (`.xml`) or Primero's JSON (`.json`), told apart by the name's ending;
            Primero's CSV is known by its columns.
        mapping: Which of the file's columns are which; None where they bear the record model's
            names.
        role: The role of every row that has none of its own, one of `ROLES`.

    Raises:
        InputError: The file is missing, empty, damaged or of an unknown format, has no rows, or
            its columns do not fit.
        ParameterError: The role is none of `ROLES`.
    """
    chosen = mapping or Mapping()
    try:
        return _reading(_source(path, chosen), chosen, role)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path}: can't be read ({reason}).") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _source(path: Path, mapping: Mapping) -> Source:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"the format is told by the name's ending, which must be one of {', '.join(_READERS)}."
        )
    if path.stat().st_size == 0:
        raise InputError("the file is empty.")
    return reader(path, mapping)


def _reading(source: Source, mapping: Mapping, role: str) -> Reading:
    assigned = mapping.assigned(tuple(source.columns))
    columns = {
        column: _joined([source.columns[name] for name in names])
        for column, names in assigned.items()
    }
    records = _dated(Records(columns, len(source.rows)), mapping)
    filled = np.flatnonzero(_says_something(records))
    findings = _findings(source.troubles, assigned)
    unreadable = sum(len(finding.rows) for finding in findings if finding.field == ROW)
    if len(filled) + unreadable == 0:
        raise InputError("the file has a header but no rows.")
    return Reading(
        records.take(filled).with_default_role(role),
        source.rows[filled],
        findings,
        len(filled) + unreadable,
        source.read_as,
        source.doubtful,
    )


def _dated(records: Records, mapping: Mapping) -> Records:
    """Write dates as the record model has them, where the mapping says how the file does."""
    columns: dict[str, Any] = {}
    if mapping.date_order is not None:
        for name in _DATE_COLUMNS:
            cells, which = records.distinct(name)
            texts = [cell and year_first(cell, mapping.date_order) for (cell,) in cells]
            columns[name] = pa.array(texts, pa.string()).take(pa.array(which))
    if mapping.calendar is not None:
        dated = records.column("birth_date").is_valid()
        named = pc.if_else(dated, mapping.calendar, pa.scalar(None, pa.string()))
        columns["calendar"] = pc.coalesce(records.column("calendar"), named)
    return records.with_columns(columns)


def _says_something(records: Records) -> np.ndarray[Any, np.dtype[np.bool_]]:
    filled = np.zeros(len(records), np.bool_)
    for name in COLUMNS:
        filled |= records.column(name).is_valid().to_numpy()
    return filled


def _joined(columns: list[Any]) -> Any:
    if len(columns) == 1:
        return columns[0]
    held = [null_where_blank(column) for column in columns]
    return pc.binary_join_element_wise(*held, " ", null_handling="skip")


def _findings(troubles: Troubles, assigned: dict[str, tuple[str, ...]]) -> tuple[Finding, ...]:
    """Name the troubles' columns as the record model does."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (rule, name), numbers in troubles.rows.items():
        fields = (
            [ROW] if name == WHOLE_ROW else [c for c, names in assigned.items() if name in names]
        )
        for field in fields:
            rows[rule, field] += numbers
    return tuple(
        in_order(
            Finding(RULES[rule], field, np.unique(np.array(numbers, np.int64)))
            for (rule, field), numbers in rows.items()
        )
    )
