"""`python -m benchmarks.peers PEERS DATA OUT` measures plaintext linkage and ours on the same sets.

PEERS is a virtual environment with Splink (see `make bench-peers`), a measuring tool and never a
dependency. DATA has the census and its administrative extract, which are left out where it hasn't.
Tables are printed, and the figures are written to OUT as JSON.
"""

import json
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console

from benchmarks.peers import by_recordlinkage, report
from benchmarks.peers.columns import plain_columns
from benchmarks.peers.sets import LabelledSet, all_sets
from benchmarks.peers.unhardened import Unhardened, without_protection
from benchmarks.rehearsal import rehearse
from encoders.records import Records
from matcher.formats.files import written_whole
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

CASES, REGISTERED, SEED = 18_000, 85_000, 11
"""Size and seed of the generated set: no model was calibrated on this seed."""

if TYPE_CHECKING:
    from collections.abc import Callable

Found = tuple[pd.DataFrame, dict[str, float]]
"""Scored pairs, and the thresholds that the system itself proposes, by name."""

_EVEN_CHANCE = {"default": 0.0}  # log odds of a match


def main(python: Path, data: Path, out: Path) -> None:
    """Measure, print and write."""
    console = Console()
    scheme = Scheme.published(DEFAULT_SCHEME)
    console.print("fitting the ranking of unhardened filters")
    bare = Unhardened.fitted(without_protection(scheme))
    systems: dict[str, Callable[[LabelledSet], Found]] = {
        report.PLAINTEXT: lambda on: (_by_splink(python, on), _EVEN_CHANCE),
        "recordlinkage, plaintext": lambda on: (_by_recordlinkage(on), _EVEN_CHANCE),
        report.UNHARDENED: lambda on: (bare.link(on), {}),
        report.HARDENED: lambda on: _rehearsed(on, refine=False),
        report.REFINED: lambda on: _rehearsed(on, refine=True),
    }
    sets = []
    for labelled in all_sets(data, CASES, REGISTERED, SEED):
        measured = {}
        for name, link in systems.items():
            console.print(f"{labelled.name}: {name}")
            start = time.perf_counter()
            pairs, thresholds = link(labelled)
            seconds = time.perf_counter() - start
            measured[name] = report.figures(pairs, labelled.truth, thresholds, seconds)
        sets.append({"set": labelled.name, "about": labelled.about, "systems": measured})
    found = {"scheme": scheme.label, "versions": _versions(python), "sets": sets}
    found["promises"] = report.promises(found)
    with written_whole(out) as aside:
        aside.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for table in report.tables(found):
        console.print(table)


def _by_splink(python: Path, on: LabelledSet) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as name:
        files = [Path(name) / f"{what}.parquet" for what in ("left", "right", "pairs")]
        for frame, file in zip((on.requests, on.register), files, strict=False):
            plain_columns(frame).to_parquet(file, index=False)
        script = Path(__file__).with_name("by_splink.py")
        subprocess.run([python, script, *files], check=True)  # noqa: S603 - the caller's own tools
        return pd.read_parquet(files[-1])


def _by_recordlinkage(on: LabelledSet) -> pd.DataFrame:
    return by_recordlinkage.link(plain_columns(on.requests), plain_columns(on.register))


def _rehearsed(on: LabelledSet, *, refine: bool) -> Found:
    done = rehearse(
        Records.from_frame(on.requests, role="sought"),
        Records.from_frame(on.register, role="registered"),
        refine=refine,
    )
    return done.pairs, {"default": done.bands.possible, "strong": done.bands.strong}


def _versions(python: Path) -> dict[str, str]:
    command = "import splink; print(splink.__version__)"
    done = subprocess.run(  # noqa: S603 - the caller's own tools
        [python, "-c", command], capture_output=True, text=True, check=True
    )
    ours = {name: version(name) for name in ("kinmatch", "recordlinkage", "anyascii")}
    return {"splink": done.stdout.strip(), **ours}


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
