"""One offline page on what the lab found, for a data-protection officer."""

from collections.abc import Sequence
from html import escape

from benchmarks.attacks.charts import Bar, bars
from benchmarks.attacks.lab import Finding, Findings
from benchmarks.attacks.outcome import CONFIDENCE, Outcome
from matcher.exposure import BitFigures

_STORIES = {
    "A1": (
        "Someone has the fingerprints, no key, and a list with names that holds the same people",
        "A leaked batch and, say, a population register. The attacker compares who resembles whom "
        "in the list with who resembles whom among the fingerprints. We give him the worst case: "
        "all the people in the batch are in his list, written just as the society wrote them, and "
        "all passes of a person are tied together; and the batch may hold people of whom name, sex "
        "and birth alone are known, whose fingerprints show more. He compares the words of his "
        "list themselves (plaintext tokens), or makes fingerprints of it under keys of his own. "
        "Who has the whole batch sees a level beside each fingerprint too, one of three, which "
        "says how much is known; what he learns with it is shown without a limit, since no "
        "hardening hides it.",
    ),
    "A2": (
        "Someone knows who some of the fingerprints are",
        "A member of staff, or someone who had people registered. From the records he knows he "
        "learns what bits mean, and tries to tell all others in the batch apart. Where he has a "
        "list with all of them too, he weighs who resembles whom, beginning with those he knows; "
        "that is shown without a limit.",
    ),
    "A3": (
        "Someone knows which names are common",
        "The most common fingerprint might be the most common name. The attacker knows another "
        "population of the same cultures. Where fingerprints are made of strata, what the stratum "
        "of names would give away alone is shown too, without a limit: no fingerprint shows it.",
    ),
    "A4": (
        "Someone looks for bits that go together",
        "Bits that are always set together give away pairs of letters, and those give away names.",
    ),
    "A5": (
        "Someone has the keys",
        "Then nothing here protects anybody: he encodes a list of names and looks each fingerprint "
        "up. Hardening does not help, and even its own key can be worked out from known records, "
        "after which every bit of the others is known. Success is the finding here, so there is no "
        "limit but on the proofs.",
    ),
}

_KNOWING = {
    "A1": "a list with the same people in it, and no key",
    "A2": "who {known:,} of the fingerprints are",
    "A3": "which names are common",
    "A4": "which names there are, and looks for bits that go together",
    "A5": "the keys, and a list with the same people",
}
_UNLIMITED = {"A1": ", and the whole batch", "A2": ", and a list with all of them in it"}
"""What the attacker has besides, where he is not held to a limit."""

_WHAT = {"A1": "people", "A2": "other people", "A3": "common names", "A4": "names", "A5": "people"}

