"""What is encoded: generated tracing records, in all their scripts or in Latin letters alone.

Tracing records have many empty cells, which cost neither side anything; where every cell is filled,
as in a register of births, or all of FEBRL's are, there is more to do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datasets.febrl import load
from datasets.tracing import generate

_TEXT = (
    *("given_name", "father_name", "grandfather_name", "family_name", "other_names"),
    *("mother_name", "birth_place", "residence", "last_seen_place"),
)
_OTHER_SCRIPTS = r"[\p{Arabic}\p{Cyrillic}\p{Ethiopic}]"
_ROWS_PER_REQUEST = 2.8  # a little less than there are, so that enough are made
_SPARE_REQUESTS = 20  # for where few are asked for
_LATIN_SHARE = 0.3  # a little less than there is


def mixed(rows: int, seed: int) -> pa.Table:
    """Generate records of requests and of a register, half and half, in mixed scripts."""
    half = -(-rows // 2)
    made = generate(round(half / _ROWS_PER_REQUEST) + _SPARE_REQUESTS, half, seed)
    both = pd.concat([made.requests, made.register], ignore_index=True)
    return pa.Table.from_pandas(both, preserve_index=False).slice(len(both) - rows)


def latin(rows: int, seed: int) -> pa.Table:
    """Generate records whose names and places are all in Latin letters."""
    table = mixed(round(rows / _LATIN_SHARE), seed)
    foreign = pa.scalar(False)
    for name in _TEXT:
        foreign = pc.or_(foreign, pc.match_substring_regex(table[name], _OTHER_SCRIPTS))
    found = table.filter(pc.invert(foreign))
    if found.num_rows < rows:
        raise ValueError("Too few of the generated records are in Latin letters.")
    return found.slice(0, rows)


def complete(table: pa.Table, columns: Sequence[str], seed: int) -> pa.Table:
    """Fill every empty cell of some columns with a cell of another record, drawn at random."""
    rng = np.random.default_rng(seed)
    for name in columns:
        cells = table[name].to_pandas().to_numpy(copy=True)
        empty = cells == ""
        cells[empty] = rng.choice(cells[~empty], empty.sum())
        table = table.set_column(table.column_names.index(name), name, pa.array(cells, pa.string()))
    return table


def febrl() -> pa.Table:
    """Give the 10,000 records of FEBRL 4."""
    made = load()
    both = pd.concat([made.requests, made.register], ignore_index=True)
    return pa.Table.from_pandas(both, preserve_index=False)


def distinct_counts(table: pa.Table) -> dict[str, int]:
    """Count the distinct cells of each column."""
    return {name: len(pc.unique(table[name])) for name in table.column_names}


def write(table: pa.Table, path: Path) -> Path:
    """Write a table for the processes that encode it."""
    pq.write_table(table, path)
    return path
