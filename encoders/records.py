"""The record model: people as a society has them, column by column.

A record is one person in one case. Every cell is text as the source has it, or null where the
source says nothing; what the text means (which date, which sex) is read later, by the one module
that knows it, so that nothing is lost or guessed on the way in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from encoders.cells import NotTextError, null_where_blank, text_column, text_of
from matcher.formats.errors import InputError, ParameterError
from matcher.formats.vocabulary import ROLES

COLUMNS = (
    "record_id",
    "case_id",
    "role",
    "relation",
    "given_name",
    "father_name",
    "grandfather_name",
    "family_name",
    "mother_name",
    "other_names",
    "sex",
    "birth_date",
    "age",
    "age_on",
    "calendar",
    "birth_place",
    "nationality",
    "residence",
    "last_seen_place",
    "last_seen_date",
    "language",
)
"""Every column of the record model, in its order.

`relation` is what this person is to the enquirer of the case, or, for kin, to the sought person.
`age` is in whole years on the day `age_on`; `calendar` is that of `birth_date`.
"""

NAME_COLUMNS = ("given_name", "father_name", "grandfather_name", "family_name", "other_names")
"""The parts of the person's own name; `mother_name` is another person's."""

SEXES = ("f", "m")
"""The codes of sex that are compared; anything else is absent."""


class Records:
    """A table of people in exactly the columns of the record model.

    Attributes:
        table: A `pyarrow.Table` of n rows with the columns of `COLUMNS` in that order, all of
            type `string`. A cell that is empty or holds only white space is null; every other
            cell is as the source has it.
    """

    def __init__(self, columns: Mapping[str, Any], count: int) -> None:
        """Take text columns; a column that is not given is all null.

        Args:
            columns: A `pyarrow` array or chunked array of `count` strings for each column name.
            count: The number of records.

        Raises:
            InputError: A column is none of the record model's, or has another length.
        """
        _refuse_unknown(columns)
        if any(len(column) != count for column in columns.values()):
            raise InputError("The columns differ in length; every column needs one cell a record.")
        absent = pa.nulls(count, pa.string())
        self.table = pa.table(
            {name: null_where_blank(columns.get(name, absent)) for name in COLUMNS}
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, role: str) -> Self:
        """Take a data frame whose columns are named as the record model's; its index is not read.

        Args:
            frame: n rows; cells may be text, numbers, dates or missing.
            role: The role of every row that has none of its own.

        Raises:
            InputError: A column is unknown, stands twice, or holds what has no text form.
            ParameterError: The role is none of `ROLES`.
        """
        names = [str(name) for name in frame.columns]
        _refuse_unknown(names)
        if len(set(names)) < len(names):
            raise InputError("A column stands twice in the data frame; keep one of the two.")
        columns = {name: _series_text(name, frame[name]) for name in names}
        return cls(columns, len(frame)).with_default_role(role)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, object]], *, role: str) -> Self:
        """Take one mapping from column names to cells for each record.

        Args:
            rows: The records; a column that a record does not name is absent from it.
            role: The role of every record that has none of its own.

        Raises:
            InputError: A column is unknown, or holds what has no text form.
            ParameterError: The role is none of `ROLES`.
        """
        held = list(rows)
        names = dict.fromkeys(name for row in held for name in row)
        _refuse_unknown(names)
        columns = {name: _cells_text(name, [row.get(name) for row in held]) for name in names}
        return cls(columns, len(held)).with_default_role(role)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        filled = [name for name in COLUMNS if self.table[name].null_count < len(self)]
        return f"<{len(self)} records with {', '.join(filled) or 'no values'}>"

    def column(self, name: str) -> Any:
        """Give one column: a `pyarrow.ChunkedArray` of n strings, null where absent."""
        return self.table[name]

    def take(self, indices: Sequence[int] | np.ndarray[Any, Any]) -> Self:
        """Give the records at these positions (0-based), in the order given."""
        return self._of(self.table.take(pa.array(indices, pa.int64())))

    def with_columns(self, columns: Mapping[str, Any]) -> Self:
        """Give the same records with these columns (n strings each) in place of their own."""
        _refuse_unknown(columns)
        table = self.table
        for name, column in columns.items():
            table = table.set_column(COLUMNS.index(name), name, null_where_blank(column))
        return self._of(table)

    def codes(self, *names: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Number the distinct combinations of some columns' cells.

        Args:
            names: Any columns.

        Returns:
            A number from 0 to k - 1 for each record (int64, shape (n,)), in order of first
            appearance; two records have the same number if and only if they are alike in all
            these columns, absent being like absent.
        """
        numbers = np.zeros(len(self), np.int64)
        for name in names:
            codes, distinct = code_cells(self.table, (name,))
            numbered = numbers * (len(distinct) + 1) + codes[:, 0] + 1
            numbers = pd.factorize(numbered)[0].astype(np.int64, copy=False)
        return numbers

    def distinct(
        self, *names: str
    ) -> tuple[list[tuple[str | None, ...]], np.ndarray[Any, np.dtype[np.int64]]]:
        """Give the distinct combinations of some columns, so that each is worked out once.

        Args:
            names: One or more columns.

        Returns:
            The k distinct combinations and, for each of the n records, the position of its own
            among them: `codes(*names)`.
        """
        codes = self.codes(*names)
        first = np.unique(codes, return_index=True)[1]
        rows = self.table.select(list(names)).take(pa.array(first, pa.int64()))
        return list(zip(*(rows[name].to_pylist() for name in names), strict=True)), codes

    def with_default_role(self, role: str) -> Self:
        """Give the same records, where those without a role have this one.

        Raises:
            ParameterError: The role is none of `ROLES`.
        """
        if role not in ROLES:
            raise ParameterError(f"role must be one of {', '.join(ROLES)}; it is '{role}'.")
        filled = pc.fill_null(self.table["role"], role)
        return self._of(self.table.set_column(COLUMNS.index("role"), "role", filled))

    def _of(self, table: Any) -> Self:
        """Wrap a table that was made from this one, and so is already as it must be."""
        other = object.__new__(type(self))
        other.table = table
        return other


