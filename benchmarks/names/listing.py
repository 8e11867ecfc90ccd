"""`python -m benchmarks.names.listing PERSONS OUT` makes the table of names known across scripts.

From the clusters of `persons.txt` that are not held out, those that are written in Latin and in
another alphabet; a spelling of several pieces is no key, since a table of pieces is asked.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks.names.clusters import read_clusters
from encoders.names.known import key_of, to_planes
from encoders.names.pieces import pieces
from matcher.formats.files import written_whole

_NO_ALPHABETS = {"Latin", "Han", "Kana", "Bopomofo"}


def main(persons: Path, out: Path) -> None:
    """Make the table and write it; entries are numbered in the order of the file."""
    rows: set[tuple[int, int]] = set()
    entries = 0
    for cluster in read_clusters(persons):
        scripts = cluster.spellings.keys()
        if cluster.held_out or "Latin" not in scripts or not scripts - _NO_ALPHABETS:
            continue
        found = [pieces(name) for names in cluster.spellings.values() for name in names]
        rows.update((key_of(one[0]), entries) for one in found if len(one) == 1)
        entries += 1
    table = np.array(sorted(rows), dtype=np.uint32)
    with written_whole(out) as aside, aside.open("wb") as file:
        np.savez_compressed(
            file,
            key_steps=to_planes(np.diff(table[:, 0], prepend=np.uint32(0))),
            entries=to_planes(table[:, 1]),
        )
    print(f"{entries:,} entries, {len(table):,} spellings")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