_EXPOSURE_WORDS = (
    ("resembled", "how many others a person visibly resembles, on average, among those measured"),
    ("duplicates", "people whose very fingerprint somebody else has too"),
    (
        "smallest group",
        "the fewest people who share one fingerprint: 1 where somebody's is his own",
    ),
    ("prosecutor risk", "the chance to pick out the person who is easiest to tell from all others"),
    ("marketer risk", "the same chance, on average over all people"),
    ("bit entropy", "1 where half of the people have each bit, which says the least"),
    ("bit Gini", "0 where all bits are equally frequent"),
    ("bit correlation", "0 where no bit says anything about another"),
    ("weight spread", "about 1 where the number of bits set does not show how much is known"),
)

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
.chart{overflow-x:auto}.chart svg{min-width:40rem}
table{border-collapse:collapse;font-size:14px;display:block;overflow-x:auto}
td,th{border-bottom:1px solid #ccc;padding:.25rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}
.verdict{padding:1rem;border-left:.4rem solid}.good{border-color:#2b6a4d;background:#eef6f1}
.bad{border-color:#b3261e;background:#fbeeed}small{color:#444;overflow-wrap:anywhere}
.words{margin-top:1rem}.words td,.words th{text-align:left;vertical-align:top}
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
        f"{_warning(findings)}{_verdict(findings)}{_summary(findings)}"
        "<p>In the charts each bar is the share identified. The dashed mark is the limit: a green "
        "bar keeps to it, a red one does not, a grey one has none. <em>Undefended</em> is the same "
        "scheme without what protects it: bars of attacks on it show that they work, and should be "
        f"long. The thin line is the {CONFIDENCE:.0%} interval.</p>"
        f"{sections}{_evidence(findings)}{_exposure(findings)}"
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
        f"kept.</strong><details><summary>Which</summary><ul>{rows}</ul></details></div>"
    )


def _summary(findings: Findings) -> str:
    """Say in a table what each attacker learned of the scheme, at the worst."""
    worst: dict[tuple[str, object, bool], Finding] = {}
    for one in findings.found:
        if one.at_least is None:
            found = one.outcome
            whom = found.known if found.attack in _UNLIMITED else found.target
            key = found.attack, whom, one.at_most is None
            if key not in worst or found.rate > worst[key].outcome.rate:
                worst[key] = one
    rows = "".join(
        f"<tr><td>{escape(_knowing(one))}</td>"
        f"<td>{escape(_learnt(one.outcome))}</td><td>{_kept(one)}</td></tr>"
        for one in worst.values()
    )
    return (
        '<table class="words"><tr><th>An attacker who has or knows …</th>'
        f"<th>identified, and the most it can be ({CONFIDENCE:.0%})</th><th>limit</th></tr>"
        f"{rows}</table>"
    )


def _knowing(finding: Finding) -> str:
    one = finding.outcome
    more = _UNLIMITED.get(one.attack, "") if finding.at_most is None else ""
    return _KNOWING[one.attack].format(known=one.known) + more


def _learnt(one: Outcome) -> str:
    by = ", by what refinement sends" if one.target == "refinement" else ""
    return (
        f"{one.right:,} of {one.tried:,} {_WHAT[one.attack]}{by}: {one.rate:.2%}, "
        f"at most {one.bounds[1]:.2%}"
    )


def _kept(finding: Finding) -> str:
    if finding.at_most is None:
        return "none set" if finding.outcome.attack == "A2" else "none: nothing protects from this"
    return f"{finding.at_most:.2%}, {'kept' if finding.holds else '<strong>not kept</strong>'}"


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
    chart = _framed(bars(f"{name}: share identified", rows, most=1.0))
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


def _framed(chart: str) -> str:
    """Let a chart be scrolled where the screen is too narrow to read it."""
    return f'<div class="chart">{chart}</div>'


def _bar(finding: Finding) -> Bar:
    one = finding.outcome
    low, high = one.bounds
    limit = finding.at_least if finding.at_most is None else finding.at_most
    return Bar(
        f"{one.target}, {one.records:,}",
        one.rate,
        f"{one.rate:.2%} (≤ {high:.2%})",
        note=one.variant,
        holds=None if limit is None else finding.holds,
        limit=limit,
        low=low,
        high=high,
    )


def _evidence(findings: Findings) -> str:
    """Say how much there is to be found out, by whatever attack."""
    if not findings.evidence:
        return ""
    rows = "".join(
        f"<tr><td>{size:,}</td>"
        + "".join(f"<td>{ratio:.2f}</td>" for ratio in ratios.values())
        + "</tr>"
        for size, ratios in findings.evidence.items()
    )
    return (
        "<h2>What attacks not yet known could find</h2><p>To name everybody in a batch by who "
        "resembles whom, an attacker has to find one order among very many. All resemblances "
        "together say at most so many times what that takes. Below 1 the figure is the chance, at "
        "most, that anybody ever names them all, and about the share of them who can be named; "
        "from 1 on nothing bars naming everybody, even where our attacks find few. It grows with "
        "the records, so look at the size that you will hold.</p>"
        "<table><tr><th>records</th><th>times what it takes, at most</th>"
        "<th>the same where name, sex and birth alone are known</th>"
        "<th>the same of households, each at one address</th>"
        "<th>the same of boys of one age, years of birth alone known</th></tr>"
        f"{rows}</table>"
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
    whole = measured.together
    beyond = whole.degree_at_size
    words = "".join(f"<li><strong>{name}</strong>: {said}.</li>" for name, said in _EXPOSURE_WORDS)
    return (
        "<h2>Exposure: what is to be seen without keys or names</h2><p>How many other people of "
        "the same batch a person visibly resembles, on average. Attacks of kind A1 and A2 live on "
        f"these resemblances; the fewer, the better. Of {whole.records:,} people one resembles "
        f"{_rounded(whole.degree.value)} others. Resemblances grow in proportion to the records "
        f"held: where {size:,} are, it would be {_rounded(beyond.value)} ({CONFIDENCE:.0%}: "
        f"{_rounded(beyond.low)} to {_rounded(beyond.high)}).</p>"
        f"{_framed(bars('Informative degree by pass', rows, most=most))}"
        "<details><summary>Figures</summary><table><tr><th>pass</th><th>records</th>"
        "<th>resembled</th><th>people who resemble any</th><th>most</th>"
        f"<th>resembled at {size:,}</th><th>duplicates</th><th>smallest group</th>"
        "<th>marketer risk</th><th>prosecutor risk</th><th>bit entropy</th><th>bit Gini</th>"
        f"<th>bit correlation</th><th>weight spread</th></tr>{cells}</table>"
        f"<ul>{words}</ul></details>"
    )


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _bit_cells(bits: BitFigures | None) -> str:
    if bits is None:
        return "<td></td>" * 4
    return (
        f"<td>{bits.entropy:.4f}</td><td>{bits.gini:.3f}</td><td>{bits.correlation:.4f}</td>"
        f"<td>{bits.weight_spread:.2f}</td>"
    )
