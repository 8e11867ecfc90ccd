"""From raw timings to figures: units a second, and the ratios that must hold."""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from rich.table import Table

from benchmarks.core.bench_scoring import FEBRL

PEERS = ["anonlink", "faiss-cpu", "numkong", "numba", "llvmlite", "numpy"]


@dataclass(frozen=True)
class Promise:
    """A ratio of two figures that must hold.

    Attributes:
        what: In words.
        case: The case and who of the figure above the line.
        against: The case and who of the figure below it.
        least: What the ratio must be at least.
    """

    what: str
    case: tuple[str, str]
    against: tuple[str, str]
    least: float


PROMISES = [
    Promise(
        "sparse output, no pruning: anonlink",
        ("sparse", "kinmatch 1"),
        ("sparse", "anonlink"),
        5.5,
    ),
    Promise("the same: faiss", ("sparse", "kinmatch 1"), ("sparse", "faiss"), 3.3),
    Promise(
        "the same: the limit",
        ("sparse", "kinmatch 1"),
        ("limit", "and, popcount and add"),
        0.70,
    ),
    Promise("two threads: one", ("sparse", "kinmatch 2"), ("sparse", "kinmatch 1"), 1.9),
    *(
        Promise(
            f"{filters}, dice 0.8, {threads}: anonlink",
            (f"{filters}, dice 0.8", f"kinmatch {threads[0]}"),
            (f"{filters}, dice 0.8", "anonlink"),
            12,
        )
        for filters in FEBRL
        for threads in ("1 thread", "2 threads")
    ),
    Promise(
        "diffused, declared loss: no pruning",
        ("diffused, dice 0.7", "kinmatch 1 with loss"),
        ("diffused, dice 0.7", "kinmatch 1"),
        1.7,
    ),
    *(
        Promise(
            f"half of all pairs kept and sorted, {threads}: anonlink",
            ("half of all pairs", f"kinmatch {threads[0]}"),
            ("half of all pairs", "anonlink"),
            20,
        )
        for threads in ("1 thread", "2 threads")
    ),
    Promise("blocks of 5 x 5: anonlink", ("blocks", "kinmatch 1"), ("blocks", "anonlink"), 40),
    Promise(
        "two Dask workers: two threads",
        ("run in tiles", "dask 2"),
        ("run in tiles", "threads 2"),
        0.85,
    ),
]


def figures(raw: dict[str, Any]) -> dict[str, Any]:
    """The figures of a run.

    Args:
        raw: What pytest-benchmark wrote.

    Returns:
        The machine, versions, units a second (the best round of each), and each promise with its
        ratio.
    """
    speeds: dict[tuple[str, str], float] = {}
    for timed in raw["benchmarks"]:
        info = timed["extra_info"]
        speeds[info["case"], info["who"]] = info["units"] / timed["stats"]["min"]
    cpu = raw["machine_info"]["cpu"]
    return {
        "machine": {"processor": cpu.get("brand_raw"), "cores": cpu.get("count")},
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PEERS},
        },
        "per_second": [
            {"case": case, "who": who, "per_second": speed} for (case, who), speed in speeds.items()
        ],
        "promises": [
            {
                "what": promise.what,
                "at_least": promise.least,
                "ratio": speeds[promise.case] / speeds[promise.against],
            }
            for promise in PROMISES
        ],
    }


def tables(found: dict[str, Any]) -> list[Table]:
    """The same for people."""
    speeds = Table("case", "who", "million a second", title="Scoring core")
    for row in found["per_second"]:
        speeds.add_row(row["case"], row["who"], f"{row['per_second'] / 1e6:,.2f}")
    promises = Table("what", "at least", "measured", "", title="Ratios in this run")
    for row in found["promises"]:
        held = "holds" if row["ratio"] >= row["at_least"] else "missed"
        promises.add_row(row["what"], f"{row['at_least']:g}", f"{row['ratio']:.2f}", held)
    return [speeds, promises]
