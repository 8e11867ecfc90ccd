"""The yearly report on the indicators: CSV for programs, one page of HTML for people.

A body's own line is for itself and the commission. What is for everybody are the totals, and there
small cells are suppressed: who is the one society of a level is nobody's business.
"""

import csv
import html
import io
from collections.abc import Sequence
from typing import Final

from matcher.protection.indicators import Body, Reported, asked_of, totals
from matcher.store.suppression import suppressed

LEAST: Final = 5
"""The least count that the totals tell."""

_SAID = {True: "yes", False: "no", None: "not answered"}
_BODIES: Final[tuple[Body, ...]] = ("society", "delegation")


def as_csv(bodies: Sequence[Reported], year: int) -> str:
    """Write the totals: year, kind of body, indicator or `level`, answer, how many.

    Args:
        bodies: Everybody who reported, or was to.
        year: The year.

    Returns:
        CSV with a header; a suppressed count is empty.
    """
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["year", "body", "indicator", "answer", "count"])
    writer.writerows((year, *row[:3], "" if row[3] is None else row[3]) for row in _rows(bodies))
    return sink.getvalue()


def as_html(bodies: Sequence[Reported], year: int) -> str:
    """Write the totals as one page that needs nothing from anywhere."""
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row[:3])
        + f"<td>{'fewer than can be told' if row[3] is None else row[3]}</td></tr>"
        for row in _rows(bodies)
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Data protection indicators {year}</title>
<style>body{{font-family:sans-serif;max-width:60em;margin:2em auto}}td,th{{text-align:left;
padding:.2em 1em .2em 0;border-bottom:1px solid #ccc}}</style>
<h1>Data protection indicators, {year}</h1>
<p>Levels: none where nothing is met, low where a foundational indicator is not met, medium where
all foundational ones are, full where all are; not reported where an answer is missing. Counts below
{LEAST} are not told, others are rounded. The wording of the questions is kinmatch's own.</p>
<table><tr><th>body</th><th>indicator</th><th>answer</th><th>how many</th></tr>
{rows}
</table></html>
"""


def _rows(bodies: Sequence[Reported]) -> list[tuple[str, str, str, int | None]]:
    found: list[tuple[str, str, str, int | None]] = []
    for body in _BODIES:
        if not any(one.body == body for one in bodies):
            continue
        for level, count in suppressed(totals(bodies, body), LEAST).items():
            found.append((body, "level", level, count))
        for indicator in asked_of(body):
            said = [_SAID[one.answers[indicator.name]] for one in bodies if one.body == body]
            counts = {answer: said.count(answer) for answer in _SAID.values()}
            for answer, count in suppressed(counts, LEAST).items():
                found.append((body, indicator.name, answer, count))
    return found
