"""`python -m benchmarks.peers.schemes DATA OUT` measures every published scheme on the same sets.

The default scheme comes first. Each is rehearsed as in the real flow, refined, and what the first
stage alone finds is measured beside it. DATA has the census and its administrative extract, which
are left out where it hasn't. What was measured of a scheme is written to OUT, as JSON, before the
next one begins.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.peers.sets import LabelledSet, all_sets, in_detail, without_separations
from benchmarks.rehearsal import default_agreement, figures, rehearse
from encoders.records import Records
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.files import written_whole
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme, published

CASES, REGISTERED, SEED = 4_000, 20_000, 99
"""Size and seed of the generated set: no model was calibrated on this seed."""


def main(data: Path, out: Path) -> None:
    """Measure and write."""
    console = Console()
    detailed = in_detail(CASES, REGISTERED, SEED)
    sets = [*all_sets(data, CASES, REGISTERED, SEED), detailed, without_separations(detailed)]
    found: dict[str, Any] = {
        "format": "kinmatch-schemes/1",
        "version": version("kinmatch"),
        "refinement_model_digest": RefinementModel.published().digest,
        "sets": {one.name: one.about for one in sets},
        "schemes": {},
    }
    for label in (DEFAULT_SCHEME, *(one for one in published() if one != DEFAULT_SCHEME)):
        console.print(label)
        found["schemes"][label] = {
            one.name: _measured(Scheme.published(label), one) for one in sets
        }
        with written_whole(out) as aside:
            aside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _measured(scheme: Scheme, on: LabelledSet) -> dict[str, Any]:
    """Measure one scheme on one set, before and after refinement."""
    sides = (
        Records.from_frame(on.requests, role="sought"),
        Records.from_frame(on.register, role="registered"),
    )
    measured = {}
    for name, refine in (("first stage", False), ("refined", True)):
        done = rehearse(*sides, agreement=default_agreement(scheme), refine=refine)
        measured[name] = figures(done.pairs, on.truth, done.bands)
    return measured


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
