"""The page docs/data-protection.md, made from the table of rules.

`make docs` writes it: `python -m matcher.formats.rulepage docs/data-protection.md`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from matcher.formats.files import written_whole
from matcher.formats.rulebook import RULEBOOK, Document, Rule, Rulebook, overriders

_SIDES = {
    "society": "At the society, before anything is encoded",
    "linkage-unit": "At the linkage unit",
    "both": "On both sides",
}

_LEAD = """\
<!-- Made by `make docs` from matcher/formats/rulebook.toml: edit that, not this page. -->
# Data protection

Rules that kinmatch applies itself. Each is a gate: where it isn't met, the action is refused with
the rule's name, the reason and what would mend it, and without any value of a record. Where a
person may override a rule, the override bears name, role, reason and day; at a society it stands
in its own signed protocol, at the linkage unit in the audit log. What no program can decide stays
with people: these gates see that it was decided, by whom and until when, not that it was decided
well.
"""


def page(book: Rulebook) -> str:
    """Write the page: the same table, the same text."""
    lines = [_LEAD]
    for side, title in _SIDES.items():
        rules = [rule for rule in book.rules if rule.side == side]
        if rules:
            lines.append(f"## {title}\n")
            lines.extend(line for rule in rules for line in _rule(rule))
    lines.append("## Where the rules come from\n")
    lines.append("| cited as | document | by |\n|---|---|---|")
    lines.extend(_document(key, document) for key, document in book.documents.items())
    lines.append("\n" + _BY_SUBJECT)
    return "\n".join(lines) + "\n"


_BY_SUBJECT = """\
Where a document is cited by subject, its text was not at hand: what is named of it says what it
speaks of, in our words; [sources.md](sources.md) says what was at hand. Put its articles into the
table where you have the text."""


def _document(key: str, document: Document) -> str:
    issued = ", ".join(map(str, filter(None, (document.issuer, document.year))))
    by = {"articles": "article", "subjects": "subject alone"}[document.places]
    return f"| {key} | {document.title}. {issued} | {by} |"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### `{rule.name}`\n"
    yield f"{rule.sentence}\n"
    yield f"- applied at: {', '.join(rule.when)}"
    yield f"- mended by: {rule.mends}"
    yield f"- overridden by: {overriders(rule)}"
    places = "; ".join(f"{citation.document}, {citation.place}" for citation in rule.citations)
    yield f"- from: {places}"
    yield f"- gate: `{rule.gate}`\n"


if __name__ == "__main__":
    with written_whole(Path(sys.argv[1])) as aside:
        aside.write_text(page(RULEBOOK), encoding="utf-8", newline="\n")