def code_cells(table: Any, names: Sequence[str]) -> tuple[np.ndarray[Any, np.dtype[np.int32]], Any]:
    """Number the distinct cells of some columns, over one list for all of them.

    Args:
        table: A `pyarrow.Table` of n rows.
        names: Columns of text, one or more.

    Returns:
        Shape (n, columns), int32: for each cell its position in the list, -1 where it is null. And
        the list, a `pyarrow` array, in order of first appearance, column by column.
    """
    cells = pa.chunked_array(
        [chunk for name in names for chunk in table.column(name).chunks], type=pa.string()
    )
    coded = cells.combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    by_row = np.ascontiguousarray(codes.reshape(len(names), table.num_rows).T, dtype=np.int32)
    return by_row, coded.dictionary


def _refuse_unknown(names: Iterable[str]) -> None:
    unknown = [f"'{name}'" for name in names if name not in COLUMNS]
    if unknown:
        raise InputError(
            f"Not a column of the record model: {', '.join(unknown)}. Rename or leave out; "
            f"the columns are {', '.join(COLUMNS)}."
        )


def _series_text(name: str, series: "pd.Series[Any]") -> Any:
    try:
        return text_column(pa.Array.from_pandas(series))
    except (pa.ArrowInvalid, pa.ArrowTypeError, NotTextError, UnicodeEncodeError):
        pass  # cells of several types, or of none that has a text form: look at each
    return _cells_text(name, series.tolist())


def _cells_text(name: str, cells: Iterable[object]) -> Any:
    try:
        return pa.array([text_of(cell) for cell in cells], pa.string())
    except NotTextError:
        raise InputError(
            f"Column '{name}' holds what is not text, a number or a date; give it as text."
        ) from None
