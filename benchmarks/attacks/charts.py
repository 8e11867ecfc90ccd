"""Bar charts as inline SVG: nothing to load, nothing to run."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_LABELS, _PLOT, _FIGURES = 350, 380, 170
_ROW, _BAR = 36, 14

_GOOD, _BAD, _PLAIN, _FAINT = "#2b6a4d", "#b3261e", "#5b6b7b", "#555"


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: What it stands for.
        value: Its length.
        figure: The value as it is written behind the bar.
        holds: Whether the value is as it should be; None where nothing is asked of it.
        limit: Where a mark is set across the bar, if anywhere.
        low: Where the interval that the value lies in begins.
        high: Where it ends.
        note: What more is said of it, in smaller letters below the label.
    """

    label: str
    value: float
    figure: str
    holds: bool | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


def bars(title: str, rows: Sequence[Bar], *, most: float) -> str:
    """Draw horizontal bars on a linear scale from 0 to `most`.

    Args:
        title: What the chart shows, also for those who can't see it.
        rows: The bars, from above.
        most: The value at the right edge; longer bars end there.

    Returns:
        An `svg` element.
    """
    width, height = _LABELS + _PLOT + _FIGURES, _ROW * len(rows) + 8
    drawn = "".join(_row(row, number, most) for number, row in enumerate(rows))
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{drawn}</svg>"
    )


def _row(row: Bar, number: int, most: float) -> str:
    top = 4 + number * _ROW
    middle = top + _ROW / 2
    colour = {None: _PLAIN, True: _GOOD, False: _BAD}[row.holds]

    def at(value: float) -> float:
        return round(_LABELS + _PLOT * min(max(value, 0.0) / most, 1.0), 1)

    parts = [
        f'<text x="{_LABELS - 8}" y="{middle - (4 if row.note else -4)}" text-anchor="end">'
        f"{escape(row.label)}</text>",
        f'<text x="{_LABELS - 8}" y="{middle + 11}" text-anchor="end" font-size="11" '
        f'fill="{_FAINT}">{escape(row.note)}</text>'
        if row.note
        else "",
        f'<rect x="{_LABELS}" y="{middle - _BAR / 2}" width="{_PLOT}" height="{_BAR}" '
        'fill="#eceff1"/>',
        f'<rect x="{_LABELS}" y="{middle - _BAR / 2}" '
        f'width="{round(max(at(row.value) - _LABELS, 1), 1)}" height="{_BAR}" fill="{colour}"/>',
        f'<text x="{_LABELS + _PLOT + 8}" y="{middle + 4}">{escape(row.figure)}</text>',
    ]
    if row.low is not None and row.high is not None:
        parts.append(
            f'<line x1="{at(row.low)}" x2="{at(row.high)}" y1="{middle}" y2="{middle}" '
            'stroke="#111" stroke-width="1.5"/>'
        )
    if row.limit is not None:
        parts.append(
            f'<line x1="{at(row.limit)}" x2="{at(row.limit)}" y1="{middle - 11}" '
            f'y2="{middle + 11}" stroke="#111" stroke-width="2" stroke-dasharray="3 2"/>'
        )
    return "".join(parts)
