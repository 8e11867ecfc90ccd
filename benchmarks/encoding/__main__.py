"""Runs everything and writes the figures: `python -m benchmarks.encoding CLKHASH_PYTHON OUT`."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from rich.console import Console
from rich.table import Table

from benchmarks.encoding import material, theirs
from encoders.views import ATTRIBUTES
from matcher.formats.files import written_whole
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

MILLION, LATIN = 1_000_000, 200_000
LATIN_SETS = {
    "latin": "tracing records in Latin letters, most cells empty",
    "complete": "the same, every cell filled",
    "febrl": "FEBRL 4",
}
_ROUNDS = 3  # as ours has
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
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        mixed_table, latin_tables = material.mixed(million, seed), _latin_tables(latin, seed)
        mixed_file = material.write(mixed_table, folder / "mixed.parquet")
        runs: dict[str, Any] = {}
        for name, table in latin_tables.items():
            runs |= _beside(clkhash, name, table, folder)
        runs["latin, 2 workers"] = _ours(folder / "latin.parquet", 2)
        runs["mixed, 1 worker"] = _ours(mixed_file, 1)
        runs["mixed, 1 worker, written"] = _ours(mixed_file, 1, folder)
    found = {
        "machine": _machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
            "clkhash": _run([clkhash, "-c", _CLKHASH_VERSION]),
        },
        "scheme": DEFAULT_SCHEME,
        "clkhash_kinds": theirs.KINDS,
        "clkhash_columns": {name: filled(table) for name, table in latin_tables.items()},
        "runs": runs,
        "distinct": {
            "mixed": material.distinct_counts(mixed_table),
            **{name: material.distinct_counts(table) for name, table in latin_tables.items()},
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
    mixed = runs["mixed, 1 worker"]
    found = [
        {
            "what": "a million records of mixed scripts, one core: records a second",
            "at_least": AT_LEAST["million_per_second"],
            "measured": mixed["per_second"],
            "by_processor_time": mixed["per_cpu_second"],
        }
    ]
    for kind in theirs.KINDS:
        for name, what in LATIN_SETS.items():
            ours, others = runs[f"{name}, 1 worker"], runs[f"{name}, clkhash {kind}"]
            found.append(
                {
                    "what": f"{what}, one core: our rate over clkhash's, {kind}",
                    "at_least": AT_LEAST["over_clkhash"],
                    "measured": round(ours["per_second"] / others["per_second"], 2),
                    "by_processor_time": round(
                        ours["per_cpu_second"] / others["per_cpu_second"], 2
                    ),
                }
            )
    return found


def _latin_tables(rows: int, seed: int) -> dict[str, pa.Table]:
    latin = material.latin(rows, seed)
    columns = [name for name in _columns() if name != "age"]
    return {
        "latin": latin,
        # An age has no use beside a birth date.
        "complete": material.complete(latin.drop_columns("age"), columns, seed),
        "febrl": material.febrl(),
    }


def filled(table: pa.Table) -> list[str]:
    """Give the columns that the default scheme reads and that some record has a cell in.

    Those that only say how to read others are left out.
    """
    columns = [name for name in _columns() if name in table.column_names]
    return [name for name in columns if pc.any(pc.not_equal(table[name], "")).as_py()]


def _columns() -> list[str]:
    attributes = dict.fromkeys(
        attribute.name
        for part in Scheme.published(DEFAULT_SCHEME).passes
        for attribute in part.attributes
    )
    columns = dict.fromkeys(column for name in attributes for column in ATTRIBUTES[name].columns)
    return [name for name in columns if name not in ("age_on", "calendar")]


def _beside(clkhash: Path, name: str, table: pa.Table, folder: Path) -> dict[str, Any]:
    """Measure ours and clkhash's two kinds on one table: the fastest of some runs each."""
    file = material.write(table, folder / f"{name}.parquet")
    pyarrow.csv.write_csv(table, folder / f"{name}.csv")
    runs = {f"{name}, 1 worker": _ours(file, 1)}
    script = Path(__file__).with_name("theirs.py")
    for kind in theirs.KINDS:
        words = [clkhash, script, folder / f"{name}.csv", ",".join(filled(table)), kind]
        timed = [_run(words) for _ in range(_ROUNDS)]
        runs[f"{name}, clkhash {kind}"] = max(timed, key=itemgetter("per_cpu_second"))
    return runs


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
