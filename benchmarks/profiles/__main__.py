"""`python -m benchmarks.profiles STEPS DATA OUT` searches for schemes, and measures what it finds.

STEPS is how many schemes each search looks at; DATA has the census and its administrative extract,
which are left out where it hasn't. Figures go to OUT as JSON, with every scheme in full, and the
front as a page beside it. The same arguments give the same schemes and figures, but for the rates.

Both files are written after every search and every measurement, and what OUT has already from the
same seed and steps is not done again: a run that was cut off goes on.
"""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

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


class Aim(NamedTuple):
    """What one search is for.

    Attributes:
        start: From what it goes: one of `starts/`, or a published scheme.
        budget: How much all resemblances may say (`benchmarks.profiles.yardsticks`).
        least: The share of some sets' true pairs that it must find.
    """

    start: str
    budget: float
    least: Mapping[str, float]

    @property
    def name(self) -> str:
        """What the scheme is called that is found."""
        return f"{self.start.partition('/')[0]}_at_{round(100 * self.budget)}"


_AS_A_DEFAULT = {"census and CIS": 0.973, "FEBRL 4": 0.987}
AIMS = (
    Aim("one", 0.1, {}),
    Aim("high/4", 0.1, {}),
    Aim("apart", 0.1, {}),
    Aim("three", 2.0, _AS_A_DEFAULT),
    Aim("standard/3", 2.0, _AS_A_DEFAULT),
)

_TELL_EVERY = 25


def main(steps: int, data: Path, out: Path) -> None:
    """Search, measure, and write."""
    console = Console()
    sets = list(all_sets(data, CASES, REGISTERED, SEED))
    found = _kept(out, steps, [one.name for one in sets])
    measured = {point["name"]: point["scheme"] for point in found["points"]}
    calibrated_on = generated(*CALIBRATED_ON)
    for scheme in _schemes(steps, sets, found, out, console):
        told = scheme.model_dump(mode="json")
        if measured.get(scheme.label) == told:
            continue
        console.print(f"measuring {scheme.label}")
        figures = measure(scheme, sets, calibrated_on, seed=SEED)
        found["points"].append({"name": scheme.label, "scheme": told} | figures)
        _write(found, out)
        with written_whole(out.with_suffix(".html")) as aside:
            aside.write_text(page(table(found["points"])), encoding="utf-8")
    console.print(table(found["points"]).to_string(index=False))


def _kept(out: Path, steps: int, sets: list[str]) -> dict[str, Any]:
    """Give what an earlier run with the same arguments has found, or the beginning of a new one."""
    begun: dict[str, Any] = {
        "format": "kinmatch-profiles/4", "seed": SEED, "steps": steps, "sets": sets,
        "searched": {}, "points": [],
    }  # fmt: skip
    if not out.exists():
        return begun
    kept: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    same = all(kept.get(name) == begun[name] for name in ("format", "seed", "steps", "sets"))
    return kept if same else begun


def _write(found: dict[str, Any], out: Path) -> None:
    with written_whole(out) as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _schemes(
    steps: int, sets: list[LabelledSet], found: dict[str, Any], out: Path, console: Console
) -> Iterator[Scheme]:
    """Give the published schemes, and what is found from every start under every budget."""
    for label in published():
        yield Scheme.published(label)
    if not steps:
        return
    yardsticks = Yardsticks(sets, POPULATION, SEED)
    for number, aim in enumerate(AIMS, 1):

        def tell(step: int, best: Figures, name: str = aim.name) -> None:
            if step % _TELL_EVERY == 0:
                console.print(f"{name}, step {step}: {best}")

        if aim.name not in found["searched"]:
            least = {one.name: aim.least[one.name] for one in sets if one.name in aim.least}
            passes = search(
                _start(aim.start), yardsticks, budget=aim.budget, least=least, steps=steps,
                seed=SEED + number, progress=tell,
            )  # fmt: skip
            scheme = Scheme(name=aim.name, version=1, passes=passes)
            found["searched"][aim.name] = scheme.model_dump(mode="json")
            _write(found, out)
        yield Scheme.model_validate(found["searched"][aim.name])


def _start(name: str) -> Passes:
    if name in published():
        return Scheme.published(name).passes
    file = Path(__file__).with_name("starts") / f"{name}.toml"
    return Scheme.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).passes


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:4]))
