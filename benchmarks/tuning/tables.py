"""The report's words and tables, as HTML."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

from benchmarks.tuning import change, single_pairs
from benchmarks.tuning.findings import Findings


def opening(findings: Findings) -> str:
    """Say what was compared, and what is advised."""
    about = findings.about
    found = (
        f"<p>{about['requests']:,} persons sought were compared with {about['registered']:,} "
        f"registered ones. {about['true_pairs']:,} true pairs are known; "
        f"{about['without_counterpart']:,} of the sought are nowhere in the register. A score says "
        "in bits how much likelier the evidence is for one person than for two: one bit more is "
        "twice as likely.</p>"
    )
    return found + _advice(findings)


def _advice(findings: Findings) -> str:
    strong, possible = (findings.bands[f"chosen {band}"] for band in ("strong", "possible"))
    asked = (
        f"precision above {change.LEAST_PRECISION:.0%} (lower bound, {change.FEWEST_LINKS} links "
        f"or more) and at most {change.MOST_FALSE:g} false link of a thousand requests without "
        "counterpart"
    )
    if strong is None:
        text = (
            f"<strong>No threshold can be called strong:</strong> none keeps {asked}. Measure on "
            "more requests, or choose another scheme."
        )
    else:
        text = (
            f"<strong>Strong from {strong:g} bits:</strong> the least threshold with {asked}. It "
            f"finds {_row_at(findings, strong)['recall']:.1%} of those who can be found."
        )
    if possible is not None:
        at = _row_at(findings, possible)
        text += (
            f" <strong>Possible from {possible:g} bits:</strong> there F1 is highest "
            f"({at['f1']:.3f}), with {at['recall']:.1%} found and {at['precision']:.1%} of the "
            "links right."
        )
    text += (
        f" The model's own bands are strong {findings.bands['strong']:g}, possible "
        f"{findings.bands['possible']:g}, weak {findings.bands['weak']:g}."
    )
    return f'<p class="verdict {"bad" if strong is None else "good"}">{text}</p>'


def _row_at(findings: Findings, threshold: float) -> "pd.Series[Any]":
    curves = findings.tables["curves"]
    return curves.iloc[(curves["threshold"] - threshold).abs().argmin()]


def worst_slice(findings: Findings) -> str:
    """Name the people whom the threshold serves worst."""
    slices = findings.tables["slices"]
    possible = _row_at(findings, findings.bands["possible"] or 0.0)["threshold"]
    here = slices[(slices["threshold"] == possible) & (slices["slice"] != "everybody")]
    head = "<h2>Whom it serves worst</h2>"
    if here.empty:
        return f"{head}<p>There are too few true pairs to tell.</p>"
    worst = here.iloc[0]
    return (
        f"{head}<p>At {possible:g} bits the worst served are those with <strong>"
        f"{escape(str(worst['slice']))}: {escape(str(worst['value']))}</strong>: "
        f"{worst['recall']:.1%} of {int(worst['pairs']):,} are found (95 % interval "
        f"{worst['low']:.1%} to {worst['high']:.1%}). The worst come first; everybody is black.</p>"
    )


def worst_pairs(findings: Findings) -> str:
    """Show the false links with the highest scores, and the true pairs that were missed."""
    people = findings.tables.get("people")
    named = {} if people is None else dict(zip(people["record_id"], people["person"], strict=True))

    def who(record: str) -> str:
        return escape(record) + (
            f"<br><small>{escape(named[record])}</small>" if record in named else ""
        )

    false = findings.tables["false_links"]
    text = "<h2>The worst false links</h2>" + _table(
        ("sought", "linked with", "score", "truly"),
        (
            (who(a), who(b), f"{score:.1f}", who(c) if c else "nobody")
            for a, b, score, c in _as_rows(false)
        ),
    )
    lost = findings.tables["missed"]
    counts = lost["why"].value_counts()
    text += (
        f"<h2>The missed</h2><p>At the model's own possible, {findings.bands['possible']:g} bits, "
        f"of {len(lost):,} true pairs:</p>"
    )
    text += _table(
        ("", "pairs"), ((escape(str(why)), f"{number:,}") for why, number in counts.items())
    )
    for why in (single_pairs.NOT_FOUND, single_pairs.OUTRANKED, single_pairs.BELOW):
        some = lost[lost["why"] == why].head(single_pairs.SHOWN)
        if len(some):
            rows = (
                (who(one), who(other), _bits(score), _bits(rank, 0), who(first), _bits(its_score))
                for one, other, _, score, rank, first, its_score in _as_rows(some)
            )
            text += f"<h3>{escape(why)}</h3>" + _table(
                ("sought", "registered", "score", "rank", "first was", "its score"), rows
            )
    if people is None:
        text += (
            "<p><small>Records are named by their ids alone: look them up in your own files."
            "</small></p>"
        )
    return text


def side_by_side(findings: Findings, beside: Findings | None) -> str:
    """Put two runs next to each other, each at its own thresholds."""
    if beside is None:
        return ""
    rows: list[Sequence[str]] = [
        (name, *(escape(str(one.about[key])) for one in (findings, beside)))
        for name, key in (("scheme", "scheme"), ("sought", "requests"), ("held", "registered"))
    ]
    rows += [
        (band, *(_at_band(one, band) for one in (findings, beside)))
        for band in ("strong", "possible", "chosen strong", "chosen possible")
    ]
    rows.append(
        ("bytes a record", *(f"{one.cost['bytes_per_record']:,}" for one in (findings, beside)))
    )
    return "<h2>Two runs side by side</h2>" + _table(("", "this run", "beside it"), rows)


def _at_band(findings: Findings, band: str) -> str:
    threshold = findings.bands[band]
    if threshold is None:
        return "none"
    at = _row_at(findings, threshold)
    return (
        f"{threshold:g} bits: precision {at['precision']:.1%}, recall {at['recall']:.1%}, F1 "
        f"{at['f1']:.3f}"
    )


def cost(findings: Findings) -> str:
    """Say what the scheme costs."""
    known = findings.cost
    speed = known["pairs_per_second"]
    text = (
        "<h2>What it costs</h2><p>A record's fingerprints take "
        f"{known['bytes_per_record']:,} bytes. This run compared {known['pairs_compared']:,} pairs"
        + (f", at {speed:,} pairs a second" if speed else "")
        + ".</p>"
    )
    if known["seconds"]:
        text += _table(
            ("step", "seconds"),
            ((escape(step), f"{seconds:.1f}") for step, seconds in known["seconds"].items()),
        )
    elif not speed:
        text += (
            "<p><small>Times differ from run to run and so are an input: give measured.json of "
            "a run with --cost.</small></p>"
        )
    return text


def privacy(findings: Findings) -> str:
    """Say what an attacker learns, where the lab's findings were given."""
    head = "<h2>What an attacker learns</h2>"
    if findings.privacy is None:
        return (
            f"{head}<p class='verdict'>Nothing was given here, so nothing is known: run kinmatch "
            "attack --json and give its file with --attack before you choose a scheme.</p>"
        )
    found = findings.privacy["findings"]
    broken = [one for one in found if not one["holds"]]
    verdict = (
        f"<p class='verdict {'bad' if broken else 'good'}'><strong>"
        f"{len(found) - len(broken)} of {len(found)} limits are kept.</strong> "
        f"Scheme {escape(str(findings.privacy['scheme']))}.</p>"
    )
    rows = (
        (
            f"{escape(str(one['attack']))} on {escape(str(one['target']))}, "
            f"{escape(str(one['variant']))}",
            f"{one['right']:,} of {one['tried']:,}",
            "yes" if one["holds"] else "<strong>no</strong>",
        )
        for one in found
    )
    exposed = findings.privacy.get("exposure", {})
    text = head + verdict + _table(("attack", "identified", "limit kept"), rows)
    if exposed:
        text += _table(
            ("exposure of pass", "records", "others it visibly resembles", "at production size"),
            (
                (
                    escape(name),
                    f"{one['records']:,}",
                    f"{one['informative_degree']:.3f}",
                    f"{one['extrapolated_degree']:,.1f} at {one['extrapolated_to']:,}",
                )
                for name, one in exposed.items()
            ),
        )
    return text


def provenance(findings: Findings) -> str:
    """Say what the page was made from, so that it can be made again."""
    about = findings.about
    rows = (
        ("scheme", f"{about['scheme']}, {about['scheme_digest']}"),
        ("evidence model", about["model_digest"]),
        ("agreement", about["run"]["agreement_digest"]),
        *((f"batch of {b['society']}", b["seal"]) for b in about["run"]["batches"]),
        ("kinmatch", about["run"]["kinmatch"]),
        ("findings", findings.digest),
        ("seed, resamples", f"{about['seed']}, {about['resamples']}"),
        ("candidates kept for a request", str(about["top"])),
    )
    text = _table(("", ""), ((escape(name), escape(str(value))) for name, value in rows))
    return (
        "<h2>How this was made</h2><p>The same files, scheme, seed and settings give this page "
        f"again, byte for byte.</p>{text}"
    )


def _as_rows(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    """Give a frame's rows as plain tuples."""
    return frame.itertuples(index=False, name=None)


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _bits(number: float | None, decimals: int = 1) -> str:
    return "" if number is None or pd.isna(number) else f"{number:.{decimals}f}"
