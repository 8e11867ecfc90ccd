"""`python -m benchmarks.profiles STEPS DATA OUT` searches for schemes, and measures what it finds.

STEPS is how many schemes each search looks at; DATA has the census and its administrative extract,
which are left out where it hasn't. Figures go to OUT as JSON, with every scheme in full, and the
front as a page beside it. The same arguments give the same schemes and figures, but for the rates.
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.peers.sets import LabelledSet, all_sets, generated
from benchmarks.profiles.front import page, table
from benchmarks.profiles.measuring import measure
from benchmarks.profiles.search import search
from benchmarks.profiles.space import Passes
from benchmarks.profiles.yardsticks import Figures, Yardsticks
from matcher.formats.files import written_whole
from matcher.formats.scheme import Scheme, published

SEED = 99
CASES, REGISTERED = 4_000, 20_000
CALIBRATED_ON = (8_000, 40_000, 7)
POPULATION = 5_000
BUDGETS = {"one": (0.02, 0.05, 0.1), "two": (0.25, 0.5, 1.0)}
"""From which start under which degrees (`benchmarks.profiles.yardsticks`) the search goes."""

_TELL_EVERY = 25


def main(steps: int, data: Path, out: Path) -> None:
    """Search, measure, and write."""
    console = Console()
    sets = list(all_sets(data, CASES, REGISTERED, SEED))
    schemes = [Scheme.published(label) for label in published()]
    schemes = [scheme for scheme in schemes if all(part.hardening for part in scheme.passes)]
    schemes += _searched(steps, sets, console)
    calibrated_on = generated(*CALIBRATED_ON)
    points: list[dict[str, Any]] = []
    for scheme in schemes:
        console.print(f"measuring {scheme.label}")
        figures = measure(scheme, sets, calibrated_on, seed=SEED)
        points.append({"name": scheme.label, "scheme": scheme.model_dump(mode="json")} | figures)
    found = {"format": "kinmatch-profiles/1", "seed": SEED, "steps": steps, "points": points}
    frame = table(points)
    with written_whole(out) as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    with written_whole(out.with_suffix(".html")) as aside:
        aside.write_text(page(frame), encoding="utf-8")
    console.print(frame.to_string(index=False))


def _searched(steps: int, sets: list[LabelledSet], console: Console) -> list[Scheme]:
    """Search from every start under every budget."""
    if not steps:
        return []
    yardsticks = Yardsticks(sets, POPULATION, SEED)
    found = []
    for start, budgets in BUDGETS.items():
        for number, budget in enumerate(budgets, 1):
            name = f"{start}_at_{round(100 * budget)}"

            def tell(step: int, best: Figures, name: str = name) -> None:
                if step % _TELL_EVERY == 0:
                    console.print(f"{name}, step {step}: {best}")

            passes = search(
                _start(start), yardsticks, budget=budget, steps=steps, seed=SEED + number,
                progress=tell,
            )  # fmt: skip
            found.append(Scheme(name=name, version=1, passes=passes))
    return found


def _start(name: str) -> Passes:
    file = Path(__file__).with_name("starts") / f"{name}.toml"
    return Scheme.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).passes


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:4]))
