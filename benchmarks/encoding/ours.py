"""Encodes a file with kinmatch and prints what it took: run in a process of its own.

`python -m benchmarks.encoding.ours FILE WORKERS [FOLDER]`: with a folder, a batch and its reference
file are written there; without, the fingerprints are made and dropped.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.rehearsal import default_agreement
from encoders.batching import write_batch_of
from encoders.encoding import Encoding
from encoders.keys import Keys
from encoders.marks import throwaway_record_keys
from encoders.records import Records
from matcher.formats.agreement import Agreement

_ROUNDS = 3  # of which the fastest counts
_MANY = 500_000  # so many records take long enough to be timed once
_SHOWN_EVERY = 100_000


def main(path: Path, workers: int, folder: Path | None) -> dict[str, Any]:
    """Encode the file and say how long it took, and how much memory."""
    if workers == 1:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    table = pq.read_table(path)
    records = Records({name: table[name] for name in table.column_names}, len(table))
    del table
    under = default_agreement()
    _encode(records.take(range(100)), under, 1)  # compiles
    before = _peak()
    rounds = _ROUNDS if folder is None and len(records) < _MANY else 1
    timed = [_timed(records, under, workers, folder) for _ in range(rounds)]
    wall, cpu = (min(seconds) for seconds in zip(*timed, strict=True))
    return {
        "records": len(records),
        "workers": workers,
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "per_second": round(len(records) / wall),
        "per_cpu_second": round(len(records) / cpu),
        "peak_mib_before": before,
        "peak_mib": _peak(),
    }


def _timed(
    records: Records, under: Agreement, workers: int, folder: Path | None
) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    if folder is None:
        _encode(records, under, workers)
    else:
        write_batch_of(
            _encoding(records, under, workers),
            records,
            society=under.parties[0],
            agreement=under,
            path=folder / "batch.parquet",
            references_path=folder / "references.parquet",
            seed=1,
            keys=throwaway_record_keys(1, records.column("record_id").to_pylist()),
        )
    return time.perf_counter() - wall, time.process_time() - cpu


def _encoding(records: Records, under: Agreement, workers: int) -> Encoding:
    def progress(done: int) -> None:
        if done // _SHOWN_EVERY > shown[-1]:
            shown.append(done // _SHOWN_EVERY)
            sys.stderr.write(f"  {done:,} of {len(records):,} records\n")

    shown = [0]
    keys = Keys.throwaway(under, seed=1)
    return Encoding(records, under, keys, workers=workers, progress=progress)


def _encode(records: Records, under: Agreement, workers: int) -> None:
    for _ in _encoding(records, under, workers).in_order(np.arange(len(records))):
        pass


def _peak() -> int:
    """The most memory that the process ever had, in MiB; not what its parent had (Linux)."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmHWM"))) // 1024


if __name__ == "__main__":
    given = sys.argv[1:]
    found = main(Path(given[0]), int(given[1]), Path(given[2]) if len(given) > 2 else None)
    json.dump(found, sys.stdout)
