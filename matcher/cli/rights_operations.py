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
from matcher.formats.files import written_whole
from matcher.formats.notices import Notice
from matcher.protection.breach import Incident, Inventory, Kind, inventory, write_people
from matcher.protection.deletion import destroy_fingerprints
from matcher.protection.indicators import Answers, Body, asked_of, evidence_of, reported
from matcher.protection.proof import prove_deleted
from matcher.protection.yearly import as_csv, as_html
from matcher.settings import Settings
from matcher.store import audit
from matcher.store.database import alone, open_store
from matcher.store.journal import Journal
from matcher.store.keeping_up import enter


def apply(
    notice: Path,
    agreement: Path,
    data_folder: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Apply a notice; destroy fingerprints at once where no night is at work."""
    settings = Settings.load(data_folder=data_folder)
    read = Notice.read(notice, Agreement.read(agreement))
    keys = store_keys(settings, Passphrases(passphrase_fd))
    with open_store(settings, keys) as store:
        applied = enter(store, Journal(settings.protection_journal), read, on=date.today())
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
    read = Notice.read(notice, Agreement.read(agreement))
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


def form(body: str, name: str, year: int) -> None:
    """Print a form for answers."""
    if body not in ("society", "delegation"):
        raise ParameterError("A body is 'society' or 'delegation'.")
    kind: Body = "society" if body == "society" else "delegation"
    lines = [
        'format = "kinmatch-answers/1"', f'body = "{body}"', f'name = "{name}"', f"year = {year}",
        "", "[answers]   # take the mark away before what is answered", "",
    ]  # fmt: skip
    for one in asked_of(kind):
        foundational = " (foundational)" if one.weight(kind) == "foundational" else ""
        lines += [f"# {one.question}{foundational}", f"# {one.name} = true", ""]
    console.out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def report(files: list[Path], out: Path, data_folder: Path | None, as_json: bool) -> None:
    """Write the yearly report."""
    given = [Answers.read(path) for path in files]
    years = {one.year for one in given}
    if len(years) != 1:
        raise ParameterError("A report is of one year; give the answers of one year alone.")
    (year,) = years
    on = min(date.today(), date(year, 12, 31))
    with (
        open_store(Settings.load(data_folder=data_folder), None) as store,
        store.as_unit() as session,
    ):
        bodies = [
            reported(one, evidence_of(session, one.name, on) if one.body == "society" else {})
            for one in given
        ]
    for suffix, content in ((".csv", as_csv(bodies, year)), (".html", as_html(bodies, year))):
        path = out.with_name(out.name + suffix)
        with written_whole(path) as aside:
            aside.write_text(content, encoding="utf-8")
        console.say(str(path))
    if as_json:
        console.print_json(
            [
                {"body": one.body, "name": one.name, "level": one.level,
                 "answers": dict(one.answers), "from_evidence": list(one.from_evidence)}
                for one in bodies
            ]
        )  # fmt: skip
