"""Many rows into a table of one transaction's, at the speed of COPY."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import sql
from sqlalchemy.orm import Session


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
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
