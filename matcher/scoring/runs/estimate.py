"""What a run will cost, from a sample, before it starts."""

import time
from dataclasses import dataclass

import numpy as np

from matcher.formats.errors import ParameterError
from matcher.scoring.arguments import Filters
from matcher.scoring.runs.plan import Plan
from matcher.scoring.runs.sets import FilterSet
from matcher.scoring.sampling import spread
from matcher.scoring.search import find_pairs
from matcher.scoring.tiles import RIGHT_TILE

# The sample: so many stretches of so many rows, spread over each side.
STRETCHES = 32
LEFT_STRETCH = 32
RIGHT_STRETCH = 1 << 11

# Above so many pairs of output a run is refused, unless it is told that this is wanted.
MOST_PAIRS = 100_000_000


@dataclass(frozen=True)
class Estimate:
    """What a run will cost.

    Attributes:
        pairs: Pairs to compare, exactly known.
        seconds: Time with the threads that were asked about, at the speed of the sample.
        peak_bytes: Memory beside the mapped input.
        found: Pairs that will be found, as many as in the sample.
    """

    pairs: int
    seconds: float
    peak_bytes: int
    found: int


def estimate(plan: Plan, *, threads: int | None = None) -> Estimate:
    """Estimate a run by comparing a sample of both sides.

    Args:
        plan: What is to be run.
        threads: The threads of one machine that it is to be run with; all processors if None.
    """
    left = _sample(plan.left, LEFT_STRETCH)
    right = _sample(plan.right, RIGHT_STRETCH)
    sampled = len(left) * len(right)
    if not sampled:
        return Estimate(0, 0.0, 0, 0)
    seconds = []
    for _ in range(2):  # the first may have to compile
        begin = time.perf_counter()
        found = find_pairs(
            left,
            right,
            measure=plan.measure,
            threshold=plan.threshold,
            top=plan.top,
            threads=threads,
        )
        seconds.append(time.perf_counter() - begin)
    if plan.threshold is None:
        expected = plan.pairs
    else:
        at_all = len(found) if plan.top is None else _reaching(plan, left, right, threads)
        expected = round(at_all / sampled * plan.pairs)
    if plan.top is not None:
        expected = min(expected, len(plan.left) * min(plan.top, len(plan.right)))
    return Estimate(
        plan.pairs, min(seconds) / sampled * plan.pairs, _peak_bytes(plan, expected), expected
    )


def refuse_too_many(plan: Plan, most_pairs: int, threads: int | None) -> None:
    """Refuse a run that would find more pairs than wanted.

    Raises:
        ParameterError: The estimate is above `most_pairs`.
    """
    found = estimate(plan, threads=threads).found
    if found > most_pairs:
        raise ParameterError(
            f"This run would find about {found:,} pairs, and at most {most_pairs:,} are wanted. "
            "Choose a stricter threshold, a top, or allow more pairs."
        )


def _reaching(plan: Plan, left: Filters, right: Filters, threads: int | None) -> int:
    return len(
        find_pairs(left, right, measure=plan.measure, threshold=plan.threshold, threads=threads)
    )


def _sample(filters: FilterSet, stretch: int) -> Filters:
    starts = spread(-(-len(filters) // stretch), STRETCHES) * stretch
    parts = [filters.read(start, min(start + stretch, len(filters))) for start in starts.tolist()]
    return np.concatenate([np.empty((0, filters.words), dtype=np.uint64), *parts])


def _peak_bytes(plan: Plan, found: int) -> int:
    """A tile's filters, were they read and not mapped, their groups, and its pairs in sorting."""
    filter_bytes = 8 * plan.left.words
    tile = plan.tiles[0]
    rows = tile.left[1] + tile.right[1]
    pairs = found / len(plan.tiles) if plan.top is None else tile.left[1] * plan.top
    return int(rows * filter_bytes + 4 * RIGHT_TILE * filter_bytes + 6 * 16 * pairs)
