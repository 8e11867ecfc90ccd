"""Many rows into a table of one transaction's, at the speed of COPY."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from psycopg import Copy, sql
from sqlalchemy.orm import Session

Columns = Mapping[str, npt.NDArray[Any] | None]
"""For each column one value or row of values for each row; None where all are null."""

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"
_NULL: Final = -1
# How values stand in PostgreSQL's binary format, and the number of their type in an array's head.
_BINARY: Final = {
    "smallint": (">i2", 21),
    "integer": (">i4", 23),
    "bigint": (">i8", 20),
    "float8": (">f8", 701),
}
_BYTES: Final = "bytea"


def copy_rows(
    session: Session, name: str, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Make a temporary table, gone with the transaction, and fill it.

    Args:
        session: The transaction.
        name: The table's name.
        columns: Each column's name and type.
        rows: The rows, with values in the columns' order.
    """
    with _copying(session, name, columns) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def copy_arrays(
    session: Session, name: str, columns: Mapping[str, str], blocks: Iterable[Columns]
) -> None:
    """Make a temporary table and fill it as `copy_rows` does, with whole columns at a time.

    Args:
        session: The transaction.
        name: The table's name.
        columns: Each column's name and type: a kind of number, an array of one, or `bytea`.
        blocks: Rows by column: numbers of shape (n,), arrays of shape (n, k) with one k for a
            block, and bytes as uint8 of shape (n, width).
    """
    with _copying(session, name, columns) as copy:
        copy.write(_HEAD)
        for block in blocks:
            copy.write(_binary(columns, block))
        copy.write(_TAIL)


def copied(
    session: Session, query: str, given: Mapping[str, Any], columns: Mapping[str, str]
) -> npt.NDArray[np.void]:
    """Read many rows of one width at once.

    Args:
        session: The transaction.
        query: What is asked for, with names in braces where values stand; nothing of it is null.
        given: The values.
        columns: Each column's name and type, in the query's order: a kind of number, or `bytea`
            and its width.

    Returns:
        A structured array, in the byte order of the network; bytes as uint8 of shape (n, width).
    """
    layout: list[tuple[Any, ...]] = [("fields", ">i2")]
    for name, kind in columns.items():
        what, _, width = kind.partition(" ")
        cell = (name, np.uint8, (int(width),)) if width else (name, _BINARY[what][0])
        layout += [(f"{name} length", ">i4"), cell]
    driver: Any = session.connection().connection.driver_connection
    literal = {name: sql.Literal(value) for name, value in given.items()}
    asked = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(sql.SQL(query).format(**literal))
    with driver.cursor() as cursor, cursor.copy(asked) as copy:
        content = b"".join(map(bytes, copy))
    rows = content[len(_HEAD) : -len(_TAIL)]
    return np.frombuffer(rows, np.dtype(layout))


def _binary(columns: Mapping[str, str], block: Columns) -> bytes:
    """Lay out rows as the binary format of COPY has them; all rows of a block are of one width."""
    layout: list[tuple[Any, ...]] = [("fields", ">i2")]
    for name, kind in columns.items():
        layout.append((f"{name} length", ">i4"))
        if (cells := block[name]) is not None:
            layout += _cell(name, kind, cells)
    count = next(len(cells) for cells in block.values() if cells is not None)
    rows = np.zeros(count, np.dtype(layout))
    rows["fields"] = len(columns)
    for name, kind in columns.items():
        cells = block[name]
        rows[f"{name} length"] = _NULL if cells is None else _length(kind, cells)
        if cells is None:
            continue
        if kind.endswith("[]"):
            rows[f"{name} head"] = (1, 0, _BINARY[kind[:-2]][1], cells.shape[1], 1)
            rows[name]["length"] = np.dtype(_BINARY[kind[:-2]][0]).itemsize
            rows[name]["value"] = cells
        else:
            rows[name] = cells
    return rows.tobytes()


def _cell(name: str, kind: str, cells: npt.NDArray[Any]) -> list[tuple[Any, ...]]:
    if kind == _BYTES:
        return [(name, np.uint8, cells.shape[1:])]
    if not kind.endswith("[]"):
        return [(name, _BINARY[kind][0])]
    one = np.dtype([("length", ">i4"), ("value", _BINARY[kind[:-2]][0])])
    return [(f"{name} head", ">i4", (5,)), (name, one, cells.shape[1:])]


def _length(kind: str, cells: npt.NDArray[Any]) -> int:
    layout = np.dtype(_cell("cell", kind, cells[:1]))
    return int(layout.itemsize)


@contextmanager
def _copying(session: Session, name: str, columns: Mapping[str, str]) -> Iterator[Copy]:
    driver: Any = session.connection().connection.driver_connection
    kinds = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
        for column, kind in columns.items()
    )
    with driver.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(
                sql.Identifier(name), kinds
            )
        )
        into = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(sql.Identifier(name))
        with cursor.copy(into) as copy:
            yield copy
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
