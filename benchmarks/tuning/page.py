"""The report: one page that needs no network, words first, charts second.

Vega and Vega-Lite are put into it whole (vl-convert's bundle), and its content security policy
forbids the browser to fetch anything.
"""

import json
from functools import cache
from html import escape
from typing import Any

import pandas as pd
import vl_convert

from benchmarks.tuning import charts, tables
from benchmarks.tuning.findings import Findings, as_cells

_FIGURES = {"precision": "precision", "recall": "recall", "f1": "F1"}

_STYLE = """
body{font:17px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#111}
h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem}
.dial{position:sticky;top:0;background:#fff;border-bottom:2px solid #111;padding:.6rem 0;z-index:9}
.dial input{width:100%}.dial p{margin:.3rem 0}.dial output{font-weight:bold}
table{border-collapse:collapse;font-size:14px;display:block;overflow-x:auto;margin:.7rem 0}
td,th{border-bottom:1px solid #ccc;padding:.25rem .6rem;text-align:right;vertical-align:top}
td:first-child,th:first-child{text-align:left}
.chart{overflow-x:auto;margin:.7rem 0}select{font:inherit;max-width:100%}
.verdict{padding:.8rem 1rem;border-left:.4rem solid #5b6b7b;background:#f3f5f7}
.good{border-color:#2b6a4d;background:#eef6f1}.bad{border-color:#b3261e;background:#fbeeed}
small{color:#444}
"""

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data:"
)

_SCRIPT = """
const page = JSON.parse(document.getElementById("page").textContent);
const views = {};
const dial = document.getElementById("dial");
function turn() {
  const at = page.grid[dial.value];
  document.getElementById("at").textContent = at + " bits";
  document.getElementById("words").textContent = page.words[dial.value];
  for (const name of page.moved) if (views[name]) views[name].signal("threshold", at).runAsync();
}
function show() {
  const chosen = document.getElementById("pair").value;
  if (views.waterfall) views.waterfall.signal("pair", chosen).runAsync();
}
dial.addEventListener("input", turn);
document.getElementById("pair").addEventListener("change", show);
for (const [name, spec] of Object.entries(page.charts)) {
  const drawn = Object.assign({}, spec, {datasets: page.tables});
  vegaEmbed("#" + name, drawn, {actions: false, renderer: "svg"}).then(found => {
    views[name] = found.view;
    if (name === "waterfall") show(); else turn();
    document.body.dataset.drawn = Object.keys(views).length;
  });
}
"""


def as_html(findings: Findings, beside: Findings | None = None) -> str:
    """Write the page.

    Args:
        findings: What was measured.
        beside: What another run measured, to be shown beside it.

    Returns:
        A whole HTML document that loads nothing. The same findings give the same bytes.
    """
    grid = findings.tables["curves"]["threshold"].tolist()
    possible = findings.bands["possible"] or 0.0
    start = min(range(len(grid)), key=lambda at: abs(grid[at] - possible))
    pairs = findings.tables["waterfalls"]["label"].drop_duplicates().tolist()
    specifications = charts.all_charts(grid[start], pairs[0], beside=beside is not None)
    page = {
        "grid": grid,
        "words": findings.words,
        "charts": specifications,
        "moved": [name for name in specifications if name != "waterfall"],
        "tables": _tables(findings, beside),
    }
    label = escape(findings.about["scheme"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>What {label} finds</title><style>{_STYLE}</style></head><body>"
        f"<h1>What {label} finds, misses and costs</h1>"
        f"{_warning(findings)}{tables.opening(findings)}"
        '<div class="dial"><label for="dial">Move the threshold: <output id="at" for="dial">'
        f"{grid[start]:g} bits</output></label>"
        f'<input type="range" id="dial" min="0" max="{len(grid) - 1}" value="{start}" step="1">'
        f'<p id="words" aria-live="polite">{escape(findings.words[start])}</p></div>'
        "<noscript><p>Without scripts there are no charts; the words and tables remain.</p>"
        "</noscript>"
        f"{_charts()}{tables.worst_slice(findings)}"
        '<div class="chart" id="slices"></div>'
        "<h2>Single pairs</h2><p>What a score adds up from, pair by pair: "
        '<label>show <select id="pair">'
        f"{''.join(f'<option>{escape(pair)}</option>' for pair in pairs)}</select></label></p>"
        '<div class="chart" id="waterfall"></div>'
        f"{tables.worst_pairs(findings)}{tables.side_by_side(findings, beside)}"
        f"{tables.cost(findings)}{tables.privacy(findings)}{tables.provenance(findings)}"
        f'<script type="application/json" id="page">{_embedded(page)}</script>'
        f"<script>{_bundle()}</script><script>{_SCRIPT}</script></body></html>\n"
    )


def _warning(findings: Findings) -> str:
    warning = findings.about.get("warning")
    return f"<p><strong>{escape(warning)}</strong></p>" if warning else ""


def _charts() -> str:
    sections = (
        ("quality", "Right, and found",
         "Precision: how many of the links are right. Recall: how many of those who can be found "
         "are linked. The shaded band is what chance leaves open (95 %)."),
        ("nowhere", "False hope",
         "Of a thousand requests whose person is nowhere in the register, how many get a wrong "
         "first candidate."),
        ("review", "Work", "How many candidates a caseworker looks at for each right one."),
        ("night", "Every night",
         "How many candidates a night brings at production size: by what the labels say (only "
         "false ones grow with the register), and without labels (all grow, the upper line). Where "
         "lists of candidates were full, both are the least it can be."),
        ("scores", "Scores",
         "How the scores of one person's pairs and of two persons' lie apart. The line is the "
         "threshold."),
    )  # fmt: skip
    return "".join(
        f'<h2>{title}</h2><p>{escape(text)}</p><div class="chart" id="{name}"></div>'
        for name, title, text in sections
    )


def _tables(findings: Findings, beside: Findings | None) -> dict[str, Any]:
    """Give the tables that charts read, as lists of rows."""
    runs = dict(zip(charts.RUNS, (findings, beside) if beside else (findings,), strict=False))
    curves = pd.concat([one.tables["curves"].assign(run=run) for run, one in runs.items()])
    long = pd.concat(
        [
            one.tables["curves"][["threshold", "links"]].assign(
                run=run,
                figure=label,
                value=one.tables["curves"][name],
                low=one.tables["curves"][f"{name}_low"],
                high=one.tables["curves"][f"{name}_high"],
            )
            for run, one in runs.items()
            for name, label in _FIGURES.items()
        ]
    )
    made = {
        "curves": curves,
        "long": long,
        **{name: findings.tables[name] for name in ("histogram", "slices", "waterfalls")},
    }
    return {name: _rows(frame) for name, frame in made.items()}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame]
    columns = [as_cells(frame[name]) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _embedded(page: dict[str, Any]) -> str:
    """Write JSON that can't end the element it stands in."""
    text = json.dumps(page, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _bundle() -> str:
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script")
