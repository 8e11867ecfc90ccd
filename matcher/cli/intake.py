"""Commands for what must be known before anything is encoded: forms to fill in, and notices."""

import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from encoders.protection.forms import write_forms
from encoders.protection.gathering import standings
from encoders.protection.notifying import wanted, write_notices
from encoders.references import read_references
from matcher.cli import console
from matcher.cli.gating import IntakeOption, put_to_gates, require_own, tell_refused
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementOption, JsonFlag
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.cli.society import (
    MapOption,
    RecordsFile,
    RoleOption,
    read_and_check,
)
from matcher.formats.agreement import Agreement
from matcher.formats.files import make_folder
from matcher.formats.identity import Identity


def intake_new(
    file: RecordsFile,
    society: Annotated[str, typer.Option(help="Your society's name in agreements.")],
    out: Annotated[Path, typer.Option(help="Folder for the forms; made if there is none.")],
    mapping: MapOption = None,
    role: RoleOption = "sought",
) -> None:
    """Write the forms of an intake for a file of records: what has to be decided is left open."""
    records = read_and_check(file, mapping, role).require_usable()
    for path in write_forms(out, records, society):
        console.say(str(path))


def notify(
    file: RecordsFile,
    intake: IntakeOption,
    agreement: AgreementOption,
    identity: IdentityOption,
    references: Annotated[
        list[Path],
        typer.Option(help="Reference file of a batch that was sent; give all of them."),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of your notices under this agreement, earlier ones too.")
    ],
    mapping: MapOption = None,
    role: RoleOption = "sought",
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Write signed notices of records that may no longer be compared, or may again, or for longer.

    FILE and intake are as they stand now; the notices say what has changed since the last ones.
    They go to the linkage unit, in their order. No reason goes with them.
    """
    under = Agreement.read(agreement)
    admission, told = put_to_gates(read_and_check(file, mapping, role), intake, under)
    own = Passphrases(passphrase_fd).open(identity, partial(Identity.open, identity))
    require_own(told, own.public.name)
    admitted = admission.report.usable.column("record_id").to_pylist()
    kinds = wanted(
        standings(told),
        refused={one for records in admission.refused.values() for one in records},
        admitted=admitted,
    )
    make_folder(out)
    written = write_notices(
        out,
        kinds,
        [read_references(path, under) for path in references],
        reviews=dict(zip(admitted, admission.review_on(under.valid_until).tolist(), strict=True)),
        identity=own,
        agreement=under,
        number=time.time_ns() // 1_000_000,
        on=date.today(),
    )
    if as_json:
        console.print_json(
            [
                {
                    "file": str(path),
                    "kind": notice.kind,
                    "records": len(notice.keys),
                    "review_on": notice.review_on and str(notice.review_on),
                }
                for path, notice in written
            ]
        )
        return
    tell_refused(admission)
    for path, notice in written:
        until = f" until {notice.review_on}" if notice.review_on else ""
        console.say(f"{path}: {notice.kind}{until}, {len(notice.keys):,} records. Send it now.")
    if any(notice.kind == "resume" for _, notice in written):
        console.say("Of records that were withdrawn the unit has nothing: encode them anew.")
    if not written:
        console.say("Nothing has changed for the linkage unit.")
