"""100,000 new against 10,000,000 held: `python -m benchmarks.core.large`, about ten minutes.

The ten best of each new filter, by the threads engine from mapped files, with the peak of memory
that is not the mapped input, and the rate beside the kernel's own on data in memory, one run after
the other. Linux only, where the system tells mapped from other memory.
"""

import json
import platform
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from matcher.formats.files import written_whole
from matcher.scoring import find_pairs
from matcher.scoring.runs import FilterSet, plan_run, progress_lines, run_plan, write_filters

NEW, HELD, WORDS, TOP = 100_000, 10_000_000, 16, 10
RESULTS = Path(__file__).parent.parent / "results" / "core-large.json"
_PART = 1_000_000


def main() -> None:
    """Make the sets, compare them, and write what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new, held = _sets(folder)
        kernel_rate = _kernel_rate()
        plan = plan_run(new, held, top=TOP)
        memory = _PeakMemory()
        start = time.perf_counter()
        with memory, progress_lines(plan, Console(stderr=True)) as advance:
            pairs = sum(len(piece) for piece in run_plan(plan, folder / "run", advance=advance))
        seconds = time.perf_counter() - start
    rate = NEW * HELD / seconds
    found = {
        "machine": platform.processor() or platform.machine(),
        "pairs": NEW * HELD,
        "found": pairs,
        "seconds": round(seconds, 1),
        "million_pairs_per_second": round(rate / 1e6, 1),
        "kernel_million_pairs_per_second": round(kernel_rate / 1e6, 1),
        "rate_over_kernel": round(rate / kernel_rate, 3),
        "peak_gib_over_mapped_input": round(memory.peak / 2**30, 3),
    }
    with written_whole(RESULTS) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    Console().print(found)


def _sets(folder: Path) -> tuple[FilterSet, FilterSet]:
    random = np.random.default_rng(1)
    sets = []
    for what, count in (("new", NEW), ("held", HELD)):
        paths = []
        for part in range(-(-count // _PART)):
            rows = min(_PART, count - part * _PART)
            path = folder / f"{what}-{part}.arrow"
            write_filters(random.integers(0, 2**64, (rows, WORDS), dtype=np.uint64), path)
            paths.append(path)
        sets.append(FilterSet.open(paths))
    return sets[0], sets[1]


def _kernel_rate() -> float:
    """Pairs a second of one call on data in memory, with all threads: the best of three."""
    random = np.random.default_rng(2)
    left, right = (random.integers(0, 2**64, (rows, WORDS), dtype=np.uint64)
                   for rows in (16_384, 1 << 20))  # fmt: skip
    find_pairs(left[:100], right[:100], top=TOP)  # compiles
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        find_pairs(left, right, top=TOP)
        seconds.append(time.perf_counter() - start)
    return len(left) * len(right) / min(seconds)


class _PeakMemory:
    """Watches how much memory the process has that is not mapped from a file."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            status = Path("/proc/self/status").read_text().splitlines()
            held = next(line for line in status if line.startswith("RssAnon"))
            self.peak = max(self.peak, int(held.split()[1]) * 1024)


if __name__ == "__main__":
    main()
