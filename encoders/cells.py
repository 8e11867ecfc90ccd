"""How a typed cell of a file or a frame becomes the text that the record model holds.

Text is left as it is. A whole number loses the `.0` that spreadsheets and data frames give it, so
that an identifier 123 stays `123`; a date or a moment becomes its day as `1998-02-05`, since no
field of the record model holds a time.
"""

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


class NotTextError(Exception):
    """A cell or a column holds what has no text form, such as a list; it never says what."""


def text_of(cell: object) -> str | None:
    """Give the text of one cell.

    Args:
        cell: Text, a number, a truth value, a date, a moment, or a missing value (None, NaN, or
            pandas' NA and NaT).

    Returns:
        The text, or None where the cell is missing.

    Raises:
        NotTextError: The cell holds something else, or text that UTF-8 can't write (half of a
            surrogate pair).
    """
    plain = cell.item() if isinstance(cell, np.generic) else cell
    if plain is None or plain is pd.NaT or plain is pd.NA:
        return None
    if isinstance(plain, str):
        return _encodable(plain)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, datetime.datetime):
        return plain.date().isoformat()
    if isinstance(plain, datetime.date):
        return plain.isoformat()
    if isinstance(plain, int | float | decimal.Decimal):
        return _number(plain)
    raise NotTextError


def text_column(column: Any) -> Any:
    """Give the text of one Arrow column, by the same rules as `text_of`.

    Args:
        column: A `pyarrow.Array` or `ChunkedArray` of n cells: text, numbers, truth values,
            dates, moments, UTF-8 bytes, or a dictionary of these.

    Returns:
        A `pyarrow.ChunkedArray` of n cells of type `string`, null where a cell is missing.

    Raises:
        NotTextError: The column's type has no text form, or its bytes are not UTF-8.
    """
    chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    kind = chunks.type
    try:
        chunks.validate(full=True)  # a damaged file may hold what only claims to be text
        if pa.types.is_dictionary(kind):
            return text_column(chunks.cast(kind.value_type))
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            return _days(chunks).cast(pa.string())
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return pa.chunked_array([_numbers(chunks)])
        if _casts_to_text(kind):
            return chunks.cast(pa.string())
    except pa.ArrowInvalid:
        pass  # its message would show the cell
    raise NotTextError


def null_where_blank(column: Any) -> Any:
    """Give a text column (array or chunked array) as one array, null where it is blank."""
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    cleared = pc.if_else(blank, pa.scalar(None, pa.string()), column)
    return cleared.combine_chunks() if isinstance(cleared, pa.ChunkedArray) else cleared


def _days(moments: Any) -> Any:
    """Give the day of dates or moments, where they are; only those with a zone ask for its table.

    Not by `strftime`, which asks for it always, and on Windows there is none.
    """
    has_zone = pa.types.is_timestamp(moments.type) and moments.type.tz is not None
    return (pc.local_timestamp(moments) if has_zone else moments).cast(pa.date32())


def _casts_to_text(kind: Any) -> bool:
    """Tell whether Arrow's own cast gives the text that `text_of` gives."""
    return any(
        test(kind)
        for test in (
            pa.types.is_null,
            pa.types.is_boolean,
            pa.types.is_integer,
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _numbers(chunks: Any) -> Any:
    distinct = pc.unique(chunks)
    texts = pa.array([text_of(number.as_py()) for number in distinct], pa.string())
    return texts.take(pc.index_in(chunks, value_set=distinct).combine_chunks())


def _number(number: float | decimal.Decimal) -> str | None:
    if number != number:  # NaN alone differs from itself
        return None
    if isinstance(number, int):
        return str(number)
    if number in (float("inf"), float("-inf")):
        raise NotTextError
    return str(int(number)) if number == int(number) else str(number)


def _encodable(text: str) -> str:
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    raise NotTextError
