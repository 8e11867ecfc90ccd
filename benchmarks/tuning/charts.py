"""The report's charts, as Vega-Lite made by Altair.

Each reads a table of the page by its name, and moves with the page's one threshold.
"""

from typing import Any

import altair as alt

Layers = alt.LayerChart | alt.FacetChart

_WIDTH, _HEIGHT = 560, 240
_BITS = "threshold, in bits"
_BLUE, _GREEN, _PURPLE, _RED, _BLACK = "#1b6ca8", "#2b6a4d", "#7a4a9c", "#b3261e", "#111111"
_FIGURES = alt.Scale(domain=["precision", "recall", "F1"], range=[_BLUE, _GREEN, _PURPLE])
_KINDS = alt.Scale(domain=["one person", "two persons"], range=[_GREEN, _RED])
_COUNTED = alt.Scale(domain=["labelled", "unlabelled"], range=[_BLUE, _PURPLE])
RUNS = ("this run", "beside it")
"""What the column `run` of a table says."""


def all_charts(threshold: float, pair: str, *, beside: bool) -> dict[str, dict[str, Any]]:
    """Give every chart's specification by the name of its place on the page.

    Args:
        threshold: Where the threshold stands at first.
        pair: Label of the pair whose evidence is shown at first.
        beside: Whether another run is shown too.
    """
    marked = alt.param(name="threshold", value=threshold)
    dash = alt.StrokeDash(
        "run:N",
        scale=alt.Scale(domain=list(RUNS), range=[[1, 0], [5, 4]]),
        legend=alt.Legend(title=None, symbolType="stroke") if beside else None,
    )
    made: dict[str, Layers] = {
        "quality": _quality(dash),
        "nowhere": _over("false_per_thousand", "false links of 1,000 without counterpart", dash),
        "review": _over("reviewed_per_match", "candidates looked at for each right one", dash),
        "night": _night(dash),
        "scores": _scores(),
        "slices": _slices(),
    }
    charts = {name: chart.add_params(marked).to_dict() for name, chart in made.items()}
    return charts | {"waterfall": _waterfall(pair).to_dict()}


def _line() -> alt.Chart:
    """Where the threshold stands."""
    rule: alt.Chart = (
        alt.Chart(alt.NamedData("curves"))
        .transform_filter("datum.threshold == threshold && datum.run == 'this run'")
        .mark_rule(color=_BLACK, strokeWidth=2)
        .encode(x="threshold:Q")
    )
    return rule


def _quality(dash: alt.StrokeDash) -> Layers:
    base = (
        alt.Chart(alt.NamedData("long"))
        .transform_filter("datum.links > 0")
        .encode(
            x=alt.X("threshold:Q", title=_BITS),
            color=alt.Color("figure:N", scale=_FIGURES, title=None),
        )
    )
    axis = alt.Axis(format="%")
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", axis=axis, title=None),
        y2="high:Q",
        detail="run:N",
    )
    line = base.mark_line().encode(
        y=alt.Y("value:Q", axis=axis, title=None),
        strokeDash=dash,
        tooltip=["run:N", "figure:N", "threshold:Q", alt.Tooltip("value:Q", format=".1%")],
    )
    return _sized(alt.layer(band, line, _line()))


def _over(figure: str, title: str, dash: alt.StrokeDash) -> Layers:
    base = alt.Chart(alt.NamedData("curves")).encode(x=alt.X("threshold:Q", title=_BITS))
    scale = alt.Scale(type="symlog")
    band = base.mark_area(opacity=0.2, color=_RED).encode(
        y=alt.Y(f"{figure}_low:Q", title=title, scale=scale), y2=f"{figure}_high:Q", detail="run:N"
    )
    line = base.mark_line(color=_RED).encode(
        y=alt.Y(f"{figure}:Q", title=title, scale=scale),
        strokeDash=dash,
        tooltip=["run:N", "threshold:Q", alt.Tooltip(f"{figure}:Q", format=".2f")],
    )
    return _sized(alt.layer(band, line, _line()))


def _night(dash: alt.StrokeDash) -> Layers:
    scale = alt.Scale(type="symlog")
    line = (
        alt.Chart(alt.NamedData("curves"))
        .transform_fold(["labelled", "unlabelled"], as_=["counted", "candidates"])
        .mark_line()
        .encode(
            x=alt.X("threshold:Q", title=_BITS),
            y=alt.Y("candidates:Q", title="candidates a night", scale=scale),
            color=alt.Color("counted:N", scale=_COUNTED, title=None),
            strokeDash=dash,
            tooltip=["run:N", "counted:N", "threshold:Q", "candidates:Q"],
        )
    )
    return _sized(alt.layer(line, _line()))


def _scores() -> Layers:
    bars = (
        alt.Chart(alt.NamedData("histogram"))
        .mark_bar(opacity=0.6)
        .encode(
            x=alt.X("threshold:Q", title="score, in bits"),
            x2="until:Q",
            y=alt.Y("count:Q", title="candidates", scale=alt.Scale(type="symlog"), stack=None),
            y2=alt.datum(0),
            color=alt.Color("kind:N", scale=_KINDS, title=None),
            tooltip=["kind:N", "threshold:Q", "count:Q"],
        )
    )
    return _sized(alt.layer(bars, _line()))


def _slices() -> Layers:
    base = (
        alt.Chart(alt.NamedData("slices"))
        .transform_filter("datum.threshold == threshold")
        .transform_window(place="row_number()", sort=[{"field": "recall", "order": "ascending"}])
        .transform_filter("datum.place <= 25 || datum.slice == 'everybody'")
        .transform_calculate(
            name="datum.slice + ': ' + datum.value + ' (' + format(datum.pairs, ',') + ')'"
        )
        .encode(
            y=alt.Y(
                "name:N",
                title=None,
                sort=alt.EncodingSortField("place", op="min"),
                axis=alt.Axis(labelLimit=320),
            )
        )
    )
    bars = base.mark_bar(height=12).encode(
        x=alt.X(
            "recall:Q",
            axis=alt.Axis(format="%"),
            title="found as first candidate",
            scale=alt.Scale(domain=[0, 1]),
        ),
        color=alt.condition("datum.slice == 'everybody'", alt.value(_BLACK), alt.value("#7aa6c2")),
        tooltip=["name:N", alt.Tooltip("recall:Q", format=".1%"), "pairs:Q"],
    )
    spans = base.mark_rule().encode(x="low:Q", x2="high:Q")
    return alt.layer(bars, spans).properties(width=_WIDTH - 160)


def _waterfall(pair: str) -> Layers:
    base = (
        alt.Chart(alt.NamedData("waterfalls"))
        .transform_filter("datum.label == pair")
        .encode(y=alt.Y("part:N", title=None, sort=alt.EncodingSortField("step", op="min")))
    )
    colour = {
        "condition": [
            {"test": "datum.part === 'score'", "value": _BLACK},
            {"test": "datum.bits < 0", "value": _RED},
        ],
        "value": _GREEN,
    }
    bars = base.mark_bar(height=14).encode(
        x=alt.X("start:Q", title="bits"), x2="end:Q", color=colour, tooltip=["part:N", "bits:Q"]
    )
    figures = base.mark_text(align="left", dx=4).encode(
        x="end:Q", text=alt.Text("bits:Q", format="+.1f")
    )
    layered = alt.layer(bars, figures).properties(width=_WIDTH)
    return layered.add_params(alt.param(name="pair", value=pair))


def _sized(chart: Layers) -> Layers:
    return chart.properties(width=_WIDTH, height=_HEIGHT)
