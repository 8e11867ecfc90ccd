"""The task: find one name among 10,000 Latin ones, given its spelling in another script."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from benchmarks.names.clusters import Cluster

SCRIPTS = (
    "Cyrillic", "Arabic", "Hebrew", "Greek", "Georgian", "Armenian", "Devanagari", "Hangul",
    "Bengali", "Thai", "Ethiopic", "Han", "Kana",
)  # fmt: skip
GALLERY = 10_000
MOST_QUERIES = 1_000
SEED = 1

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """Queries in one script, and the Latin names among which each has some that are right.

    Attributes:
        script: The queries' script.
        queries: One spelling for each of the clusters asked for, drawn at random.
        gallery: Distinct Latin spellings, all of each cluster, in random order; those of the
            clusters asked for, and of others until there are enough.
        right: For each query the gallery rows of its cluster's spellings.
    """

    script: str
    queries: list[str]
    gallery: list[str]
    right: list[set[int]]

    def only(self, rows: Sequence[int]) -> "Task":
        """Give the same task with some of the queries."""
        return Task(
            self.script,
            [self.queries[row] for row in rows],
            self.gallery,
            [self.right[row] for row in rows],
        )


def tasks(clusters: Sequence[Cluster]) -> list[Task]:
    """Draw a task for every script that some cluster is written in beside Latin."""
    latin = [cluster for cluster in clusters if "Latin" in cluster.spellings]
    return [task for script in SCRIPTS if (task := _task(latin, script)).queries]


def _task(clusters: list[Cluster], script: str) -> Task:
    rng = np.random.default_rng([SEED, *script.encode()])
    shuffled = [clusters[row] for row in rng.permutation(len(clusters))]
    asked = [cluster for cluster in shuffled if script in cluster.spellings][:MOST_QUERIES]
    chosen = {cluster.name_id for cluster in asked}
    others = (cluster for cluster in shuffled if cluster.name_id not in chosen)
    spellings = dict.fromkeys(
        name for cluster in chain(asked, others) for name in cluster.spellings["Latin"]
    )
    gallery = list(islice(spellings, GALLERY))
    gallery = [gallery[row] for row in rng.permutation(len(gallery))]
    row_of = {name: row for row, name in enumerate(gallery)}
    return Task(
        script,
        [str(rng.choice(cluster.spellings[script])) for cluster in asked],
        gallery,
        [{row_of[name] for name in cluster.spellings["Latin"]} for cluster in asked],
    )


def recall(found: Rows, right: Sequence[set[int]], best: int) -> float:
    """The share of queries that have a right row among the first `best` found.

    Args:
        found: Shape (queries, at least `best`): gallery rows, best first.
        right: For each query the rows that are right.
        best: How many are looked at.
    """
    hits = [
        not of_query.isdisjoint(row)
        for of_query, row in zip(right, found[:, :best].tolist(), strict=True)
    ]
    return float(np.mean(hits))
