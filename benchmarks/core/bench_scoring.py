"""The races: every case, for everyone who can run it. Run by `make bench-core`.

Units are pairs, blocks or bytes. A race is timed several times, and its best round counts.
"""

import atexit
import importlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.core import limits, peers
from benchmarks.core.material import Filters, diffused_filters, febrl_filters, random_filters
from matcher.scoring import find_pairs, find_pairs_in_blocks, find_pairs_with_loss, tiles
from matcher.scoring.runs import (
    Engine,
    FilterSet,
    ThreadsEngine,
    plan_run,
    run_plan,
    write_filters,
)
from matcher.scoring.runs.dask_engine import DaskEngine

Prepared = tuple[Callable[[], Any], int]

# The threshold of random filters (35 % of bits set) that keeps about half of all pairs.
HALF = 0.35


@dataclass(frozen=True)
class Race:
    """One of the runners of a case.

    Attributes:
        case: What is to be done.
        who: Who does it; the number behind kinmatch is that of its threads.
        prepare: Gives the call to time, and how many units it does.
        rounds: How often it is timed.
        pruned: Whether kinmatch may use sketches, or compares all words of all pairs.
    """

    case: str
    who: str
    prepare: Callable[[], Prepared]
    rounds: int = 7
    pruned: bool = True


def sparse(make: Callable[..., Any], *arguments: Any) -> Callable[[], Prepared]:
    """A call on 8,000 and 16,384 random filters."""

    def prepare() -> Prepared:
        left, right = random_filters(8_000, seed=1), random_filters(16_384, seed=2)
        return make(left, right, *arguments), len(left) * len(right)

    return prepare


def dense(make: Callable[..., Any], *arguments: Any) -> Callable[[], Prepared]:
    """A call on 2,000 and 2,000 random filters."""

    def prepare() -> Prepared:
        left, right = random_filters(2_000, seed=3), random_filters(2_000, seed=4)
        return make(left, right, *arguments), len(left) * len(right)

    return prepare


def people(sides: Callable[[], tuple[Filters, Filters]], make: Callable[..., Any]) -> Any:
    """A call on two times 5,000 people of FEBRL."""

    def prepare() -> Prepared:
        left, right = sides()
        return make(left, right), len(left) * len(right)

    return prepare


def ours(**question: Any) -> Callable[[Filters, Filters], Any]:
    """A call of `find_pairs`."""
    return lambda left, right: partial(find_pairs, left, right, **question)


def ours_with_loss(threshold: float) -> Callable[[Filters, Filters], Any]:
    """A call of `find_pairs_with_loss`."""
    return lambda left, right: partial(
        find_pairs_with_loss, left, right, threshold=threshold, threads=1
    )


def ours_with_output(wanted: int) -> Callable[[Filters, Filters], Any]:
    """A call of `find_pairs` at the threshold that keeps about so many pairs."""

    def make(left: Filters, right: Filters) -> Any:
        scores = find_pairs(left[:1_000], right[:1_000], threshold=0.0).score
        threshold = np.quantile(scores, 1 - wanted / (len(left) * len(right)))
        return partial(find_pairs, left, right, threshold=float(threshold), threads=1)

    return make


