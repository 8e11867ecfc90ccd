"""Commands around the linkage unit: draw up an agreement, and match batches under it."""

import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from matcher.cli import console
from matcher.cli.society import AgreementOption, JsonFlag
from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.formats.errors import OutputError
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme
from matcher.matching import DEFAULT_TOP, match, write_run

_DAY = ["%Y-%m-%d"]
Top = Annotated[int, typer.Option(min=1, help="Candidates kept for each record that is sought.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads; all processors if not given.")]


def agreement_new(
    out: Annotated[Path, typer.Option(help="The agreement's TOML file to write.")],
    party: Annotated[list[str], typer.Option(help="A society; give at least two.")],
    linkage_unit: Annotated[str, typer.Option(help="Who compares the fingerprints.")],
    purpose: Annotated[list[str], typer.Option(help="What matches may be used for.")],
    legal_basis: Annotated[list[str], typer.Option(help="A legal basis that all accept.")],
    valid_from: Annotated[datetime, typer.Option(formats=_DAY, help="The first day.")],
    valid_until: Annotated[datetime, typer.Option(formats=_DAY, help="The last day.")],
    retention_days: Annotated[int, typer.Option(help="How many days a batch may be kept.")],
    scheme: Annotated[str, typer.Option(help="A published scheme.")] = DEFAULT_SCHEME,
    key_epoch: Annotated[int, typer.Option(help="Number of the keys.")] = 1,
) -> None:
    """Draw up an agreement between societies and a linkage unit, for all of them to sign."""
    agreement = Agreement.new(
        parties=party,
        linkage_unit=linkage_unit,
        purposes=purpose,
        legal_bases=legal_basis,
        valid_from=valid_from.date(),
        valid_until=valid_until.date(),
        retention_days=retention_days,
        scheme=Scheme.published(scheme),
        key_epoch=key_epoch,
    )
    if out.exists():
        raise OutputError(f"{out}: is there already. Choose another name, or remove it first.")
    agreement.write(out)
    console.say(f"{out}: agreement {agreement.agreement_id}, {agreement.digest}.")


def match_batches(
    batches: Annotated[list[Path], typer.Argument(show_default=False, help="Batches to compare.")],
    agreement: AgreementOption,
    out: Annotated[Path, typer.Option(help="Folder for the candidates of each society.")],
    top: Top = DEFAULT_TOP,
    threads: Threads = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare batches of different societies, and write each society's candidates."""
    under = Agreement.read(agreement)
    opened = [read_batch(path, under) for path in batches]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{out}: can't be made ({error.strerror}). Choose another folder."
        ) from None
    start = time.perf_counter()
    with console.err.status("") as status:
        run = match(
            opened,
            under,
            on=date.today(),
            top=top,
            threads=threads,
            progress=lambda what: status.update(f"comparing {what}"),
        )
    seconds = time.perf_counter() - start
    paths = write_run(run, out)
    if as_json:
        timing = {"seconds": round(seconds, 3), "pairs_per_second": round(run.pairs / seconds)}
        console.print_json(run.manifest() | timing | {"files": [str(path) for path in paths]})
        return
    table = Table("pairs", "strong", "possible", "weak", "seconds", "pairs a second")
    counts = [f"{count:,}" for count in (run.pairs, *run.bands.values())]
    table.add_row(*counts, f"{seconds:.1f}", f"{run.pairs / seconds:,.0f}")
    console.out.print(table)
    for path in paths:
        console.say(str(path))
