"""The engine on many machines: Dask distributed (`pip install kinmatch[dask]`).

Workers read the sets and write their tiles themselves, so all of them must see the same files
under the same paths. A worker that dies loses the tile it was at: Dask gives it to another, and
since a tile's file is written whole, it is there once, or not at all.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.scoring.runs.engines import do_tile
from matcher.scoring.runs.plan import Plan
from matcher.scoring.runs.store import RunFolder


@dataclass(frozen=True)
class DaskEngine:
    """Tiles spread over the workers of a Dask cluster.

    Attributes:
        client: A `distributed.Client`.
        threads: How many threads a tile gets on its worker.
    """

    client: Any
    threads: int = 1

    def compute(self, plan: Plan, folder: RunFolder, numbers: Sequence[int]) -> Iterator[int]:
        """See `matcher.scoring.runs.Engine`."""
        # By name: an extra that is not always installed.
        as_completed = importlib.import_module("distributed").as_completed
        futures = self.client.map(
            do_tile,
            list(numbers),
            plan=self.client.scatter(plan, broadcast=True),
            folder=folder,
            threads=self.threads,
            pure=False,
        )
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            self.client.cancel(futures)
