"""Comparing the tiles of a plan, each into a file of its own, so that a night can be cut off."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from matcher.decisions.candidates import Fingerprints, Mask, Pairs, Side, likely_pairs
from matcher.decisions.evidence import Weights
from matcher.decisions.kin import support_of
from matcher.decisions.people import People
from matcher.formats.batch import Batch
from matcher.formats.errors import LimitError, OutputError, StoppedError
from matcher.nightly.found import best_of, joined, none_of, read_found, write_found
from matcher.nightly.planning import NightPlan, Tile
from matcher.nightly.records import Numbers
from matcher.store.fingerprints import Held

# The sample from which a night's cost is told.
_SAMPLED_LEFT = 1 << 11
_SAMPLED_RIGHT = 1 << 13

Advance = Callable[[int], None]
"""Told how many pairs have been compared since it was last told."""

Stopping = Callable[[], bool]
"""Tells whether to stop."""


def compare(
    plan: NightPlan,
    fingerprints: Held,
    folder: Path,
    *,
    keep: int,
    most_candidates: int,
    threads: int | None = None,
    advance: Advance = lambda _: None,
    stopping: Stopping = lambda: False,
) -> Pairs:
    """Compare all tiles of a plan of which the folder has no whole file yet.

    Args:
        plan: What to compare.
        fingerprints: Where the batches lie.
        folder: Where each tile's file goes; this plan's own.
        keep: How many candidates each left record may have.
        most_candidates: Stop as soon as more have been found.
        threads: How many threads to use; all processors if None. The result is the same.
        advance: Told of the progress.
        stopping: Asked before every tile whether to stop there.

    Returns:
        What all tiles found, as positions in the plan's records: the best of each left record.

    Raises:
        StoppedError: It was told to stop; tiles that are done are kept.
        LimitError: More candidates were found than wanted.
        OutputError: A file can't be written.
        IntegrityError: A batch was altered since it was accepted.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(f"{folder}: can't be made ({error.strerror}).") from None
    gather = _Gathering(plan, fingerprints)
    best = none_of(len(plan.model.passes))
    for tile in plan.tiles:
        if stopping():
            raise StoppedError("The night was told to stop; the next one goes on where it was.")
        path = folder / f"tile-{tile.number}.parquet"
        found = read_found(path, len(plan.model.passes))
        if found is None:
            found = compare_tile(plan, tile, gather, keep, threads)
            write_found(found, path)
        best = best_of(joined([best, found]), plan.records.reference, keep)
        if len(best) > most_candidates:
            raise LimitError(
                f"This night finds more than {most_candidates:,} candidates, which is its limit. "
                "See whether the new batches are sound; if they are, raise 'most_candidates'."
            )
        advance(len(tile.left) * len(tile.right))
    return best


def compare_tile(
    plan: NightPlan, tile: Tile, gather: "_Gathering", keep: int, threads: int | None
) -> Pairs:
    """Compare one tile: of every left record the best `keep` that are at least weak candidates."""
    left, left_rows = gather.people(tile.left)
    right, right_rows = gather.people(tile.right)

    def around(left_found: Numbers, right_found: Numbers) -> tuple[Weights, Mask]:
        pairs = left_rows[left_found], right_rows[right_found]
        return plan.kin.weigh(support_of(left, right, *pairs, plan.model))

    pairs = likely_pairs(
        _taken(left.side, left_rows),
        _taken(right.side, right_rows),
        plan.model,
        around=around,
        threads=threads,
    )
    found = replace(pairs, left=tile.left[pairs.left], right=tile.right[pairs.right])
    return best_of(found, plan.records.reference, keep)


def _taken(side: Side, rows: Numbers) -> Side:
    passes = {name: (bits[rows], present[rows]) for name, (bits, present) in side.passes.items()}
    return Side(passes, side.known[rows])


class _Gathering:
    """Gathers people from their batches; each batch is opened once and checked."""

    def __init__(self, plan: NightPlan, fingerprints: Held) -> None:
        self._plan = plan
        self._opened = cache(lambda batch: fingerprints.open(batch, plan.agreement))

    def people(self, positions: Numbers) -> tuple[People, Numbers]:
        """Give all people of some records' batches, for the sake of their cases, and their rows.

        Who takes no part tonight stands around nobody either.
        """
        records, model = self._plan.records, self._plan.model
        places, which = np.unique(records.batch[positions], return_inverse=True)
        batches: list[Batch] = [self._opened(records.batches[place]) for place in places.tolist()]
        starts = np.cumsum([0, *(len(batch) for batch in batches)])
        passes = {name: _joined(batches, name) for name in model.passes}
        side = Side(passes, np.concatenate([batch.known for batch in batches]))
        people = People(
            side,
            np.concatenate([batch.roles for batch in batches]),
            np.concatenate([batch.relations for batch in batches]),
            np.where(self._takes_part(places, starts), _cases(batches), -1),
        )
        return people, starts[which] + records.row[positions]

    def _takes_part(self, places: Numbers, starts: Numbers) -> Mask:
        """Whether each row of some batches is a record of the plan."""
        records = self._plan.records
        taken = np.zeros(int(starts[-1]), dtype=np.bool_)
        for start, place in zip(starts.tolist(), places.tolist(), strict=False):
            span = slice(*np.searchsorted(records.batch, [place, place + 1]).tolist())
            taken[start + records.row[span]] = True
        return taken


def _joined(batches: list[Batch], name: str) -> Fingerprints:
    bits, present = zip(*(batch.fingerprints(name) for batch in batches), strict=True)
    return np.concatenate(bits), np.concatenate(present)


def _cases(batches: list[Batch]) -> Numbers:
    """Number the cases of some batches from 0, -1 for who has none; a case lies in one batch."""
    cases = np.full(sum(len(batch) for batch in batches), -1, dtype=np.int64)
    has_case = np.concatenate([batch.has_case for batch in batches])
    origin = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
    named = np.concatenate(
        [origin.astype(">u8")[:, None].view(np.uint8), np.concatenate([b.cases for b in batches])],
        axis=1,
    )
    of_case = np.ascontiguousarray(named[has_case]).view("V24").ravel()
    cases[has_case] = np.unique(of_case, return_inverse=True)[1]
    return cases


def _file(folder: Path, tile: Tile) -> Path:
    return folder / f"tile-{tile.number}.parquet"


def seconds_of(plan: NightPlan, fingerprints: Held) -> float:
    """Tell about how many seconds a plan will take, from a sample of its first tile."""
    if not plan.tiles:
        return 0.0
    tile = plan.tiles[0]
    sample = Tile(0, tile.left[:_SAMPLED_LEFT], tile.right[:_SAMPLED_RIGHT])
    gather = _Gathering(plan, fingerprints)
    seconds = []
    for _ in range(2):  # the first may have to compile
        begin = time.perf_counter()
        compare_tile(plan, sample, gather, 1, None)
        seconds.append(time.perf_counter() - begin)
    return min(seconds) * plan.pairs / (len(sample.left) * len(sample.right))
