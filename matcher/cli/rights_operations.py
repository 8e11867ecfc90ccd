"""What the commands of people's rights do at the linkage unit; see `matcher.cli.rights`."""

from datetime import date
from pathlib import Path

import typer
from rich.table import Table

from matcher.cli import console
from matcher.cli.operations import store_keys
from matcher.cli.passphrases import Passphrases
from matcher.formats.agreement import Agreement
from matcher.formats.errors import ParameterError, StateError
from matcher.formats.notices import read_notice
from matcher.protection.breach import Incident, Inventory, Kind, inventory, write_people
from matcher.protection.deletion import destroy_fingerprints
from matcher.protection.proof import prove_deleted
from matcher.settings import Settings
from matcher.store import audit
from matcher.store.database import alone, open_store
from matcher.store.holds import apply_notice
from matcher.store.journal import Journal


def apply(
    notice: Path,
    agreement: Path,
    data_folder: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Apply a notice; destroy fingerprints at once where no night is at work."""
    settings = Settings.load(data_folder=data_folder)
    read = read_notice(notice, Agreement.read(agreement))
    keys = store_keys(settings, Passphrases(passphrase_fd))
    with open_store(settings, keys) as store:
        applied = apply_notice(store, Journal(settings.protection_journal), read, on=date.today())
        try:
            with alone(store):
                batches = destroy_fingerprints(store, date.today())
        except StateError:
            batches = None
    if as_json:
        console.print_json(
            {"number": applied.number, "kind": applied.kind, "records": applied.records,
             "again": applied.again, "batches_made_anew": batches}
        )  # fmt: skip
        return
    console.say(
        f"{notice}: {applied.kind}, {applied.records:,} records here"
        + (", as it was applied before." if applied.again else ".")
    )
    if batches is None:
        console.say("A night or a backup is at work; the next night destroys the fingerprints.")


def prove(
    notice: Path,
    agreement: Path,
    archive: Path | None,
    data_folder: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Show whether anything is left of what a notice deleted."""
    settings = Settings.load(data_folder=data_folder)
    read = read_notice(notice, Agreement.read(agreement))
    if read.kind != "delete":
        raise ParameterError(f"{notice}: is no notice to delete records; give the one that is.")
    keys = store_keys(settings, Passphrases(passphrase_fd))
    words = "" if archive is None else console.read_passphrase(passphrase_fd, confirm=False)
    with open_store(settings, keys) as store:
        shown = prove_deleted(store, read, archive=archive, passphrase=words)
    if as_json:
        console.print_json(
            {
                "society": read.society,
                "notice": read.number,
                "deleted": all(one.is_so for one in shown),
                "shown": [vars(one) for one in shown],
            }
        )
    else:
        for one in shown:
            console.say(f"{'yes' if one.is_so else 'NO '}  {one.what} ({one.count:,})")
    if not all(one.is_so for one in shown):
        raise typer.Exit(console.REFUSED)


def breach(
    kind: Kind,
    subject: str,
    window: tuple[date, date],
    people: Path | None,
    data_folder: Path | None,
    as_json: bool,
) -> None:
    """Tell what a breach concerns, and write whom, by society."""
    incident = Incident(kind, subject, *window)
    with (
        open_store(Settings.load(data_folder=data_folder), None) as store,
        console.err.status("taking stock"),
        store.as_unit() as session,
    ):
        found = inventory(session, incident)
        files = [] if people is None else write_people(session, incident, people)
        audit.append(
            session, "breach.inventory", f"{kind} {subject}",
            details={"from": str(window[0]), "to": str(window[1])},
        )  # fmt: skip
    if as_json:
        console.print_json(found.as_dict() | {"files": [str(path) for path in files]})
        return
    _tell_breach(found)
    for path in files:
        console.say(str(path))


def _tell_breach(found: Inventory) -> None:
    table = Table("society", "people", "batches", "candidates", "disclosed", "gone since")
    for one in found.societies:
        table.add_row(
            one.society, f"{one.people:,}", f"{one.batches:,}", f"{one.candidates:,}",
            f"{one.disclosed:,}", f"{one.gone:,}",
        )  # fmt: skip
    console.out.print(table)
    for title, lines in (
        ("What was done in the window", [f"{act}: {n:,}" for act, n in found.acts.items()]),
        ("Risks", found.risks),
        ("Who must be told", [f"{o['whom']}: {o['channel']}; {o['within']}" for o in found.told]),
        ("Exceptions", [f"{one['what']} {one['then']}" for one in found.exceptions]),
        ("What to do", found.plan),
        ("To encode anew", [f"{name}: {n:,} records" for name, n in found.encode_anew.items()]),
    ):
        if lines:
            console.out.print(f"\n[bold]{title}[/bold]")
            for line in lines:
                console.out.print(f"- {line}", markup=False, highlight=False)