def numpy_on_few(left: Filters, right: Filters) -> Any:
    """Plain numpy, which is slow: some rows, time and again."""
    call = peers.numpy_matrix(left[:80], right)
    return lambda: [call() for _ in range(len(left) // 80)]


def blocks_of_five(count: int, make: Callable[..., Any]) -> Callable[[], Prepared]:
    """A call on blocks of five and five rows."""

    def prepare() -> Prepared:
        sides = random_filters(5 * count, seed=5), random_filters(5 * count, seed=6)
        return make(*sides), count

    return prepare


def our_blocks(left: Filters, right: Filters) -> Any:
    """A call of `find_pairs_in_blocks`."""
    starts = np.arange(0, len(left), 5)
    blocks = np.stack([starts, starts + 5, starts, starts + 5], axis=1)
    return partial(find_pairs_in_blocks, left, right, blocks, threshold=0.7, threads=1)


def their_blocks(left: Filters, right: Filters) -> Any:
    """The same by anonlink."""
    return peers.anonlink_candidates(left, right, 0.7, block=5)


def run_in_tiles(engine_of: Callable[[], Engine]) -> Callable[[], Prepared]:
    """A run of eight tiles over sets in mapped files."""

    def prepare() -> Prepared:
        folder = Path(tempfile.mkdtemp(prefix="kinmatch-bench-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        sets = []
        for name, rows in (("left", 8_192), ("right", 1 << 18)):
            write_filters(random_filters(rows, seed=rows), folder / f"{name}.arrow")
            sets.append(FilterSet.open([folder / f"{name}.arrow"]))
        plan = replace(plan_run(*sets, top=10), tile_rows=(4_096, 1 << 16))
        engine = engine_of()

        def run() -> int:
            with tempfile.TemporaryDirectory(dir=folder) as tiles_folder:
                return sum(map(len, run_plan(plan, Path(tiles_folder), engine=engine)))

        return run, plan.pairs

    return prepare


def two_dask_workers() -> Engine:
    """Dask with two processes on this machine."""
    distributed = importlib.import_module("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    client = distributed.Client(cluster)
    atexit.register(cluster.close)
    atexit.register(client.close)
    return DaskEngine(client)


FEBRL = {"febrl, 20 % of bits": 0.5, "febrl, 40 % of bits": 1.0}

RACES = [
    Race("limit", "and, popcount and add", partial(limits.arithmetic_probe, 1_000_000)),
    Race("memory", "bytes read and written", partial(limits.memory_probe, 1 << 29)),
    Race("sparse", "numpy", sparse(numpy_on_few), rounds=1),
    Race("sparse", "numkong", sparse(peers.numkong_matrix), rounds=3),
    Race("sparse", "faiss", sparse(peers.faiss_range, 300), rounds=3),
    Race("sparse", "anonlink", sparse(peers.anonlink_similarities, 0.7), rounds=3),
    *(
        Race("sparse", f"kinmatch {n}", sparse(ours(threshold=0.7, threads=n)), 15, pruned=False)
        for n in (1, 2)
    ),
    Race("ten best", "faiss", sparse(peers.faiss_top, 10), rounds=3),
    Race("ten best", "kinmatch 1", sparse(ours(measure="hamming", top=10, threads=1))),
    *(
        Race(
            f"{name}, dice {threshold}",
            f"kinmatch {n}",
            people(partial(febrl_filters, fill), ours(threshold=threshold, threads=n)),
            rounds=25,
        )
        for name, fill in FEBRL.items()
        for threshold, n in ((0.6, 1), (0.7, 1), (0.8, 1), (0.8, 2), (0.9, 1))
    ),
    *(
        Race(
            f"{name}, dice 0.8",
            "anonlink",
            people(
                partial(febrl_filters, fill),
                lambda left, right: peers.anonlink_similarities(left, right, 0.8),
            ),
            rounds=3,
        )
        for name, fill in FEBRL.items()
    ),
    *(
        Race(
            f"diffused, dice {threshold}",
            "kinmatch 1 with loss",
            people(diffused_filters, ours_with_loss(threshold)),
        )
        for threshold in (0.6, 0.65, 0.7, 0.8)
    ),
    Race(
        "diffused, dice 0.7",
        "kinmatch 1",
        people(diffused_filters, ours(threshold=0.7, threads=1)),
        pruned=False,
    ),
    Race("half of all pairs", "anonlink", dense(peers.anonlink_candidates, HALF), rounds=2),
    *(
        Race("half of all pairs", f"kinmatch {n}", dense(ours(threshold=HALF, threads=n)), 25)
        for n in (1, 2)
    ),
    *(
        Race(f"{wanted:,} pairs found", "kinmatch 1", sparse(ours_with_output(wanted)), rounds=3)
        for wanted in (10_000, 100_000, 1_000_000, 10_000_000)
    ),
    Race("blocks", "anonlink", blocks_of_five(2_000, their_blocks), rounds=3),
    Race("blocks", "kinmatch 1", blocks_of_five(200_000, our_blocks), rounds=5),
    Race("run in tiles", "threads 2", run_in_tiles(partial(ThreadsEngine, 2)), rounds=3),
    Race("run in tiles", "dask 2", run_in_tiles(two_dask_workers), rounds=3),
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: f"{race.case}: {race.who}")
def test_race(benchmark: Any, race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time one of them."""
    if not race.pruned:
        monkeypatch.setattr(tiles, "WORTH_A_SKETCH", 1 << 62)
    call, units = race.prepare()
    benchmark.extra_info.update(case=race.case, who=race.who, units=units)
    benchmark.pedantic(call, rounds=race.rounds, warmup_rounds=1)
