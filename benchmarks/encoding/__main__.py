"""Runs everything and writes the figures: `python -m benchmarks.encoding CLKHASH_PYTHON OUT`."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.csv
from rich.console import Console
from rich.table import Table

from benchmarks.encoding import material
from encoders.views import ATTRIBUTES
from matcher.formats.files import written_whole
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

MILLION, LATIN = 1_000_000, 200_000
AT_LEAST = {"million_per_second": 60_000, "over_clkhash": 12}
_PACKAGES = ("numba", "numpy", "pyarrow", "anyascii", "jellyfish")


def main(
    clkhash: Path, out: Path, *, million: int = MILLION, latin: int = LATIN, seed: int = 1
) -> dict[str, Any]:
    """Run everything, one process after the other, and write the figures.

    Args:
        clkhash: A Python that has clkhash.
        out: The file of figures.
        million: Records in mixed scripts.
        latin: Records in Latin letters.
        seed: Of the records.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixed_table, latin_table = material.mixed(million, seed), material.latin(latin, seed)
        mixed_file = material.write(mixed_table, folder / "mixed.parquet")
        latin_file = material.write(latin_table, folder / "latin.parquet")
        pyarrow.csv.write_csv(latin_table, folder / "latin.csv")
        columns = _columns()
        runs = {
            "latin, 1 worker": _ours(latin_file, 1),
            "latin, clkhash": _run(
                [clkhash, Path(__file__).with_name("theirs.py"), folder / "latin.csv", columns]
            ),
            "latin, 2 workers": _ours(latin_file, 2),
            "mixed, 1 worker": _ours(mixed_file, 1),
            "mixed, 1 worker, written": _ours(mixed_file, 1, folder),
        }
    found = {
        "machine": _machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
            "clkhash": _run([clkhash, "-c", _CLKHASH_VERSION]),
        },
        "scheme": DEFAULT_SCHEME,
        "clkhash_columns": columns.split(","),
        "runs": runs,
        "distinct": {
            "mixed": material.distinct_counts(mixed_table),
            "latin": material.distinct_counts(latin_table),
        },
        "figures": figures(runs),
    }
    with written_whole(out) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    return found


_CLKHASH_VERSION = "import json, importlib.metadata as m; print(json.dumps(m.version('clkhash')))"


def figures(runs: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what must hold beside what was measured.

    On a machine that does other things at the same time a process gets only part of a core; then
    the figures by processor time tell what it would do with all of one.
    """
    mixed, ours, theirs = (
        runs[name] for name in ("mixed, 1 worker", "latin, 1 worker", "latin, clkhash")
    )
    return [
        {
            "what": "a million records of mixed scripts, one core: records a second",
            "at_least": AT_LEAST["million_per_second"],
            "measured": mixed["per_second"],
            "by_processor_time": mixed["per_cpu_second"],
        },
        {
            "what": "records in Latin letters, one core: kinmatch's rate over clkhash's",
            "at_least": AT_LEAST["over_clkhash"],
            "measured": round(ours["per_second"] / theirs["per_second"], 2),
            "by_processor_time": round(ours["per_cpu_second"] / theirs["per_cpu_second"], 2),
        },
    ]


def _columns() -> str:
    """The columns that the default scheme reads, but for those that only say how to read others."""
    attributes = dict.fromkeys(
        attribute.name
        for part in Scheme.published(DEFAULT_SCHEME).passes
        for attribute in part.attributes
    )
    columns = dict.fromkeys(column for name in attributes for column in ATTRIBUTES[name].columns)
    return ",".join(name for name in columns if name not in ("age_on", "calendar"))


def _ours(path: Path, workers: int, folder: Path | None = None) -> Any:
    words = [sys.executable, "-m", "benchmarks.encoding.ours", path, workers]
    return _run([*words, folder] if folder else words)


def _run(words: list[object]) -> Any:
    # S603 warns of words from others: these are ours, but for the interpreter, which the caller
    # chose, and no shell reads them.
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, check=True)  # noqa: S603
    return json.loads(done.stdout)


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 1),
    }


def tables(found: dict[str, Any]) -> list[Table]:
    """Give the figures for people."""
    runs = Table("run", "records", "a second", "a processor second", "peak MiB (before)")
    for name, run in found["runs"].items():
        peak = f"{run['peak_mib']:,} ({run['peak_mib_before']:,})" if "peak_mib" in run else ""
        rates = (f"{run[what]:,}" for what in ("records", "per_second", "per_cpu_second"))
        runs.add_row(name, *rates, peak)
    promises = Table("what", "at least", "measured", "by processor time")
    for row in found["figures"]:
        shown = (f"{row[what]:,}" for what in ("at_least", "measured", "by_processor_time"))
        promises.add_row(row["what"], *shown)
    return [runs, promises]


if __name__ == "__main__":
    for table in tables(main(Path(sys.argv[1]), Path(sys.argv[2]))):
        Console().print(table)
