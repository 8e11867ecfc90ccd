"""What a night found: the best pairs of each left record, kept tile by tile in files."""

from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.decisions.candidates import Pairs
from matcher.decisions.evidence import DECIMALS
from matcher.formats.cells import Octets
from matcher.formats.files import written_whole
from matcher.nightly.records import Numbers

_SCORES: Final = 1 << 32
"""Scores in thousandths of a bit lie between minus and plus half of it."""


def none_of(passes: int) -> Pairs:
    """No pairs, under a model of so many passes."""
    none = np.empty(0, np.int64)
    distances = np.empty((0, passes), np.int32)
    return Pairs(none, none, distances, np.empty(0), np.empty(0, np.bool_), np.empty(0))


def joined(found: list[Pairs]) -> Pairs:
    """Put pairs one after the other."""
    columns = (np.concatenate([getattr(one, part.name) for one in found]) for part in fields(Pairs))
    return Pairs(*columns)


def best_of(found: Pairs, references: Octets, keep: int) -> Pairs:
    """Keep the best pairs of each left record; of equal ones the lowest right references.

    Args:
        found: Pairs of positions of records, in any order.
        references: The records' references, shape (records, 16), uint8.
        keep: How many a left record may have.

    Returns:
        Them, by left position, then best first.
    """
    found = found.take(_near_the_best(found, keep))
    high, low = np.ascontiguousarray(references[found.right]).view(">u8").astype(np.uint64).T
    order = np.lexsort((low, high, -found.scores, found.left))
    ordered = found.left[order]
    place = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return found.take(order[place < keep])


def _near_the_best(found: Pairs, keep: int) -> Numbers:
    """Positions of the pairs that score no worse than the last that their left record may have.

    One number for left record and score sorts many times faster than two columns do.
    """
    worse = _SCORES // 2 - np.rint(found.scores * 10**DECIMALS).astype(np.int64)
    key = found.left * _SCORES + worse
    ordered = np.sort(key)
    lefts, starts = np.unique(ordered // _SCORES, return_index=True)
    ends = np.append(starts[1:], len(ordered))
    last = ordered[np.minimum(starts + keep, ends) - 1]
    near: Numbers = np.flatnonzero(key <= last[np.searchsorted(lefts, found.left)])
    return near


def write_found(found: Pairs, path: Path) -> None:
    """Write a tile's pairs, whole or not at all.

    Raises:
        OutputError: The file can't be written.
    """
    width = found.distances.shape[1]
    cells = pa.array(np.ascontiguousarray(found.distances).reshape(-1))
    columns = {part.name: getattr(found, part.name) for part in fields(Pairs)}
    columns["distances"] = pa.FixedSizeListArray.from_arrays(cells, width)
    with written_whole(path, private=True) as aside:
        pq.write_table(pa.table(columns), aside, compression="zstd", write_page_checksum=True)


def read_found(path: Path, passes: int) -> Pairs | None:
    """Read a tile's pairs; None if they are not there or not whole, and so are to be found anew."""
    if not path.exists():
        return None
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        return None
    columns = {
        part.name: table.column(part.name).to_numpy()
        for part in fields(Pairs)
        if part.name != "distances"
    }
    flat = table.column("distances").combine_chunks().flatten().to_numpy()
    return Pairs(**columns, distances=flat.reshape(-1, passes))
