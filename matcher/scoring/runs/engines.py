"""Engines: who does a plan's tiles. The plan, the files and the result are the same for all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from matcher.scoring.ordering import Pairs
from matcher.scoring.runs.plan import Plan
from matcher.scoring.runs.store import RunFolder
from matcher.scoring.search import find_pairs


class Engine(Protocol):
    """Does tiles."""

    def compute(self, plan: Plan, folder: RunFolder, numbers: Sequence[int]) -> Iterator[int]:
        """Do some tiles of a plan, in any order.

        Yields:
            The number of each tile once its file is in the folder.
        """
        ...


@dataclass(frozen=True)
class ThreadsEngine:
    """One tile after the other, each on all threads of this machine.

    Attributes:
        threads: How many threads to use; all processors if None.
    """

    threads: int | None = None

    def compute(self, plan: Plan, folder: RunFolder, numbers: Sequence[int]) -> Iterator[int]:
        """See `Engine`."""
        for number in numbers:
            yield do_tile(number, plan, folder, self.threads)


def do_tile(number: int, plan: Plan, folder: RunFolder, threads: int | None) -> int:
    """Compare a tile and write its file; gives the tile's number."""
    folder.write(tile_name(number), tile_pairs(number, plan, threads))
    return number


def tile_pairs(number: int, plan: Plan, threads: int | None) -> Pairs:
    """The pairs of a tile, by their rows in the two sets."""
    tile = plan.tiles[number]
    pairs = find_pairs(
        plan.left.read(*tile.left),
        plan.right.read(*tile.right),
        measure=plan.measure,
        threshold=plan.threshold,
        top=plan.top,
        threads=threads,
    )
    return Pairs(pairs.left + tile.left[0], pairs.right + tile.right[0], pairs.score)


def tile_name(number: int) -> str:
    """The name of a tile's file."""
    return f"tile-{number:06}"
