"""Encodes a file with clkhash and prints what it took: run by an interpreter that has clkhash.

`python benchmarks/encoding/theirs.py FILE.csv COLUMN[,COLUMN …] KIND`: letter pairs of these
columns by one of two schemas, one process. Knows nothing of kinmatch.
"""

import csv
import json
import os
import sys
import time
from typing import Any

KINDS = {
    # Its least work: HMAC-MD5 and HMAC-SHA1 added up, as few bits as its own examples have.
    "plain": {"l": 1024, "hash": "doubleHash", "bitsPerFeature": 100},
    # Work like ours: a hash without arithmetic progressions, and the positions that a column sets
    # under `standard/3`, which are 90 to 180 on the sets that are encoded here.
    "alike": {"l": 2048, "hash": "blakeHash", "bitsPerFeature": 125},
}


def schema(columns: list[str], kind: str) -> Any:
    """Give the schema of one of `KINDS` over some columns."""
    chosen = KINDS[kind]
    hashing = {
        "comparison": {"type": "ngram", "n": 2},
        "strategy": {"bitsPerFeature": chosen["bitsPerFeature"]},
        "hash": {"type": chosen["hash"]},
        "missingValue": {"sentinel": ""},
    }
    text = {"type": "string", "encoding": "utf-8"}
    features = [{"identifier": name, "format": text, "hashing": hashing} for name in columns]
    kdf = {"type": "HKDF", "hash": "SHA256", "salt": "c2FsdA==", "info": "aW5mbw==", "keySize": 64}
    return {"version": 3, "clkConfig": {"l": chosen["l"], "kdf": kdf}, "features": features}


def main(path: str, columns: list[str], kind: str) -> dict[str, Any]:
    """Encode the file and say how long it took."""
    # Here, so that the schema can be looked at where clkhash is not installed.
    from clkhash.clk import generate_clks  # noqa: PLC0415
    from clkhash.schema import from_json_dict  # noqa: PLC0415

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123 - plain on purpose
        rows = [tuple(row[name] for name in columns) for row in csv.DictReader(file)]
    plain = from_json_dict(schema(columns, kind))
    generate_clks(rows[:100], plain, "secret", max_workers=1)
    wall, cpu = time.perf_counter(), time.process_time()
    generate_clks(rows, plain, "secret", max_workers=1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "records": len(rows),
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "per_second": round(len(rows) / wall),
        "per_cpu_second": round(len(rows) / cpu),
    }


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2].split(","), sys.argv[3]), sys.stdout)
