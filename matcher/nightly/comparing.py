"""Comparing the tiles of a plan, each into a file of its own, so that a night can be cut off."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.decisions.candidates import Side, pairs_within_reach
from matcher.decisions.evidence import Distances, Weights
from matcher.formats.batch import Batch
from matcher.formats.errors import IntegrityError, LimitError, OutputError
from matcher.formats.files import written_whole
from matcher.formats.vocabulary import BANDS
from matcher.nightly.planning import NightPlan, Tile
from matcher.nightly.records import Numbers
from matcher.store.fingerprints import Fingerprints

# The sample from which a night's cost is told.
_SAMPLED_LEFT = 1 << 11
_SAMPLED_RIGHT = 1 << 13

Advance = Callable[[int], None]
"""Told how many pairs have been compared since it was last told."""


@dataclass(frozen=True, eq=False, repr=False)
class Found:
    """Pairs that are candidates whatever the register's size.

    Attributes:
        left: Positions of left records in the plan's records, shape (n,).
        right: Positions of right records.
        distances: As in `matcher.decisions.candidates.Candidates`, shape (n, passes), int32.
        scores: Scores in bits, float64.
    """

    left: Numbers
    right: Numbers
    distances: Distances
    scores: Weights

    def __len__(self) -> int:
        return len(self.scores)


def compare(
    plan: NightPlan,
    fingerprints: Fingerprints,
    folder: Path,
    *,
    most_candidates: int,
    threads: int | None = None,
    advance: Advance = lambda _: None,
) -> None:
    """Compare all tiles of a plan of which the folder has no whole file yet.

    Args:
        plan: What to compare.
        fingerprints: Where the batches lie.
        folder: Where each tile's file goes; this plan's own.
        most_candidates: Stop as soon as more have been found.
        threads: How many threads to use; all processors if None. The result is the same.
        advance: Told of the progress.

    Raises:
        LimitError: More candidates were found than wanted.
        OutputError: A file can't be written.
        IntegrityError: A batch was altered since it was accepted.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(f"{folder}: can't be made ({error.strerror}).") from None
    side = _Sides(plan, fingerprints).side
    count = 0
    for tile in plan.tiles:
        path = _file(folder, tile)
        rows = _whole_rows(path)
        if rows is None:
            found = compare_tile(plan, tile, side, threads)
            _write(found, path)
            rows = len(found)
        count += rows
        if count > most_candidates:
            raise LimitError(
                f"This night finds more than {most_candidates:,} candidates, which is its limit. "
                "See whether the new batches are sound; if they are, raise 'most_candidates'."
            )
        advance(len(tile.left) * len(tile.right))


def compare_tile(
    plan: NightPlan, tile: Tile, side: Callable[[Numbers], Side], threads: int | None
) -> Found:
    """Compare one tile: all its pairs whose score makes them at least weak candidates."""
    model = plan.model
    left, right = side(tile.left), side(tile.right)
    left_rows, right_rows, distances = pairs_within_reach(left, right, model.reach, threads)
    scores = model.scores(distances, left.known[left_rows], right.known[right_rows])
    kept = model.bands_of(scores) < len(BANDS)
    return Found(
        tile.left[left_rows[kept]], tile.right[right_rows[kept]], distances[kept], scores[kept]
    )


def found_by(plan: NightPlan, folder: Path) -> Iterator[Found]:
    """Read what all tiles found, tile by tile.

    Raises:
        IntegrityError: A tile is missing or damaged.
    """
    for tile in plan.tiles:
        path = _file(folder, tile)
        try:
            table = pq.read_table(path, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise IntegrityError(
                f"{path}: missing or damaged ({type(error).__name__}). Run the night again: it is "
                "computed anew."
            ) from None
        width = len(plan.model.passes)
        flat = table.column("distances").combine_chunks().flatten().to_numpy()
        yield Found(
            table.column("left").to_numpy(),
            table.column("right").to_numpy(),
            flat.reshape(-1, width),
            table.column("score").to_numpy(),
        )


class _Sides:
    """Gathers the fingerprints of records from their batches; each batch is opened once."""

    def __init__(self, plan: NightPlan, fingerprints: Fingerprints) -> None:
        self._plan = plan
        self._opened = cache(lambda batch: fingerprints.open(batch, plan.agreement))

    def side(self, rows: Numbers) -> Side:
        records = self._plan.records
        batches = np.unique(records.batch[rows]).tolist()
        parts = [
            (self._open(records.batches[place]), records.row[rows[records.batch[rows] == place]])
            for place in batches
        ]
        passes = {name: _gathered(parts, name) for name in self._plan.model.passes}
        return Side(passes, np.concatenate([batch.known[chosen] for batch, chosen in parts]))

    def _open(self, batch: UUID) -> Batch:
        return self._opened(batch)


def _gathered(
    parts: list[tuple[Batch, Numbers]], name: str
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    bits, present = [], []
    for batch, chosen in parts:
        words, there = batch.fingerprints(name)
        bits.append(words[chosen])
        present.append(there[chosen])
    return np.concatenate(bits), np.concatenate(present)


def _file(folder: Path, tile: Tile) -> Path:
    return folder / f"tile-{tile.number}.parquet"


def _write(found: Found, path: Path) -> None:
    width = found.distances.shape[1]
    cells = pa.array(np.ascontiguousarray(found.distances).reshape(-1))
    table = pa.table(
        {
            "left": found.left,
            "right": found.right,
            "distances": pa.FixedSizeListArray.from_arrays(cells, width),
            "score": found.scores,
        }
    )
    with written_whole(path, private=True) as aside:
        pq.write_table(table, aside, compression="zstd", write_page_checksum=True)


def _whole_rows(path: Path) -> int | None:
    """How many rows a tile's file has; None if it is not there or not whole."""
    if not path.exists():
        return None
    try:
        return int(pq.read_table(path, page_checksum_verification=True).num_rows)
    except (OSError, pa.ArrowException):
        return None


def sampled_rate(plan: NightPlan, fingerprints: Fingerprints) -> float:
    """Compare a sample of the first tile, and give the pairs compared in a second."""
    tile = plan.tiles[0]
    sample = Tile(0, tile.left[:_SAMPLED_LEFT], tile.right[:_SAMPLED_RIGHT])
    side = _Sides(plan, fingerprints).side
    seconds = []
    for _ in range(2):  # the first may have to compile
        begin = time.perf_counter()
        compare_tile(plan, sample, side, None)
        seconds.append(time.perf_counter() - begin)
    return len(sample.left) * len(sample.right) / min(seconds)
