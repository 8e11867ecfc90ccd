"""The command that says what batches give away to who holds them, without any key."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from matcher.cli import console
from matcher.cli.identities import IdentityOption
from matcher.cli.linkage import LedgerOption, Threads, opened_batches
from matcher.cli.options import AgreementOption, JsonFlag
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.exposure import (
    Degree,
    Evidence,
    Exposure,
    Report,
    beyond_ceilings,
    measurable,
    measure_batches,
)
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.errors import ParameterError
from matcher.formats.identity import Identity
from matcher.formats.ledger import FileLedger

CEILING_EXCEEDED = 1
"""Exit status when all was measured, but a society's batches are beyond a ceiling."""


def exposure(
    envelopes: Annotated[
        list[Path], typer.Argument(show_default=False, help="Envelopes with batches to measure.")
    ],
    agreement: AgreementOption,
    identity: IdentityOption,
    ledger: LedgerOption,
    at_size: Annotated[
        int | None,
        typer.Option(min=2, help="Records to state it for; all in the envelopes if not given."),
    ] = None,
    threads: Threads = None,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure what batches give away to who holds them: resemblances, and all distances together.

    One report for each society, since the same person in two of them is no stranger. Exits with
    status 1 when a society is beyond one of the agreement's ceilings.
    """
    under = Agreement.read(agreement)
    own = Passphrases(passphrase_fd).open(identity, partial(Identity.open, identity))
    with ExitStack() as stack:
        batches = opened_batches(envelopes, under, own, FileLedger(ledger), stack)
        size = at_size or sum(map(len, batches))
        reports = {
            society: _measured(society, own_batches, size, threads)
            for society, own_batches in _by_society(batches).items()
        }
    beyond = {
        society: clauses
        for society, report in reports.items()
        if (clauses := beyond_ceilings(report, under))
    }
    if as_json:
        console.print_json(
            {
                "exposure_ceiling": under.exposure_ceiling,
                "evidence_ceiling": under.evidence_ceiling,
                "beyond": list(beyond),
                "societies": {society: report.as_data() for society, report in reports.items()},
            }
        )
    else:
        for society, report in reports.items():
            console.out.print(_as_table(society, report))
            console.out.print(_bound(report.together))
        for society, clauses in beyond.items():
            console.say(f"{society}: beyond the agreement's ceiling: {'; '.join(clauses)}.")
    if beyond:
        raise typer.Exit(CEILING_EXCEEDED)


def _by_society(batches: list[Batch]) -> dict[str, list[Batch]]:
    """Sort batches by society; leave out those that have too few records to resemble each other."""
    found = {}
    for society in sorted({batch.header.society for batch in batches}):
        own = [batch for batch in batches if batch.header.society == society]
        if measurable(own):
            found[society] = own
        else:
            console.say(f"{society}: fewer than two records in any pass, nothing to measure.")
    if not found:
        raise ParameterError("No society has two records to compare; give more envelopes.")
    return found


def _measured(society: str, batches: list[Batch], at_size: int, threads: int | None) -> Report:
    records = sum(map(len, batches))
    with console.counting(f"comparing {society}", records) as progress:
        return measure_batches(batches, at_size=at_size, threads=threads, progress=progress)


def _as_table(society: str, report: Report) -> Table:
    """Lay a report out with a column for each pass, so that no figure is cut off for width."""
    every = {**report.passes, "all together": report.together}
    table = Table(
        title=f"{society}: what shows without keys", title_justify="left", show_edge=False
    )
    table.add_column("", no_wrap=True)
    for name in every:
        table.add_column(name, justify="right", overflow="fold")
    for row in zip(*(_cells(one) for one in every.values()), strict=True):
        table.add_row(row[0][0], *(cell for _, cell in row))
    return table


def _cells(one: Exposure) -> list[tuple[str, str]]:
    held = f"  at {one.at_size:,} held"
    return [
        ("records", f"{one.records:,}"),
        ("others resembled", _with_interval(one.degree)),
        (held, _with_interval(one.degree_at_size)),
        ("distances say", _with_interval(one.evidence_over_entropy)),
        (held, _with_interval(one.evidence_at_size)),
        ("resemble any", f"{one.share_with_neighbours:.1%}"),
        ("same fingerprint", f"{one.duplicates:,}"),
        ("smallest group", f"{one.smallest_group:,}"),
        ("bit entropy", f"{one.bits.entropy:.4f}" if one.bits else ""),
        ("weight spread", f"{one.bits.weight_spread:.2f}" if one.bits else ""),
    ]


def _with_interval(one: Degree | Evidence) -> str:
    return f"{one.value:.3g}\n{one.low:.2g} to {one.high:.2g}"


def _bound(together: Exposure) -> str:
    """Say what all distances say, for who has not read what the figure is."""
    most = together.evidence_at_size.high
    held = f"Where {together.at_size:,} records are held, all distances together"
    if most >= 1:
        return f"{held} may say enough to name everybody: nothing is barred."
    return (
        f"{held} say too little to name more than about {max(0.0, most):.0%} of the people, "
        "whatever the attack, as long as the keys are unknown."
    )
