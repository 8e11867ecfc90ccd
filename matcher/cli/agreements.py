"""Commands for agreements: draw one up, read it to each other, begin a new key epoch."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from matcher.cli import console
from matcher.formats.agreement import Agreement
from matcher.formats.errors import OutputError
from matcher.formats.identity import PublicIdentity, readable
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

_DAY = ["%Y-%m-%d"]


def agreement_new(
    out: Annotated[Path, typer.Option(help="The agreement's TOML file to write.")],
    party: Annotated[list[Path], typer.Option(help="A society's public identity; at least two.")],
    linkage_unit: Annotated[Path, typer.Option(help="The linkage unit's public identity.")],
    purpose: Annotated[list[str], typer.Option(help="What matches may be used for.")],
    legal_basis: Annotated[list[str], typer.Option(help="A legal basis that all accept.")],
    valid_from: Annotated[datetime, typer.Option(formats=_DAY, help="The first day.")],
    valid_until: Annotated[datetime, typer.Option(formats=_DAY, help="The last day.")],
    retention_days: Annotated[int, typer.Option(help="How many days a batch may be kept.")],
    scheme: Annotated[str, typer.Option(help="A published scheme.")] = DEFAULT_SCHEME,
    exposure_ceiling: Annotated[
        float | None,
        typer.Option(help="How many others a record may visibly resemble; no ceiling if left out."),
    ] = None,
) -> None:
    """Draw up an agreement between societies and a linkage unit, for all of them to sign."""
    unit = PublicIdentity.read(linkage_unit)
    societies = [PublicIdentity.read(path) for path in party]
    agreement = Agreement.new(
        parties=[one.name for one in societies],
        linkage_unit=unit.name,
        purposes=purpose,
        legal_bases=legal_basis,
        valid_from=valid_from.date(),
        valid_until=valid_until.date(),
        retention_days=retention_days,
        exposure_ceiling=exposure_ceiling,
        scheme=Scheme.published(scheme),
        identities=[*societies, unit],
    )
    _write_new(agreement, out)
    _show(agreement)


def agreement_show(
    file: Annotated[Path, typer.Argument(show_default=False, help="The agreement's TOML file.")],
) -> None:
    """Show an agreement's digest, key epochs and everybody's fingerprints, to compare by voice."""
    _show(Agreement.read(file))


def agreement_rotate(
    file: Annotated[Path, typer.Argument(show_default=False, help="The agreement's TOML file.")],
    out: Annotated[Path, typer.Option(help="The amended agreement's TOML file to write.")],
    begins: Annotated[datetime, typer.Option(formats=_DAY, help="First day of the new epoch.")],
    overlap_days: Annotated[
        int, typer.Option(help="Days from then on that the old epoch is valid too; 0 ends it.")
    ],
) -> None:
    """Amend an agreement by a new key epoch, for all parties to take over."""
    amended = Agreement.read(file).with_next_epoch(begins.date(), overlap_days)
    _write_new(amended, out)
    _show(amended)


def _write_new(agreement: Agreement, path: Path) -> None:
    if path.exists():
        raise OutputError(f"{path}: is there already. Choose another name, or remove it first.")
    agreement.write(path)


def _show(agreement: Agreement) -> None:
    out = console.out
    out.print(f"Agreement {agreement.agreement_id}", highlight=False)
    digest = bytes.fromhex(agreement.digest.removeprefix("sha256:"))
    out.print(f"its digits: {readable(digest)}", highlight=False, soft_wrap=True)
    today = date.today()
    epochs = Table("key epoch", "from", "until", "today")
    for one in agreement.epochs:
        valid = one.valid_from <= today <= one.valid_until
        epochs.add_row(
            str(one.number),
            str(one.valid_from),
            str(one.valid_until),
            "valid" if valid else "not valid",
        )
    out.print(epochs)
    parties = Table("who", "as", "fingerprint")
    for known in agreement.identities:
        role = "linkage unit" if known.name == agreement.linkage_unit else "society"
        parties.add_row(known.name, role, known.fingerprint)
    out.print(parties)
