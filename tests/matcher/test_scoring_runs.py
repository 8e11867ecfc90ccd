"""Runs: the same pairs as one call gives, whatever happens on the way."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from scoring_cases import check_equal, filters

from matcher.formats.errors import InputError, MismatchError, OutputError, ParameterError
from matcher.scoring import Pairs, find_pairs
from matcher.scoring.runs import (
    FilterSet,
    Plan,
    ThreadsEngine,
    estimate,
    merging,
    plan,
    plan_run,
    progress_lines,
    run_plan,
    write_filters,
)
from matcher.scoring.runs.merging import first_of_each_row
from matcher.scoring.runs.store import RunFolder, all_of

LEFT, RIGHT = filters(1, 130, 2, 0.4), filters(2, 300, 2, 0.4)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "LEFT_ROWS", 50)
    monkeypatch.setattr(plan, "RIGHT_ROWS", 70)
    monkeypatch.setattr(plan, "RIGHT_ROWS_WITH_TOP", 110)


@pytest.fixture
def sets(tmp_path: Path) -> tuple[FilterSet, FilterSet]:
    write_filters(LEFT[:60], tmp_path / "left-1.arrow", partition_rows=25)
    write_filters(LEFT[60:], tmp_path / "left-2.arrow")
    cells = pa.array([row.tobytes() for row in RIGHT], type=pa.binary(16))
    pq.write_table(pa.table({"name": cells}), tmp_path / "right.parquet", row_group_size=77)
    left = FilterSet.open([tmp_path / "left-1.arrow", tmp_path / "left-2.arrow"])
    return left, FilterSet.open([tmp_path / "right.parquet"], column="name")


@pytest.fixture
def planned(sets: tuple[FilterSet, FilterSet]) -> Plan:
    return plan_run(*sets, threshold=0.6)


class CountingEngine:
    """Counts tiles, and stops with an interrupt after some."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.done = 0

    def compute(self, plan: Plan, folder: RunFolder, numbers: Sequence[int]) -> Iterator[int]:
        """As the engine of threads does."""
        for number in ThreadsEngine(1).compute(plan, folder, numbers):
            self.done += 1
            yield number
            if self.done == self.stop_after:
                raise KeyboardInterrupt


def test_sets_read_any_rows(sets: tuple[FilterSet, FilterSet]) -> None:
    for filter_set, rows in zip(sets, (LEFT, RIGHT), strict=True):
        assert len(filter_set) == len(rows)
        for start, stop in ((0, 1), (20, 30), (59, 61), (0, len(rows)), (5, 5)):
            read = filter_set.read(start, stop)
            assert read.flags.c_contiguous
            np.testing.assert_array_equal(read, rows[start:stop])


def test_an_arrow_file_is_mapped_and_not_copied(sets: tuple[FilterSet, FilterSet]) -> None:
    before = pa.total_allocated_bytes()
    rows = sets[0].read(60, 130)
    assert not rows.flags.owndata
    assert pa.total_allocated_bytes() == before


@pytest.mark.parametrize(
    "question",
    [
        {"threshold": 0.6},
        {"top": 3},
        {"threshold": 0.55, "top": 2},
        {"measure": "hamming", "threshold": 40},
        {"measure": "jaccard", "top": 1},
    ],
)
@pytest.mark.parametrize("threads", [1, 64])
def test_a_run_gives_what_one_call_gives(
    sets: tuple[FilterSet, FilterSet], tmp_path: Path, question: dict[str, Any], threads: int
) -> None:
    pieces = run_plan(plan_run(*sets, **question), tmp_path / "run", engine=ThreadsEngine(threads))
    check_equal(all_of(pieces), find_pairs(LEFT, RIGHT, **question))


