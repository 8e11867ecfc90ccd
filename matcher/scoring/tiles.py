"""The work, tile by tile, in threads.

A tile is some left rows, few enough for their filters to fit the second-level cache, against
some right rows, laid out in groups. All tiles of the same right rows are done before the next
right rows are laid out: memory holds one right side of a tile at a time, and no two tiles with
the same left rows are worked on at once.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Filters
from matcher.scoring.counting import LANES
from matcher.scoring.lanes import Groups, group_filters
from matcher.scoring.measures import weigh
from matcher.scoring.sampling import spread
from matcher.scoring.sketches import SAMPLED_GROUPS, Sketch

LEFT_TILE = 1024
RIGHT_TILE = 1 << 16

# Fewer pairs than these are compared sooner than a sketch for them is chosen.
WORTH_A_SKETCH = 1 << 20

T = TypeVar("T")


class Tile(NamedTuple):
    """What a kernel works on at a time.

    Attributes:
        first_row: The number of the first left row.
        left: Filters of the left side, each with its sketch before it.
        weights: Their weights.
        groups: Filters of the right side.
    """

    first_row: int
    left: Filters
    weights: NDArray[np.int64]
    groups: Groups


def over_tiles(
    left: Filters,
    right: Filters,
    threads: int,
    sketch_for: Callable[[Filters], Sketch],
    work: Callable[[Tile], T],
    *,
    right_tiles: Iterable[slice],
    only_before: bool = False,
) -> Iterator[T]:
    """What `work` gives for every tile.

    Args:
        left: Filters of the left side.
        right: Filters of the right side.
        threads: How many threads work.
        sketch_for: The sketch to use with right rows, of which it is given a sample, each LANES
            of them as they lie in a group.
        work: Called in the threads.
        right_tiles: The right rows to lay out at a time.
        only_before: Whether to leave out tiles all of whose left rows have higher numbers than
            their right rows.
    """
    height = min(LEFT_TILE, max(1, -(-len(left) // (4 * threads))))
    with ThreadPoolExecutor(threads) as pool:
        for rows in right_tiles:
            right_weights = weigh(right[rows])
            order = np.argsort(right_weights, kind="stable")
            filters = right[rows][order]
            worth_it = len(left) * len(filters) >= WORTH_A_SKETCH
            sketch = sketch_for(filters[_spread_groups(len(filters) if worth_it else 0)])
            groups = group_filters(filters, rows.start + order, right_weights[order], sketch)

            def work_on(start: int, groups: Groups = groups, sketch: Sketch = sketch) -> T:
                mine = np.array(left[start : start + height])
                return work(Tile(start, sketch.before(mine), weigh(mine), groups))

            yield from pool.map(work_on, range(0, rows.stop if only_before else len(left), height))


def row_tiles(rows: int, height: int, first: int | None = None) -> Iterator[slice]:
    """Slices of `height` rows, after one of `first` rows, that cover all rows."""
    start, stop = 0, min(first or height, rows)
    while start < rows:
        yield slice(start, stop)
        start, stop = stop, min(stop + height, rows)


def _spread_groups(rows: int) -> NDArray[np.int64]:
    """The places of some whole groups of rows that are in order, spread over all."""
    groups = spread(rows // LANES, SAMPLED_GROUPS)
    return (groups[:, None] * LANES + np.arange(LANES)).ravel()
