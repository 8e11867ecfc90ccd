"""One offline page on what the lab found, for a data-protection officer."""

from collections.abc import Sequence
from html import escape

from benchmarks.attacks.charts import Bar, bars
from benchmarks.attacks.lab import Finding, Findings
from benchmarks.attacks.outcome import CONFIDENCE
from matcher.exposure import BitFigures

_STORIES = {
    "A1": (
        "Someone has the fingerprints, no key, and a list with names that holds the same people",
        "A leaked batch and, say, a population register. The attacker compares who resembles whom "
        "in the list with who resembles whom among the fingerprints. We give him the worst case: "
        "all the people in the batch are in his list, written just as the society wrote them, and "
        "all passes of a person are tied together. Those he is sure of are counted too.",
    ),
    "A2": (
        "Someone knows who some of the fingerprints are",
        "A member of staff, or someone who had people registered. From the records he knows he "
        "learns what bits mean, and tries to tell all others in the batch apart.",
    ),
    "A3": (
        "Someone knows which names are common",
        "The most common fingerprint might be the most common name. The attacker knows another "
        "population of the same cultures.",
    ),
    "A4": (
        "Someone looks for bits that go together",
        "Bits that are always set together give away pairs of letters, and those give away names.",
    ),
    "A5": (
        "Someone has the keys",
        "Then nothing here protects anybody: he encodes a list of names and looks each fingerprint "
        "up. Hardening does not help, and even its own key can be worked out from known records. "
        "The line is at what the attack is expected to reach: success is the finding.",
    ),
}

