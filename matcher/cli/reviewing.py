"""Commands of a society's review of its records: what is due, and the archive."""

from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from encoders.protection.gathering import standings
from encoders.protection.intake import read_intake
from encoders.protection.tables import as_key
from encoders.rights.archive import Archive, By
from encoders.rights.reviewing import due
from matcher.cli import console
from matcher.cli.gating import IntakeOption, put_to_gates, require_own
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementOption, JsonFlag
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.cli.society import MapOption, RecordsFile, RoleOption, read_and_check, read_file
from matcher.formats.agreement import Agreement
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity

ArchiveOption = Annotated[
    Path, typer.Option("--archive", help="The society's archive; made when there is none.")
]
NameOption = Annotated[str, typer.Option("--name", help="Who you are.")]
ByRole = Annotated[
    str,
    typer.Option(
        "--by",
        help="Your role: staff, focal-point, data-protection-officer, advisory-group or "
        "commission.",
    ),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why; nothing that tells of the person.")
]
RecordOption = Annotated[list[str], typer.Option("--record", help="The id of a record.")]


def review_due(
    file: RecordsFile,
    intake: IntakeOption,
    agreement: AgreementOption,
    within: Annotated[int, typer.Option(min=0, help="How many days ahead to look.")] = 30,
    mapping: MapOption = None,
    role: RoleOption = "sought",
    as_json: JsonFlag = False,
) -> None:
    """List records that leave matching soon unless they are reviewed, and those that have left.

    Exit status 1 says that there are some.
    """
    under, until = Agreement.read(agreement), date.today() + timedelta(days=within)
    admission, _ = put_to_gates(read_and_check(file, mapping, role), intake, under)
    found = due(admission, under.valid_until, until)
    if as_json:
        console.print_json(
            [
                {"record_id": one.record_id, "review_on": one.review_on and str(one.review_on)}
                for one in found
            ]
        )
    else:
        table = Table("review on", "records")
        days = ["left matching" if one.review_on is None else str(one.review_on) for one in found]
        for day in dict.fromkeys(days):
            table.add_row(day, f"{days.count(day):,}")
        console.out.print(table)
        console.say(
            "With --json their ids. A review renews a record ('basis_until', or the event "
            "'verified'), archives it ('archived') or deletes it ('deleted')."
        )
    if found:
        raise typer.Exit(console.ROWS_LEFT_OUT)


def review_archive(
    file: RecordsFile,
    intake: IntakeOption,
    identity: IdentityOption,
    archive: ArchiveOption,
    name: NameOption,
    by: ByRole,
    reason: ReasonOption,
    mapping: MapOption = None,
    role: RoleOption = "sought",
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Put into the archive the records whose last word in the events is 'archived'.

    They are never encoded again unless the event 'renewed' follows. Take them out of FILE then.
    """
    told = read_intake(intake, today=date.today())
    wanted = {one for one, standing in standings(told).items() if standing.archived}
    rows = read_file(file, mapping, role).records.table.to_pylist()
    own = _own(identity, passphrase_fd)
    require_own(told, own.public.name)
    into = Archive(archive, own)
    here = [row for row in rows if as_key(row["record_id"] or "") in wanted]
    added = into.put(here, By(name, by, reason, date.today()))
    missing = len(wanted - into.held())
    if as_json:
        console.print_json({"archived": added, "missing": missing})
        return
    console.say(
        f"{archive}: {added:,} records were put in. Take them out of {file} now, and run kinmatch "
        "notify: the linkage unit then destroys their fingerprints."
    )
    if missing:
        console.say(
            f"{missing:,} records are archived by the events, but are neither in {file} nor in the "
            "archive."
        )


def review_read(
    record: RecordOption,
    archive: ArchiveOption,
    identity: IdentityOption,
    name: NameOption,
    by: ByRole,
    reason: ReasonOption,
    out: Annotated[Path, typer.Option(help="The JSON file to write, for its owner alone.")],
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Read records of the archive; who reads, in which role, and why, is noted there first."""
    opened = Archive(archive, _own(identity, passphrase_fd))
    found = opened.read(record, By(name, by, reason, date.today()))
    with written_whole(out, private=True) as aside:
        aside.write_text(console.as_json(found), encoding="utf-8")
    console.say(f"{out}: {len(found):,} records; delete it when it has served.")


def review_erase(
    record: RecordOption,
    archive: ArchiveOption,
    identity: IdentityOption,
    name: NameOption,
    by: ByRole,
    reason: ReasonOption,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Destroy what the archive holds of records, as where their deletion was granted."""
    Archive(archive, _own(identity, passphrase_fd)).erase(
        record, By(name, by, reason, date.today())
    )
    console.say(f"{archive}: {len(record):,} records were erased. Destroy older copies of it too.")


def review_list(
    archive: ArchiveOption,
    identity: IdentityOption,
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """List what was done with archived records, by whom and why; and check that nothing changed."""
    opened = Archive(archive, _own(identity, passphrase_fd))
    entries = opened.entries()
    if as_json:
        console.print_json(
            {
                "held": sorted(opened.held()),
                "entries": [
                    {"number": one.number, "what": one.what, "records": list(one.records),
                     "name": one.by.name, "role": one.by.role, "reason": one.by.reason,
                     "on": str(one.by.on), "digest": one.digest}
                    for one in entries
                ],
            }
        )  # fmt: skip
        return
    table = Table("number", "on", "what", "records", "name", "role", "reason")
    for one in entries:
        table.add_row(
            str(one.number), str(one.by.on), one.what, f"{len(one.records):,}", one.by.name,
            one.by.role, one.by.reason,
        )  # fmt: skip
    console.out.print(table)
    if entries:
        console.say(
            f"{len(opened.held()):,} records can be read. Write the last entry's digest down, and "
            f"compare it with the list of the next time: {entries[-1].digest}"
        )


def _own(identity: Path, passphrase_fd: int | None) -> Identity:
    return Passphrases(passphrase_fd).open(identity, partial(Identity.open, identity))
