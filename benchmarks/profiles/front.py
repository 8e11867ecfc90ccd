"""The front: the schemes that no other beats in what it finds and in what it betrays, as a page."""

import html
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

_WIDTH, _HEIGHT, _PANEL = 420, 300, 130
_COLUMNS = {
    "scheme": "scheme",
    "set": "set",
    "recall_at_10": "recall@10",
    "loss": "lost to hardening",
    "best_f1": "best F1",
    "graph": "A1, worst",
    "known": "A2, 500 known",
    "degree": "informative degree at 5,000",
    "bytes": "bytes a record",
    "rate": "million pairs a second, one processor",
    "front": "on the front",
}

_FOUND = ("recall_at_10", "best_f1")
_DRAWN = (*_FOUND, "graph", "known", "degree", "bytes", "rate")
_TICKS = {
    "graph": (0, 0.01, 0.05, 0.2, 1),
    "known": (0, 0.01, 0.05, 0.2, 1),
    "degree": (0, 0.1, 1, 10, 100, 1000),
}
"""Where figures are marked that lie near 0 for some schemes and far away for others."""


def table(points: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Give a row for each scheme and set, in the order given.

    Args:
        points: What `benchmarks.profiles.measuring.measure` gave, each with its `name`.

    Returns:
        `scheme, set, recall_at_10, loss, best_f1, graph, known, degree, bytes, rate, front`:
        `front` is whether no other scheme has both more recall@10 on that set and less success
        of graph matching, or as much of one and better in the other.
    """
    rows = []
    for point in points:
        graph = max(one["rate"] for one in point["attacks"] if one["attack"] == "A1")
        known = max(one["rate"] for one in point["attacks"] if one["attack"] == "A2")
        for name, found in point["found"].items():
            rows.append(
                {
                    "scheme": point["name"],
                    "set": name,
                    "recall_at_10": found["recall_at_10"],
                    "loss": round(found["unhardened_recall_at_10"] - found["recall_at_10"], 4),
                    "best_f1": found["best_f1"],
                    "graph": graph,
                    "known": known,
                    "degree": point["informative_degree"]["together"]["degree"]["value"],
                    "bytes": point["bytes_a_record"],
                    "rate": round(point["pairs_a_second"] / 1e6),
                }
            )
    frame = pd.DataFrame(rows)
    frame["front"] = [_unbeaten(row, frame[frame["set"] == row.set]) for row in frame.itertuples()]
    return frame


def _unbeaten(row: Any, rivals: pd.DataFrame) -> bool:
    recall, graph = rivals["recall_at_10"], rivals["graph"]
    as_good = (recall >= row.recall_at_10) & (graph <= row.graph)
    better = (recall > row.recall_at_10) | (graph < row.graph)
    return not bool((as_good & better).any())


def page(frame: pd.DataFrame) -> str:
    """Draw the front for every set, every figure of every scheme, and the table: all offline."""
    drawn = [vl_convert.vegalite_to_svg(one.to_json()) for one in (_front(frame), _figures(frame))]
    rows = frame.rename(columns=_COLUMNS).to_html(index=False, border=0)
    title = html.escape("Profiles: what a scheme finds, and what it betrays")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:15px/1.5 sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{padding:.2em .7em;text-align:right}th{border-bottom:1px solid}</style>"
        f"<h1>{title}</h1><p>Each point is a scheme. Up is better for families, left is better for "
        "those in danger. A scheme is on the front where no other is both.</p>"
        f"{drawn[0]}<h2>Every figure</h2><p>What is found differs from set to set; what attackers "
        "learn, what it costs and how fast it is does not: there the points of all sets are one."
        f"</p>{drawn[1]}<h2>The same as a table</h2>{rows}</html>\n"
    )


def _near_zero(column: str, title: str) -> alt.X:
    """An axis that is linear near 0 and logarithmic beyond."""
    ticks = _TICKS[column]
    return (
        alt.X(f"{column}:Q", title=title)
        .scale(type="symlog", constant=ticks[1])
        .axis(format="~g" if column == "degree" else "~%", values=list(ticks))
    )


def _front(frame: pd.DataFrame) -> Any:
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=70)
        .encode(
            x=_near_zero("graph", "identified by graph matching, worst register"),
            y=alt.Y("recall_at_10:Q", title="recall@10").scale(zero=False).axis(format="%"),
            color=alt.Color("front:N", title="front"),
        )
    )  # fmt: skip
    names = points.mark_text(align="left", dx=7, fontSize=10).encode(text="scheme:N")
    return (
        alt.layer(points, names)
        .properties(width=_WIDTH, height=_HEIGHT)
        .facet(facet=alt.Facet("set:N", title=None), columns=2)
        .resolve_scale(y="independent")
    )


def _axis(column: str) -> alt.X:
    if column in _TICKS:
        return _near_zero(column, _COLUMNS[column])
    form = "%" if column in _FOUND else ",.0f"
    return alt.X(f"{column}:Q", title=_COLUMNS[column]).axis(format=form, tickCount=3)


def _figures(frame: pd.DataFrame) -> Any:
    """Draw every figure in a panel of its own, a row for each scheme in the order of the table."""
    panels = [
        alt.Chart(frame)
        .mark_point(filled=True, size=60)
        .encode(
            x=_axis(column),
            y=alt.Y("scheme:N", title=None, sort=None).axis(labels=not number, ticks=not number),
            color=alt.Color("set:N", title="set"),
        )
        .properties(width=_PANEL)
        for number, column in enumerate(_DRAWN)
    ]
    return alt.hconcat(*panels).resolve_scale(y="shared")
