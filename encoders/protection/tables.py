"""Reading the intake's tables: a few known columns of text, from any file a society may keep."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from encoders.cells import null_where_blank
from encoders.protection.fields import Field
from encoders.readers import Mapping
from encoders.readers.delimited import read_delimited
from encoders.readers.jsonlines import read_json_lines
from encoders.readers.parquet import read_parquet
from encoders.readers.source import WHOLE_ROW
from encoders.readers.workbook import read_workbook
from matcher.formats.errors import InputError

_READERS: Final = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".parquet": read_parquet,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}


def as_key(identifier: str) -> str:
    """Give an identifier as tables are joined by it: no outer space, one Unicode form.

    A withdrawal must not miss its record for a blank that nobody sees.
    """
    return unicodedata.normalize("NFC", identifier).strip()


@dataclass(frozen=True)
class Trouble:
    """A cell or a row of a table that is not what it must be.

    Attributes:
        file: The table's file name.
        row: Its number there, as the readers count.
        field: The column, or `row`.
        must_be: What it must be, in words.
    """

    file: str
    row: int
    field: str
    must_be: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row:,}, {self.field}: must be {self.must_be}."


@dataclass(frozen=True, repr=False)
class Row:
    """One row: whom it is about, and what it says.

    Attributes:
        number: Its number, as the readers count.
        about: The key columns' cells, as `as_key` gives them; None where empty.
        said: For each field that is filled in and sound, its value.
        unsound: Fields that hold what they must not.
    """

    number: int
    about: tuple[str | None, ...]
    said: dict[str, str]
    unsound: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Table:
    """A table as far as it could be read.

    Attributes:
        rows: The rows that say something and are about somebody, in the file's order.
        troubles: All that is wrong with the file.
        ownerless: Whether there is a row of which nobody can tell whom it is about.
    """

    rows: tuple[Row, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    ownerless: bool = False


class _Form(Mapping):
    """The columns of a table in place of those of the record model."""

    @property
    def loadable(self) -> tuple[str, ...]:
        return tuple(self.ignore)

    def knows(self, name: str) -> bool:
        return name in self.ignore

    def wanted(self, header: Sequence[str]) -> tuple[str, ...]:
        named = [name for name in header if name]
        unknown = sum(name not in self.ignore for name in named)
        if unknown:  # not by name: the first row may be no header but a person
            raise InputError(
                f"{unknown} of its columns are not known. The first row must be a header of some "
                f"of {', '.join(sorted(self.ignore))}; take out what is not needed."
            )
        if len(set(named)) < len(named) or "record_id" not in named:
            raise InputError("its header must have each column once, record_id among them.")
        return tuple(named)


def read_table(path: Path, keys: tuple[str, ...], fields: Sequence[Field]) -> Table:
    """Read a table.

    Args:
        path: CSV (`.csv`, `.tsv`, `.txt`), XLSX, Parquet or JSON lines, told by the name's ending.
        keys: The columns that say whom a row is about; at least one must be filled in.
        fields: The other columns; those that are not in the file are empty.

    Raises:
        InputError: The file can't be read, or has columns that are not known.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: the name must end with one of {', '.join(_READERS)}.")
    names = (*keys, *(field.name for field in fields))
    try:
        source = reader(path, _Form(ignore=frozenset(names)))
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}).") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    troubles = [
        Trouble(path.name, row, column if column != WHOLE_ROW else "row", "readable text")
        for (_, column), rows in source.troubles.rows.items()
        for row in rows
    ]
    broken = {(trouble.row, trouble.field) for trouble in troubles}
    columns = {
        name: null_where_blank(column).to_pylist() for name, column in source.columns.items()
    }
    rows = []
    for place, number in enumerate(source.rows.tolist()):
        cells = {name: column[place] for name, column in columns.items()}
        if any(cells.values()):
            rows.append(_row(number, cells, keys, fields, broken))
    for row in rows:
        troubles += [
            Trouble(path.name, row.number, field.name, field.must_be())
            for field in fields
            if field.name in row.unsound
        ]
        if not any(row.about):
            troubles.append(Trouble(path.name, row.number, keys[0], "filled in"))
    return Table(
        rows=tuple(row for row in rows if any(row.about)),
        troubles=tuple(troubles),
        ownerless=not all(any(row.about) for row in rows)
        or any(field in ("row", *keys) for _, field in broken),
    )


def _row(
    number: int,
    cells: dict[str, str | None],
    keys: tuple[str, ...],
    fields: Sequence[Field],
    broken: set[tuple[int, str]],
) -> Row:
    said, unsound = {}, []
    for field in fields:
        cell = cells.get(field.name)
        value = None if cell is None else field.read(cell)
        if value is not None:
            said[field.name] = value
        elif cell is not None or (number, field.name) in broken:
            unsound.append(field.name)
    about = (cells.get(key) for key in keys)
    return Row(number, tuple(cell and as_key(cell) for cell in about), said, tuple(unsound))
