"""`python -m benchmarks.names TOOLS DATA OUT` measures how well names survive a border.

TOOLS is a virtual environment with rigour 1.3.0 and uroman (see `make bench-names`): measuring
tools, never dependencies. DATA has the Ancestry pairs and a census, which are left out where it
hasn't. A table is printed, and the figures are written to OUT as JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from anyascii import anyascii

from benchmarks.names import commonness, pairs, systems
from benchmarks.names.clusters import Cluster, read_clusters
from benchmarks.names.retrieval import Task, recall, tasks
from encoders.names.known import lexicon
from encoders.names.pieces import pieces
from matcher.formats.files import written_whole

_WHERE = "import rigour; print(rigour.__path__[0])"

Figures = dict[str, dict[str, float]]
Romanise = Callable[[Sequence[str]], list[str]]


def main(tools: Path, data: Path, out: Path) -> None:
    """Measure, print and write."""
    python = tools / "bin" / "python"
    found = subprocess.run([python, "-c", _WHERE], capture_output=True, text=True, check=True)  # noqa: S603 - the caller's own tools
    clusters = list(read_clusters(Path(found.stdout.strip()) / "data" / "names" / "persons.txt"))
    report = {
        "held_out": _held_out(clusters, _uroman(python)),
        "lexicon": _known(clusters),
        "ancestry": _ancestry(data),
        "frequency_classes": _frequency_classes(data),
        "speed": _speed(clusters),
    }
    with written_whole(out) as aside:
        aside.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _held_out(clusters: Sequence[Cluster], uroman: Romanise) -> dict[str, Figures]:
    """Every system on the clusters that neither model nor lexicon was made from."""
    compared = {
        "ours": systems.encoded(systems.OURS),
        "bigrams on raw text": systems.bigram_filters(str),
        "bigrams on anyascii": systems.bigram_filters(anyascii),
        "Jaro-Winkler on anyascii": systems.jaro_winkler(
            lambda names: [anyascii(name).lower() for name in names]
        ),
        "Jaro-Winkler on uroman": systems.jaro_winkler(uroman),
    }
    learned_from = {
        spelling
        for cluster in clusters
        if not cluster.held_out
        for spellings in cluster.spellings.values()
        for spelling in spellings
    }
    report = {}
    _print_heading("held-out clusters: recall@1, recall@10", [*compared, "ours, unseen spellings"])
    for task in tasks([cluster for cluster in clusters if cluster.held_out]):
        figures = {name: _recalls(task, system) for name, system in compared.items()}
        # A spelling may belong to another cluster, that was learned from.
        unseen = [i for i, query in enumerate(task.queries) if query not in learned_from]
        rest = task.only(unseen)
        figures["ours, unseen spellings"] = _recalls(rest, compared["ours"])
        _print_row(task, figures)
        report[task.script] = figures
    return report


def _known(clusters: Sequence[Cluster]) -> dict[str, Figures]:
    """Ours with the lexicon, on clusters and spellings that it has."""
    table = lexicon(1)

    def known(name: str) -> bool:
        of_name = pieces(name)
        return len(of_name) == 1 and bool(table.entries_of(of_name[0]))

    having = []
    for cluster in clusters:
        spellings = {s: list(filter(known, names)) for s, names in cluster.spellings.items()}
        if not cluster.held_out:
            having.append(
                Cluster(cluster.name_id, {s: names for s, names in spellings.items() if names})
            )
    report = {}
    system = systems.encoded(systems.WITH_LEXICON)
    _print_heading("names that the lexicon knows: recall@1, recall@10", ["ours with the lexicon"])
    for task in tasks(having):
        report[task.script] = {"ours with the lexicon": _recalls(task, system)}
        _print_row(task, report[task.script])
    return report


def _ancestry(data: Path) -> Figures:
    report = {}
    for kind, name in pairs.FILES.items():
        if not (data / name).exists():
            print(f"\n{name} is not in the data folder: left out.")  # noqa: T201
            continue
        report[kind] = pairs.measure(data / name, systems.OURS)
        print(f"\nAncestry, {kind}, area under the curve: {report[kind]}")  # noqa: T201
    return report


def _frequency_classes(data: Path) -> dict[str, dict[str, object]]:
    if not (data / commonness.FILE).exists():
        print(f"\n{commonness.FILE} is not in the data folder: left out.")  # noqa: T201
        return {}
    report = commonness.measure(data / commonness.FILE)
    for kind, figures in report.items():
        print(f"\nClasses of {kind} names in a census, 0 to 5: {figures}")  # noqa: T201
    return report


def _speed(clusters: Sequence[Cluster]) -> dict[str, float]:
    """Distinct names a second, all scripts mixed, all views of `OURS`, one core."""
    names = [cluster.spellings[s][0] for cluster in clusters[:20_000] for s in cluster.spellings]
    systems.filters_of(names[:10], systems.OURS)  # compiled before the clock runs
    start = time.perf_counter()
    systems.filters_of(names, systems.OURS)
    rate = round(len(names) / (time.perf_counter() - start))
    print(f"\n{rate:,} distinct names a second")  # noqa: T201
    return {"distinct_names_a_second": rate}


def _recalls(task: Task, system: systems.System) -> dict[str, float]:
    if not task.queries:
        return {"queries": 0}
    found = system(task.queries, task.gallery)
    return {
        "queries": len(task.queries),
        "recall@1": round(recall(found, task.right, 1), 4),
        "recall@10": round(recall(found, task.right, 10), 4),
    }


def _uroman(python: Path) -> Romanise:
    """Romanise by uroman, in the measuring tools' own process."""

    def romanise(names: Sequence[str]) -> list[str]:
        done = subprocess.run(  # noqa: S603 - the caller's own tools
            [python, Path(__file__).with_name("uromanise.py")],
            input="".join(f"{name}\n" for name in names),
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.lower().splitlines()

    return romanise


def _print_heading(title: str, columns: Sequence[str]) -> None:
    print(f"\n{title}\n{'':11}{'queries':>8}  " + "  ".join(f"{c:>12}" for c in columns))  # noqa: T201


def _print_row(task: Task, figures: Figures) -> None:
    cells = [
        f"{one.get('recall@1', float('nan')):.3f} {one.get('recall@10', float('nan')):.3f}".rjust(
            max(12, len(name))
        )
        for name, one in figures.items()
    ]
    print(f"{task.script:11}{len(task.queries):>8}  " + "  ".join(cells), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
