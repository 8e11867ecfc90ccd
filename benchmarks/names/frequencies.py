"""`python -m benchmarks.names.frequencies TOOLS OUT` makes the table of how common names are.

From lists of names by origin: Faker's (37.12.0, MIT), of which some have weights, and the
generator's own, which stand in order of frequency. A list's share of a name is its weight's; where
it has none, an even share made smaller, since most names of a list are rarer than its mean. Names
that have one entry in the lexicon's source (the clusters of `persons.txt`, in all scripts) are as
common as the commonest of them.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np

from benchmarks.names.clusters import Cluster, read_clusters
from encoders.names.frequency import KNOWN, LISTED, SHARES, Kind
from encoders.names.known import key_of, to_planes
from encoders.names.pieces import pieces
from matcher.formats.files import written_whole

KINDS: tuple[Kind, ...] = ("given", "family")
Shares = dict[tuple[Kind, str], float]

_EVEN = 0.3  # of an even share: the median of a list as Zipf would have it
_SECTIONS: dict[str, Kind] = {"male": "given", "female": "given", "family": "family"}
_SHIFT = 2.7  # of the generator's own law, see `datasets.tracing.lexicon`
_SHORTEST_LIST = 40
_SEVERAL_SCRIPTS = 4


def main(tools: Path, out: Path) -> None:
    """Make the table and write it."""
    shares: Shares = defaultdict(float)
    for kind, name, share in [*_of_faker(tools / "bin" / "python"), *_of_generator()]:
        for piece in pieces(name):
            shares[kind, piece] = max(shares[kind, piece], share)
    found = next((tools / "lib").glob("python3*/site-packages/rigour/data/names/persons.txt"))
    clusters = [cluster for cluster in read_clusters(found) if not cluster.held_out]
    classes = classes_of(shares, clusters)
    _write(out, classes)
    for kind in KINDS:
        counts = np.bincount([of_kind[kind] for of_kind in classes.values()], minlength=KNOWN + 1)
        print(f"{kind}: {counts.tolist()} names in classes 0 to {KNOWN}")  # noqa: T201


def classes_of(shares: Shares, clusters: list[Cluster]) -> dict[str, dict[Kind, int]]:
    """Give the class of every piece that is commoner than what the lexicon alone knows."""
    common: dict[str, dict[Kind, int]] = defaultdict(lambda: dict.fromkeys(KINDS, KNOWN))
    for (kind, piece), share in shares.items():
        common[piece][kind] = _class_of(share)
    spread: dict[str, dict[Kind, int]] = defaultdict(lambda: dict.fromkeys(KINDS, KNOWN))
    for cluster in clusters:
        of_cluster = {
            found[0]
            for spellings in cluster.spellings.values()
            for found in map(pieces, spellings)
            if len(found) == 1
        }
        several = len(cluster.spellings) >= _SEVERAL_SCRIPTS
        for kind in KINDS:
            best = min(
                (common[piece][kind] for piece in of_cluster if piece in common), default=KNOWN
            )
            if several:
                best = min(best, LISTED)
            for piece in of_cluster:
                spread[piece][kind] = min(spread[piece][kind], best)
    for piece, of_kind in spread.items():
        for kind, best in of_kind.items():
            common[piece][kind] = min(common[piece][kind], best)
    return {piece: of_kind for piece, of_kind in common.items() if min(of_kind.values()) < KNOWN}


def _class_of(share: float) -> int:
    return next((number for number, least in enumerate(SHARES) if share >= least), LISTED)


def _of_faker(python: Path) -> Iterator[tuple[Kind, str, float]]:
    script = Path(__file__).with_name("name_lists.py")
    done = subprocess.run([python, script], capture_output=True, text=True, check=True)  # noqa: S603 - the caller's own tools
    for of_locale in json.loads(done.stdout).values():
        for kind in KINDS:
            for names in of_locale[kind]:
                if len(names) < _SHORTEST_LIST:
                    continue
                weights = [weight for _, weight in names if weight is not None]
                weighted = len(set(weights)) > 1
                for name, weight in names:
                    share = weight / sum(weights) if weighted else _EVEN / len(names)
                    yield kind, name, share


def _of_generator() -> Iterator[tuple[Kind, str, float]]:
    for file in sorted(resources.files("datasets.tracing.names").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".txt"):
            yield from of_list(file.read_text(encoding="utf-8"))


def of_list(text: str) -> Iterator[tuple[Kind, str, float]]:
    """Give kind, spelling and share of every name in a list of the generator."""
    for section in text.split("\n[")[1:]:
        heading, *lines = section.splitlines()
        kind = _SECTIONS.get(heading.strip("[]"))
        names = [line.split("~")[0] for line in lines if line and not line.startswith("#")]
        weights = 1 / (np.arange(len(names)) + 1 + _SHIFT)
        for name, share in zip(names if kind else (), weights / weights.sum(), strict=False):
            for spelling in name.replace("//", "|").split("|"):
                yield kind or "given", spelling, float(share)


def _write(out: Path, classes: dict[str, dict[Kind, int]]) -> None:
    by_key: dict[int, dict[Kind, int]] = {}
    for piece, of_kind in classes.items():
        held = by_key.setdefault(key_of(piece), of_kind)
        by_key[key_of(piece)] = {kind: min(held[kind], of_kind[kind]) for kind in KINDS}
    keys = np.array(sorted(by_key), dtype=np.uint32)
    with written_whole(out) as aside, aside.open("wb") as file:
        np.savez_compressed(
            file,
            key_steps=to_planes(np.diff(keys, prepend=np.uint32(0))),
            given=np.array([by_key[int(key)]["given"] for key in keys], dtype=np.uint8),
            family=np.array([by_key[int(key)]["family"] for key in keys], dtype=np.uint8),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
