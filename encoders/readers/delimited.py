"""CSV and its relatives: cells divided by a comma, semicolon, tab or vertical bar."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from encoders.readers.mapping import Mapping
from encoders.readers.primero import is_primero, people_in
from encoders.readers.source import WHOLE_ROW, Gatherer, Source, Troubles
from encoders.readers.text import find_encoding

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SNIFFED_CHARACTERS = 1 << 16
_SNIFFED_ROWS = 100


def read_delimited(path: Path, mapping: Mapping) -> Source:
    """Read a delimited text file.

    Quotes are as in RFC 4180: doubled inside a quoted cell, which may hold line breaks. Rows are
    numbered as a spreadsheet shows them: the header is 1, and a quoted line break starts no row.
    Primero's exports are known by their columns where no mapping names any.

    Args:
        path: The file.
        mapping: Which columns to load.

    Raises:
        InputError: The encoding can't be told, or the columns do not fit the mapping.
    """
    encoding = find_encoding(path, mapping.encoding)
    with path.open(encoding=encoding.name, newline="") as file:
        delimiter = _sniff(file.read(_SNIFFED_CHARACTERS), mapping)
        file.seek(0)
        troubles = Troubles()
        rows = _rows(file, delimiter, troubles)
        header = [name.strip() for name in next(rows, (0, []))[1]]
        by_primero = not mapping.columns and is_primero(header)
        wanted = dict.fromkeys(filter(None, header)) if by_primero else mapping.wanted(header)
        gatherer = Gatherer(wanted, troubles)
        _gather(rows, header, gatherer, troubles)
        columns, numbers = gatherer.finish()
    read_as = f"text in {encoding.name}, divided by {_DELIMITERS[delimiter]}s"
    source = Source(columns, numbers, troubles, read_as, encoding.guessed)
    return people_in(source) if by_primero else source


def _gather(
    rows: Iterator[tuple[int, list[str]]], header: list[str], gatherer: Gatherer, troubles: Troubles
) -> None:
    """Gather the wanted cells of every row that is as long as the header.

    Empty cells beyond the header's are passed over, as some exports end every row with a delimiter.
    """
    width = len(header)
    places = [header.index(name) for name in gatherer.names]
    for number, row in rows:
        if len(row) == width or (len(row) > width and not any(row[width:])):
            gatherer.add(number, tuple([row[place] for place in places]))
        elif row:
            troubles.add("row_length", WHOLE_ROW, number)


def _rows(file: TextIO, delimiter: str, troubles: Troubles) -> Iterator[tuple[int, list[str]]]:
    """Give every row that can be read, with its number.

    A row with broken quotes may have swallowed the lines after it. Each line is then counted and
    reported as a row, so that none goes missing and the numbers after it are right.
    """
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    number = 0
    while True:
        line = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            for _ in range(reader.line_num - line):
                number += 1
                troubles.add("row_not_read", WHOLE_ROW, number)
            continue
        number += 1
        yield number, row


def _sniff(sample: str, mapping: Mapping) -> str:
    """Choose the delimiter under which the header has most known names and rows are most alike."""

    def fitness(delimiter: str) -> tuple[int, int, int]:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths = [(len(row), row) for row in islice(rows, _SNIFFED_ROWS) if row]
        header = widths[0][1] if widths else []
        known = sum(mapping.knows(name.strip()) for name in header)
        alike = sum(width == len(header) for width, _ in widths) if len(header) > 1 else 0
        return known, alike, len(header)

    return max(_DELIMITERS, key=fitness)