def test_many_files_are_merged_in_turns(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FAN_IN", 2)
    monkeypatch.setattr("matcher.scoring.runs.store.PIECE", 16)
    pieces = list(run_plan(planned, tmp_path / "run"))
    assert len(pieces) > 2
    check_equal(all_of(iter(pieces)), find_pairs(LEFT, RIGHT, threshold=0.6))


def test_first_of_each_row_counts_over_pieces() -> None:
    pieces = [
        Pairs(np.array([0, 1, 0, 0]), np.array([1, 1, 2, 3]), np.array([0.9, 0.8, 0.8, 0.8])),
        Pairs(np.array([1, 1, 0]), np.array([5, 6, 7]), np.array([0.7, 0.6, 0.5])),
    ]
    kept = all_of(first_of_each_row(iter(pieces), 2, 2))
    assert list(zip(kept.left, kept.right, strict=True)) == [(0, 1), (1, 1), (0, 2), (1, 5)]


def test_a_stopped_run_is_resumed_where_it_stopped(planned: Plan, tmp_path: Path) -> None:
    first, second, third = CountingEngine(stop_after=4), CountingEngine(), CountingEngine()
    with pytest.raises(KeyboardInterrupt):
        list(run_plan(planned, tmp_path / "run", engine=first))
    found = all_of(run_plan(planned, tmp_path / "run", engine=second))
    check_equal(found, find_pairs(LEFT, RIGHT, threshold=0.6))
    assert second.done == len(planned.tiles) - 4
    list(run_plan(planned, tmp_path / "run", engine=third))
    assert third.done == 0


RUN = """
import sys, time
from pathlib import Path
from matcher.scoring.runs import FilterSet, ThreadsEngine, engines, plan, plan_run, run_plan
plan.LEFT_ROWS, plan.RIGHT_ROWS = 50, 70
do_tile = engines.do_tile
def slowly(number, *rest):
    print(number, flush=True)
    time.sleep(float(sys.argv[2]))
    return do_tile(number, *rest)
engines.do_tile = slowly
here = Path(sys.argv[1])
left = FilterSet.open([here / "left-1.arrow", here / "left-2.arrow"])
right = FilterSet.open([here / "right.parquet"], column="name")
list(run_plan(plan_run(left, right, threshold=0.6), here / "run", engine=ThreadsEngine(1)))
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_killed_process_is_resumed(planned: Plan, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path), "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "3":
                process.send_signal(signal.SIGKILL)
    engine = CountingEngine()
    found = all_of(run_plan(planned, tmp_path / "run", engine=engine))
    check_equal(found, find_pairs(LEFT, RIGHT, threshold=0.6))
    assert engine.done == len(planned.tiles) - 3


def test_a_full_disk_is_a_clear_error_and_the_run_is_resumed(planned: Plan, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    list(run_plan(planned, tmp_path / "whole"))
    limit = max(path.stat().st_size for path in (tmp_path / "whole").glob("tile-*")) - 100
    process = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path), "0"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
    )
    assert "OutputError" in process.stderr
    assert not list((tmp_path / "run").glob("*.part"))
    found = all_of(run_plan(planned, tmp_path / "run"))
    check_equal(found, find_pairs(LEFT, RIGHT, threshold=0.6))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_tile_is_computed_again(planned: Plan, tmp_path: Path, damage: str) -> None:
    list(run_plan(planned, tmp_path / "run"))
    path = RunFolder(tmp_path / "run").file("tile-000002")
    whole = path.read_bytes()
    middle = len(whole) // 3
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "empty": b"",
        }[damage]
    )
    engine = CountingEngine()
    found = all_of(run_plan(planned, tmp_path / "run", engine=engine))
    check_equal(found, find_pairs(LEFT, RIGHT, threshold=0.6))
    assert engine.done == 1


def test_two_runs_in_one_folder_are_refused(planned: Plan, tmp_path: Path) -> None:
    first = run_plan(planned, tmp_path / "run")
    next(first)
    with pytest.raises(OutputError, match="another run"):
        next(run_plan(planned, tmp_path / "run"))
    first.close()
    next(run_plan(planned, tmp_path / "run"))


def test_a_folder_of_another_plan_is_refused(
    sets: tuple[FilterSet, FilterSet], planned: Plan, tmp_path: Path
) -> None:
    list(run_plan(planned, tmp_path / "run"))
    with pytest.raises(MismatchError):
        list(run_plan(plan_run(*sets, threshold=0.7), tmp_path / "run"))


def test_a_set_that_changed_is_refused(planned: Plan, tmp_path: Path) -> None:
    changed = LEFT[:60].copy()
    changed[3, 1] ^= np.uint64(1)
    write_filters(changed, tmp_path / "left-1.arrow", partition_rows=25)
    with pytest.raises(MismatchError, match="left set changed"):
        list(run_plan(planned, tmp_path / "run"))


def test_sets_without_rows(tmp_path: Path, sets: tuple[FilterSet, FilterSet]) -> None:
    write_filters(LEFT[:0], tmp_path / "none.arrow")
    none = FilterSet.open([tmp_path / "none.arrow"])
    for pair in ((none, sets[1]), (sets[0], none), (none, none)):
        for question in ({"threshold": 0.5}, {"top": 2}):
            made = plan_run(*pair, **question)
            assert estimate(made).found == 0
            assert list(run_plan(made, tmp_path / f"run-{made.digest}")) == []


def test_files_that_are_no_sets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.arrow").write_text("not arrow")
    (tmp_path / "text.parquet").write_text("not parquet")
    pq.write_table(pa.table({"filter": [b"abc"]}), tmp_path / "kind.parquet")
    cells = pa.array([b"12345678", None], type=pa.binary(8))
    pq.write_table(pa.table({"filter": cells}), tmp_path / "absent.parquet")
    for name in ("text.arrow", "text.parquet", "kind.parquet", "missing.arrow"):
        with pytest.raises(InputError):
            FilterSet.open([tmp_path / name])
    with pytest.raises(InputError):
        FilterSet.open([tmp_path / "absent.parquet"], column="other")
    with pytest.raises(InputError):
        FilterSet.open([])
    with pytest.raises(InputError, match="without a filter"):
        FilterSet.open([tmp_path / "absent.parquet"]).read(0, 2)


def test_the_estimate_is_near_and_too_much_is_refused(
    sets: tuple[FilterSet, FilterSet], tmp_path: Path
) -> None:
    loose = plan_run(*sets, threshold=0.3)
    guessed = estimate(loose, threads=1)
    found = len(find_pairs(LEFT, RIGHT, threshold=0.3))
    assert guessed.pairs == len(LEFT) * len(RIGHT)
    assert found / 1.2 < guessed.found < found * 1.2
    assert guessed.seconds > 0
    assert guessed.peak_bytes > 0
    with pytest.raises(ParameterError, match="would find about"):
        list(run_plan(loose, tmp_path / "run", most_pairs=found // 2))
    assert not (tmp_path / "run").exists()
    assert estimate(plan_run(*sets, top=2)).found == 2 * len(LEFT)


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown(planned: Plan, tmp_path: Path, terminal: bool) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=terminal, width=100)
    with progress_lines(planned, console) as advance:
        list(run_plan(planned, tmp_path / "run", advance=advance))
    text = shown.getvalue()
    assert ("100%" in text) if terminal else (f"compared {planned.pairs:,} of" in text)
    assert ("\x1b" in text) == terminal


def test_dask_gives_the_same_files_and_survives_a_killed_worker(
    planned: Plan, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    from matcher.scoring.runs.dask_engine import DaskEngine  # noqa: PLC0415

    list(run_plan(planned, tmp_path / "threads"))
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim = next(iter(cluster.workers.values())).pid
        killed = []

        def kill_once(_pairs: int) -> None:
            if not killed and _pairs:
                killed.append(os.kill(victim, signal.SIGKILL))

        found = all_of(
            run_plan(planned, tmp_path / "dask", engine=DaskEngine(client), advance=kill_once)
        )
    assert killed
    check_equal(found, find_pairs(LEFT, RIGHT, threshold=0.6))
    for tile in planned.tiles:
        name = f"tile-{tile.number:06}.parquet"
        assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / "threads" / name).read_bytes()
