"""`python -m benchmarks.million REQUESTS REGISTERED OUT` rehearses against a register of full size.

What small sets can't show: how often somebody who is nowhere in a register of a million gets a
`strong` candidate, and what still stands first there. REQUESTS is how many cases are generated;
figures go to OUT as JSON. The same numbers give the same figures, but for the times.
"""

import json
import platform
import resource
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from benchmarks.attacks.outcome import clopper_pearson
from benchmarks.peers.sets import LabelledSet, generated
from benchmarks.rehearsal import rehearse
from encoders.records import Records
from matcher.formats.files import written_whole
from matcher.formats.vocabulary import BANDS

SEED = 11
_PACKAGES = ("numpy", "numba", "pandas", "pyarrow")


def main(requests: int, registered: int, out: Path) -> None:
    """Rehearse, refined and not, and write what was found."""
    console = Console(stderr=True)
    labelled = generated(requests, registered, SEED)
    sides = (
        Records.from_frame(labelled.requests, role="sought"),
        Records.from_frame(labelled.register, role="registered"),
    )
    done = {
        name: rehearse(*sides, refine=refine, seed=SEED, progress=console.print)
        for name, refine in (("refined", True), ("first stage", False))
    }
    found = {
        "format": "kinmatch-million/1",
        "set": labelled.about,
        "machine": platform.processor() or platform.machine(),
        "versions": {name: version(name) for name in ("kinmatch", *_PACKAGES)},
        "peak_memory_gib": round(_peak_bytes() / (1 << 30), 2),
        "found": {
            name: one.report(labelled.truth) | {"nowhere": false_hope(one.pairs, labelled)}
            for name, one in done.items()
        },
    }
    with written_whole(out) as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def false_hope(pairs: pd.DataFrame, labelled: LabelledSet) -> dict[str, Any]:
    """Say how many requests whose person is not in the register have a candidate all the same.

    Args:
        pairs: Candidates, as `Rehearsal.pairs`.
        labelled: The set.

    Returns:
        How many requests are nowhere, and by best band how many of them have a candidate, in all
        and of a thousand, with the interval that this share lies in at 95 %.
    """
    nowhere = labelled.requests["record_id"]
    nowhere = nowhere[~nowhere.isin(labelled.truth["request_id"])]
    best = pairs.drop_duplicates("request_id")  # the best stands first
    of_nowhere = best.loc[best["request_id"].isin(nowhere), "band"]
    by_band = {}
    for band in BANDS:
        count = int((of_nowhere == band).sum())
        low, high = clopper_pearson(count, len(nowhere))
        by_band[band] = {
            "requests": count,
            "of_a_thousand": round(1000 * count / len(nowhere), 3),
            "interval": [round(1000 * low, 3), round(1000 * high, 3)],
        }
    return {"requests": len(nowhere), "best_band": by_band}


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
