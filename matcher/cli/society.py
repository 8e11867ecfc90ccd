"""Commands of a tracing unit: check a file, encode and seal a batch."""

import os
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from encoders.batching import write_batch_of
from encoders.checking import check as check_reading
from encoders.encoding import Encoding
from encoders.keys import Keys
from encoders.marks import record_keys
from encoders.protection.admission import Admission
from encoders.protection.overriding import protocol_kept
from encoders.readers import Mapping, Reading, read_records
from encoders.records import Records
from encoders.references import References
from encoders.reporting import Report
from encoders.submission import sealed_batch
from matcher.cli import console
from matcher.cli.gating import (
    IntakeOption,
    put_to_gates,
    require_may_encode,
    tell_doubts,
    tell_refused,
)
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementOption, JsonFlag, KeysOption
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.formats.agreement import Agreement
from matcher.formats.batch import BatchHeader
from matcher.formats.identity import Identity

RecordsFile = Annotated[Path, typer.Argument(show_default=False, help="Your file of records.")]
MapOption = Annotated[
    Path | None,
    typer.Option(
        "--map",
        help="TOML file that says which of the file's columns are which, or the name of one that "
        "comes with kinmatch: unhcr.",
    ),
]
RoleOption = Annotated[
    str, typer.Option(help="Role of rows that have none: enquirer, sought, registered or kin.")
]
EnvelopeOut = Annotated[
    Path, typer.Option(help="The envelope to write; it goes to the linkage unit.")
]
ReferencesOut = Annotated[
    Path, typer.Option(help="The reference file to write; it stays with you.")
]


def read_and_check(file: Path, mapping: Path | None, role: str) -> Report:
    """Read a file and check it, as every command does that takes one."""
    return check_reading(read_file(file, mapping, role), today=date.today())


def read_file(file: Path, mapping: Path | None, role: str) -> Reading:
    """Read a file by its mapping, if it has one."""
    return read_records(file, mapping=_mapping(mapping) if mapping else None, role=role)


def _mapping(named: Path) -> Mapping:
    """Load a mapping file, or one that comes with kinmatch, which has a name but no suffix."""
    is_shipped = not named.suffix and not named.exists()
    return Mapping.shipped(str(named)) if is_shipped else Mapping.load(named)


def usable_records(report: Report, file: Path) -> Records:
    """Give a report's usable records, and tell how many rows are left out."""
    records = report.require_usable()
    if report.left_out:
        console.say(
            f"{file}: {report.left_out:,} of {report.rows_in_file:,} rows are left out; "
            "kinmatch check says which and why."
        )
    return records


def check(
    file: RecordsFile,
    mapping: MapOption = None,
    role: RoleOption = "sought",
    intake: Annotated[
        Path | None, typer.Option(help="The intake file: tells what the gates would refuse, too.")
    ] = None,
    agreement: Annotated[
        Path | None, typer.Option(help="With --intake: the agreement to encode under.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Report every problem of a file at once, without showing a value.

    Exit status 0, or 1 where rows would be left out, or 2 where the file can't be read or, by its
    intake, may not be encoded at all.
    """
    report = read_and_check(file, mapping, role)
    if intake is None:
        _show(report, report.as_dict() if as_json else None)
        return
    under = Agreement.read(agreement) if agreement else None
    admission, _ = put_to_gates(report, intake, under, file)
    if not as_json:
        tell_doubts(admission)
        for refusal in admission.refusals:
            console.say(str(refusal))
    if admission.refusals:
        _show(admission.report, admission.as_dict() if as_json else None, console.REFUSED)
    _show(admission.report, admission.as_dict() if as_json else None)


def _show(report: Report, data: dict[str, object] | None, status: int = 0) -> None:
    """Print a report, or its data as JSON, and end as it says."""
    if data is None:
        console.out.print(report)
    else:
        console.print_json(data)
    if status or report.left_out:
        raise typer.Exit(status or console.ROWS_LEFT_OUT)


def encode(
    file: RecordsFile,
    agreement: AgreementOption,
    keys: KeysOption,
    identity: IdentityOption,
    intake: IntakeOption,
    out: EnvelopeOut,
    references: ReferencesOut,
    mapping: MapOption = None,
    role: RoleOption = "sought",
    passphrase_fd: PassphraseFd = None,
    as_json: JsonFlag = False,
) -> None:
    """Encode a file into a batch of fingerprints, sealed for the linkage unit; keep the references.

    No basis, no fingerprint: records that a data-protection rule refuses are told by rule and left
    out. Exit status 0, or 1 where the batch was written but rows were left out of it.
    """
    under = Agreement.read(agreement)
    report = read_and_check(file, mapping, role)
    report.require_usable()
    admission, told = put_to_gates(report, intake, under, file, out, references)
    records = admitted_records(admission, file)
    passphrases = Passphrases(passphrase_fd)
    own = passphrases.open(identity, partial(Identity.open, identity))
    require_may_encode(told, under, own.public.name)
    opened = passphrases.open(keys, lambda words: Keys.open(keys, words, under))
    header = encode_and_seal(records, admission, under, own, opened, out, references)
    left_out = report.rows_in_file - header.counts.rows
    if as_json:
        refused = {rule: len(ids) for rule, ids in admission.refused.items()}
        console.print_json(header.model_dump() | {"left_out": left_out, "refused": refused})
    else:
        persons = f"{header.counts.rows:,} persons encoded"
        console.say(f"{out}: {persons}. {references} stays with you.")
    if left_out:
        raise typer.Exit(console.ROWS_LEFT_OUT)


def admitted_records(admission: Admission, file: Path) -> Records:
    """Give the records that the gates let pass, and tell which rules left out others.

    Raises:
        GateError: The file as a whole may not be encoded.
        InputError: No record is left.
    """
    tell_refused(admission)
    admission.require()
    return usable_records(admission.report, file)


def encode_and_seal(
    records: Records,
    admission: Admission,
    under: Agreement,
    own: Identity,
    keys: Keys,
    out: Path,
    references: Path,
    *,
    keep: References | None = None,
) -> BatchHeader:
    """Encode records, and write the envelope of their batch and its reference file; wipe the keys.

    What was overridden stands in a signed protocol beside the reference file before anything is
    encoded. A record leaves matching on the day after its legal basis ends. A record that can't be
    encoded is told by row, field and rule, and the rest goes on. The envelope's number is the time
    in milliseconds: it grows, and nobody has to keep count.
    """
    number = time.time_ns() // 1_000_000
    with (
        protocol_kept(
            references, admission.overridden, identity=own, agreement=under, on=date.today()
        ),
        sealed_batch(out, references, identity=own, agreement=under, number=number) as batch,
        console.counting("encoding", len(records)) as progress,
    ):
        try:
            workers = os.cpu_count() or 1
            encoding = Encoding(records, under, keys, workers=workers, progress=progress)
        finally:
            keys.wipe()
        header = write_batch_of(
            encoding,
            records,
            society=own.public.name,
            agreement=under,
            path=batch,
            references_path=references,
            keep=keep,
            keys=record_keys(own, under.agreement_id, records.column("record_id").to_pylist()),
            review_on=admission.review_on(under.valid_until),
            number=number,
        )
    for finding in encoding.findings:
        for row in admission.report.usable_rows[finding.rows]:
            rule = finding.rule
            console.say(f"Row {row}, {finding.field}, {rule.name}: {rule.meaning} {rule.remedy}")
    return header
