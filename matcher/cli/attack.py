"""The command that attacks a scheme as an adversary would, and says which limits it keeps."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from benchmarks.attacks import lab, report
from matcher.cli import console
from matcher.formats.files import written_whole
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

LIMITS_NOT_KEPT = 1
"""Exit status when the attacks ran, but the scheme does not keep every limit."""


def attack(
    scheme: Annotated[str, typer.Option(help="Published scheme to attack.")] = DEFAULT_SCHEME,
    size: Annotated[
        int | None, typer.Option(help="Records of the smaller graph attack; 1,000 if not given.")
    ] = None,
    scheme_file: Annotated[
        Path | None, typer.Option(help="A scheme of your own as TOML, instead of a published one.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of people, keys and attacks.")] = 0,
    full: Annotated[bool, typer.Option("--full", help="5,000 to 20,000 records.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the findings to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for people to read.")] = None,
) -> None:
    """Attack a scheme's fingerprints, and say what an attacker learns.

    Nobody real is attacked: people, keys and the attacker's lists are generated from the seed.
    Exits with status 1 when a limit is not kept.
    """
    sizes = lab.Sizes.of(size) if size is not None else lab.FULL if full else lab.SMALL
    attacked = Scheme.read(scheme_file) if scheme_file else Scheme.published(scheme)
    attacked.say_unhardened()
    findings = lab.run(attacked, sizes, seed=seed, progress=console.say)
    if json:
        with written_whole(json) as aside:
            text = console.as_json(findings.as_data())
            aside.write_text(text, encoding="utf-8", newline="\n")
    if html:
        with written_whole(html) as aside:
            aside.write_text(report.as_html(findings), encoding="utf-8", newline="\n")
    console.out.print(_as_table(findings))
    if not findings.holds:
        raise typer.Exit(LIMITS_NOT_KEPT)


def _as_table(findings: lab.Findings) -> Table:
    table = Table("attack, on what", "knowing", "identified", "at most", "limit", "kept")
    for one in findings.found:
        found = one.outcome
        table.add_row(
            f"{found.attack} {found.target}",
            found.variant,
            f"{found.right:,} of {found.tried:,}: {found.rate:.2%}",
            f"{found.bounds[1]:.2%}",
            *_held_to(one),
        )
    return table


def _held_to(finding: lab.Finding) -> tuple[str, str]:
    """The limit, and whether it is kept; what only says how things are has none."""
    if finding.at_most is not None:
        limit = f"≤ {finding.at_most:.2%}"
    elif finding.at_least is not None:
        limit = f"≥ {finding.at_least:.0%}"
    else:
        return "", ""
    return limit, "yes" if finding.holds else "NO"
