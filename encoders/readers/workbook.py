"""XLSX workbooks: the first sheet, whose first row is the header."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from encoders.cells import NotTextError, text_of
from encoders.readers.mapping import Mapping
from encoders.readers.source import Gatherer, Source, Troubles
from matcher.formats.errors import InputError

# What openpyxl lets through when bytes of a workbook are altered.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


def read_workbook(path: Path, mapping: Mapping) -> Source:
    """Read the first sheet of a workbook.

    Rows are numbered as the sheet shows them. Formulas count by the result that was last saved.

    Args:
        path: The file.
        mapping: Which columns to load.

    Raises:
        InputError: The file is no workbook, is damaged or protected by a password, or its columns
            do not fit the mapping.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's warnings show values of cells
            return _read(path, mapping)
    except _DAMAGED:
        raise InputError(
            "the workbook can't be read; it may be cut short, protected by a password or "
            "of the old .xls format. Save it again as an .xlsx file without a password."
        ) from None


def _read(path: Path, mapping: Mapping) -> Source:
    openpyxl = import_module("openpyxl")  # takes a moment to load, and most files are no workbooks
    errors = frozenset(openpyxl.cell.cell.ERROR_CODES)
    workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()  # what exports state as their size is often wrong
        rows = enumerate(sheet.iter_rows(values_only=True), start=1)
        header = _header(rows)
        names = mapping.wanted(header)
        places = [header.index(name) for name in names]
        troubles = Troubles()
        gatherer = Gatherer(names, troubles)
        for number, row in rows:
            cells = [row[place] if place < len(row) else None for place in places]
            for name, cell in zip(names, cells, strict=True):
                if cell in errors:
                    troubles.add("cell_error", name, number)
            gatherer.add(number, tuple(None if cell in errors else cell for cell in cells))
        columns, numbers = gatherer.finish()
    finally:
        workbook.close()
    read_as = f"the first of {len(workbook.worksheets)} sheets of a workbook"
    return Source(columns, numbers, troubles, read_as)


def _header(rows: Iterator[tuple[int, tuple[Any, ...]]]) -> list[str]:
    _, cells = next(rows, (0, ()))
    try:
        return [(text_of(cell) or "").strip() for cell in cells]
    except NotTextError:
        raise InputError("the first row of the sheet must hold the names of the columns.") from None
