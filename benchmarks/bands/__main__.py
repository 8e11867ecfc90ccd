"""`python -m benchmarks.bands DATA OUT` measures fingerprints of bands of min-wise hashes.

Whom they find and what attackers get of them, for every file of weights beside this module: recall
among ten of all registered persons, what all pairs tell, who is named by graph matching from
nothing and from three in ten of the people, and by known plaintext. DATA has the census and its
administrative extract, which are left out where it hasn't. Figures go to OUT as JSON; the same
arguments give the same.
"""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.attacks.populations import overlapping, people, records_of
from benchmarks.bands.attack import graph_matching, known_plaintext_attack
from benchmarks.bands.banding import SYMBOL_BITS, Banding, drawn, largest_class, shared_by
from benchmarks.bands.evidence import evidence_over_entropy
from benchmarks.bands.finding import found_among, least_shared
from benchmarks.peers.sets import LabelledSet, all_sets
from matcher.formats.files import written_whole

SEED = 99
CASES, REGISTERED = 4_000, 20_000
BEST = 10
ATTACKED = ((1_000, 0), (1_000, 1), (1_000, 2), (2_000, 0))
"""People, and the seed they, keys and attacks are drawn from."""

SAID_OF = (1_000, 2_000, 5_000)
KNOWN, KNOWN_OF = (500, 2_000), 10_000


def main(data: Path, out: Path) -> None:
    """Measure every file of weights, and write."""
    console = Console()
    sets = list(all_sets(data, CASES, REGISTERED, SEED))
    told: dict[str, Any] = {"format": "kinmatch-bands/1", "seed": SEED, "bandings": {}}
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        console.print(f"measuring {file.stem}")
        told["bandings"][file.stem] = measured(Banding.read(file), sets)
        with written_whole(out) as aside:
            aside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        console.print_json(data=told["bandings"][file.stem])


def measured(banding: Banding, sets: list[LabelledSet]) -> dict[str, Any]:
    """Measure one."""
    many = records_of(people(KNOWN_OF, SEED))
    attacked = []
    for size, seed in ATTACKED:
        records, knowledge = overlapping(size, size, seed)
        named = graph_matching(records, knowledge, banding, seed)
        attacked.append({"people": size, "seed": seed, "named": named})
    return {
        "bytes": banding.bands * SYMBOL_BITS // 8,
        "least_shared": least_shared(banding),
        "recall": {one.name: round(found_among(one, banding, BEST, SEED), 4) for one in sets},
        "evidence": {
            size: round(evidence_over_entropy(shared_by(persons, banding)), 3)
            for size, persons in ((size, records_of(people(size, SEED))) for size in SAID_OF)
        },
        "graph_matching": attacked,
        "known_plaintext": {
            known: round(known_plaintext_attack(many, banding, known, SEED).rate, 4)
            for known in KNOWN
        },
        "largest_class": largest_class(drawn(many, banding, SEED)),
    }  # fmt: skip


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
