"""Turning an attribute of many records into tokens, each distinct value once."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.views import ATTRIBUTES, VIEWS


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """The tokens of n records, under one view.

    Attributes:
        distinct: Every distinct token, in order of first appearance.
        offsets: Shape (n + 1,), int64: record i has `ids[offsets[i]:offsets[i + 1]]`.
        ids: Indices into `distinct`, int32; distinct within a record.
    """

    distinct: list[str]
    offsets: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, repr=False)
class Values:
    """The distinct values of an attribute, and which of them each record has.

    Attributes:
        distinct: The values.
        codes: Shape (n, columns), int32: indices into `distinct`, -1 where absent.
    """

    distinct: list[Any]
    codes: npt.NDArray[np.int32]


def values_of(table: pa.Table, name: str) -> Values:
    """Read the values of the attribute that a scheme calls `name`."""
    attribute = ATTRIBUTES[name]
    codes, cells = _coded(table, attribute.columns)
    if attribute.pooled:
        return Values([attribute.read(cell) for cell in cells], codes)
    rows, which = np.unique(codes, axis=0, return_inverse=True)
    distinct = [
        attribute.read(*(cells[code] if code >= 0 else None for code in row)) for row in rows
    ]
    return Values(distinct, which.reshape(-1, 1).astype(np.int32))


def _coded(table: pa.Table, columns: tuple[str, ...]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Code the cells of several columns over one list of distinct cells; -1 is null."""
    stacked = pa.chunked_array(
        [chunk for column in columns for chunk in table.column(column).chunks], type=pa.string()
    )
    coded = stacked.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return (
        np.ascontiguousarray(codes.reshape(len(columns), table.num_rows).T),
        coded.dictionary.to_pylist(),
    )


def tokens_of(values: Values, name: str) -> Tokens:
    """Turn the values of records into tokens, under the view that a scheme calls `name`.

    A record's tokens are the union over its values; a value that is absent has none.
    """
    view = VIEWS[name]
    numbers: dict[str, int] = {}
    ids: list[int] = []
    offsets = np.zeros(len(values.distinct) + 1, dtype=np.int64)
    for row, value in enumerate(values.distinct):
        ids.extend(numbers.setdefault(token, len(numbers)) for token in dict.fromkeys(view(value)))
        offsets[row + 1] = len(ids)
    merged = _union(values.codes, offsets, np.array(ids, dtype=np.int32), len(numbers))
    return Tokens(list(numbers), *merged)


@numba.njit(cache=True, nogil=True)
def _union(codes, offsets, ids, distinct):  # type: ignore[no-untyped-def]
    """Unite the tokens of each record's values, in order of first appearance."""
    n, columns = codes.shape
    out_offsets = np.zeros(n + 1, dtype=np.int64)
    for row in range(n):
        size = 0
        for column in range(columns):
            code = codes[row, column]
            if code >= 0:
                size += offsets[code + 1] - offsets[code]
        out_offsets[row + 1] = size  # room for now; the true count below
    room = out_offsets.sum()
    out = np.empty(room, dtype=np.int32)
    seen_in = np.full(distinct, -1, dtype=np.int64)
    end = 0
    for row in range(n):
        for column in range(columns):
            code = codes[row, column]
            if code < 0:
                continue
            for at in range(offsets[code], offsets[code + 1]):
                token = ids[at]
                if seen_in[token] != row:
                    seen_in[token] = row
                    out[end] = token
                    end += 1
        out_offsets[row + 1] = end
    return out_offsets, out[:end]