_NOT_COVERED = (
    "Populations beyond those stated. Nothing published tests beyond 100,000 records; resemblances "
    "grow in proportion to the records held, so measure at the size that you will hold.",
    "An attacker who sees the same people in several batches under the same keys, or who can have "
    "records of his own encoded and matched at will.",
    "What candidates, reviews and logs tell; and who is in a batch at all, which its size and the "
    "passes that records lack already hint at.",
    "Attacks not yet published, and attacks that combine these.",
    "Real people: those attacked here are generated, with families, several cultures and name "
    "frequencies that are round numbers and no statistics of any country.",
)

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#111}
h1,h2,h3{line-height:1.2}svg{width:100%;height:auto;font:13px system-ui,sans-serif}
table{border-collapse:collapse;font-size:14px;display:block;overflow-x:auto}
td,th{border-bottom:1px solid #ccc;padding:.25rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}
.verdict{padding:1rem;border-left:.4rem solid}.good{border-color:#2b6a4d;background:#eef6f1}
.bad{border-color:#b3261e;background:#fbeeed}small{color:#444}
"""


def as_html(findings: Findings) -> str:
    """Write the page.

    Args:
        findings: What the lab found.

    Returns:
        A whole HTML document that loads nothing.
    """
    scheme = escape(findings.scheme.label)
    attacks = sorted({one.outcome.attack for one in findings.found})
    sections = "".join(
        _section(name, [one for one in findings.found if one.outcome.attack == name])
        for name in attacks
    )
    missing = "".join(f"<li>{escape(one)}</li>" for one in _NOT_COVERED)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>What an attacker learns: {scheme}</title><style>{_STYLE}</style></head><body>"
        f"<h1>What an attacker learns from fingerprints under {scheme}</h1>"
        f"{_warning(findings)}{_verdict(findings)}"
        "<p>Each bar is the share of people identified. The dashed mark is the limit: a green bar "
        "keeps to it, a red one does not. Attacks on <em>undefended</em> fingerprints are there to "
        "show that the attack works, and should be long. The thin line is the "
        f"{CONFIDENCE:.0%} interval.</p>"
        f"{sections}{_exposure(findings)}"
        f"<h2>What is not covered</h2><ul>{missing}</ul>"
        "<p>Fingerprints remain personal data, whatever these figures say.</p>"
        f"<p><small>Scheme digest {escape(findings.scheme.digest)}; seed {findings.seed}. The same "
        "scheme, sizes and seed give the same figures.</small></p></body></html>\n"
    )


def _warning(findings: Findings) -> str:
    warning = findings.scheme.warning
    return f'<p class="verdict bad"><strong>{escape(warning)}</strong></p>' if warning else ""


def _verdict(findings: Findings) -> str:
    failed = [one for one in findings.found if not one.holds]
    if not failed:
        return (
            '<p class="verdict good"><strong>All limits are kept</strong> at the sizes tested.</p>'
        )
    limited = [one for one in findings.found if (one.at_least, one.at_most) != (None, None)]
    rows = "".join(f"<li>{escape(_sentence(one))}</li>" for one in failed)
    return (
        f'<div class="verdict bad"><strong>{len(failed)} of {len(limited)} limits are not '
        f"kept.</strong><ul>{rows}</ul></div>"
    )


def _sentence(finding: Finding) -> str:
    one = finding.outcome
    limit = (
        f"at most {finding.at_most:.2%}"
        if finding.at_most is not None
        else f"at least {finding.at_least:.0%}"
    )
    return (
        f"{one.attack} ({one.variant}) on {one.target}: {one.right:,} of {one.tried:,} identified "
        f"({one.rate:.2%}), where the limit is {limit}."
    )


def _section(name: str, found: Sequence[Finding]) -> str:
    heading, story = _STORIES[name]
    rows = [_bar(one) for one in found]
    chart = bars(f"{name}: share identified", rows, most=1.0)
    table = "".join(
        f"<tr><td>{escape(one.outcome.target)}, {escape(one.outcome.variant)}</td>"
        f"<td>{one.outcome.records:,}</td><td>{one.outcome.known:,}</td>"
        f"<td>{one.outcome.right:,} of {one.outcome.tried:,}</td>"
        f"<td>{one.outcome.rate:.2%}</td><td>{one.outcome.bounds[1]:.2%}</td>"
        f"<td>{one.outcome.claimed_right:,} of {one.outcome.claimed:,}</td></tr>"
        for one in found
    )
    return (
        f"<h2>{name}. {escape(heading)}</h2><p>{escape(story)}</p>{chart}"
        "<details><summary>Figures</summary><table><tr><th>Target and variant</th><th>records</th>"
        "<th>known</th><th>identified</th><th>share</th><th>at most</th>"
        f"<th>sure, and right</th></tr>{table}</table></details>"
    )


def _bar(finding: Finding) -> Bar:
    one = finding.outcome
    low, high = one.bounds
    limit = finding.at_least if finding.at_most is None else finding.at_most
    return Bar(
        f"{one.target}, {one.records:,}",
        one.rate,
        f"{one.rate:.2%} (≤ {high:.2%})",
        finding.holds,
        limit,
        low,
        high,
    )


def _exposure(findings: Findings) -> str:
    """Show the exposure meter: what is to be seen without any list of names."""
    measured = findings.exposure
    size = measured.together.at_size
    every = {**measured.passes, "all passes together": measured.together}
    most = max(1.0, *(one.degree.value for one in every.values()))
    rows = [Bar(name, one.degree.value, f"{one.degree.value:.3f}") for name, one in every.items()]
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{one.records:,}</td><td>{one.degree.value:.3f}</td>"
        f"<td>{one.share_with_neighbours:.1%}</td><td>{one.most_neighbours}</td>"
        f"<td>{one.degree_at_size.value:,.1f} ({one.degree_at_size.low:,.1f} to "
        f"{one.degree_at_size.high:,.1f})</td><td>{one.duplicates}</td>"
        f"<td>{one.smallest_group}</td><td>{one.marketer_risk:.2f}</td>"
        f"<td>{one.prosecutor_risk:.2f}</td>{_bit_cells(one.bits)}</tr>"
        for name, one in every.items()
    )
    return (
        "<h2>Exposure: what is to be seen without keys or names</h2><p>How many other people of "
        "the same batch a person visibly resembles, on average. Attacks of kind A1 and A2 live on "
        "these resemblances; the fewer, the better.</p>"
        f"{bars('Informative degree by pass', rows, most=most)}"
        "<details><summary>Figures</summary><table><tr><th>pass</th><th>records</th>"
        "<th>resembled</th><th>people who resemble any</th><th>most</th>"
        f"<th>resembled at {size:,}</th><th>duplicates</th><th>smallest group</th>"
        "<th>marketer risk</th><th>prosecutor risk</th><th>bit entropy</th><th>bit Gini</th>"
        f"<th>bit correlation</th><th>weight spread</th></tr>{cells}</table></details>"
    )


def _bit_cells(bits: BitFigures | None) -> str:
    if bits is None:
        return "<td></td>" * 4
    return (
        f"<td>{bits.entropy:.4f}</td><td>{bits.gini:.3f}</td><td>{bits.correlation:.4f}</td>"
        f"<td>{bits.weight_spread:.2f}</td>"
    )
