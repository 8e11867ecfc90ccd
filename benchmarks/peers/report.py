"""From scored pairs to figures, what must hold of them, and tables."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from benchmarks import accuracy

PLAINTEXT, UNHARDENED, HARDENED = "Splink, plaintext", "kinmatch, unhardened", "kinmatch"
REFINED = "kinmatch, refined"

_F1_BELOW_PLAINTEXT = 0.01
_LEAST_RECALL_KEPT = 0.95
_LEAST_PRECISION = 0.99


def figures(
    pairs: pd.DataFrame, truth: pd.DataFrame, thresholds: Mapping[str, float], seconds: float
) -> dict[str, Any]:
    """Measure one system on one set: the best candidate of each request, and ranks.

    Args:
        pairs: `request_id, register_id, score`.
        truth: As `benchmarks.accuracy` takes it.
        thresholds: Scores that the system itself proposes, by name.
        seconds: How long it took.
    """
    links = accuracy.best_per_request(pairs)
    at = {"best": accuracy.best(links, truth)} | {
        name: accuracy.at_threshold(links, truth, score) for name, score in thresholds.items()
    }
    return {
        "seconds": round(seconds, 1),
        "pairs_scored": len(pairs),
        "recall_at_1": round(accuracy.recall_at(pairs, truth, 1), 4),
        "recall_at_10": round(accuracy.recall_at(pairs, truth, 10), 4),
        "thresholds": {
            name: {
                "threshold": round(one.threshold, 3),
                "links": one.links,
                "right": one.right,
                "precision": round(one.precision, 4),
                "recall": round(one.recall, 4),
                "f1": round(one.f1, 4),
            }
            for name, one in at.items()
        },
    }


def promises(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give each figure that must hold, set by set: what, at least, measured."""
    made = []
    for one in found["sets"]:
        systems = one["systems"]
        ours = systems[REFINED]
        plain = systems[PLAINTEXT]["thresholds"]["best"]["f1"]
        rows = (
            ("F1, refined: plaintext Splink less 0.01", plain - _F1_BELOW_PLAINTEXT,
             ours["thresholds"]["best"]["f1"]),
            ("precision at strong, refined", _LEAST_PRECISION,
             ours["thresholds"]["strong"]["precision"]),
            ("recall@10, hardened: unhardened", _LEAST_RECALL_KEPT,
             systems[HARDENED]["recall_at_10"] / systems[UNHARDENED]["recall_at_10"]),
        )  # fmt: skip
        made += [
            {
                "set": one["set"],
                "what": what,
                "at_least": round(least, 4),
                "measured": round(measured, 4),
            }
            for what, least, measured in rows
        ]
    return made


def tables(found: Mapping[str, Any]) -> list[Table]:
    """The same for people: a table for each set, and one of what must hold."""
    made = []
    for one in found["sets"]:
        table = Table(
            "", "F1 best", "precision", "recall", "F1 default", "recall@1", "recall@10", "seconds",
            title=one["set"], caption=one["about"],
        )  # fmt: skip
        for name, measured in one["systems"].items():
            best = measured["thresholds"]["best"]
            default = measured["thresholds"].get("default")
            table.add_row(
                name,
                *(f"{best[figure]:.4f}" for figure in ("f1", "precision", "recall")),
                f"{default['f1']:.4f}" if default else "",
                f"{measured['recall_at_1']:.4f}",
                f"{measured['recall_at_10']:.4f}",
                f"{measured['seconds']:.1f}",
            )
        made.append(table)
    held = Table("set", "what", "at least", "measured", "", title="What must hold")
    for row in found["promises"]:
        word = "holds" if row["measured"] >= row["at_least"] else "missed"
        held.add_row(
            row["set"], row["what"], f"{row['at_least']:.4f}", f"{row['measured']:.4f}", word
        )
    return [*made, held]
