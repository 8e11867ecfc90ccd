"""The command that encodes a society's records anew under new keys."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from encoders.keys import Keys
from encoders.references import read_references
from matcher.cli import console
from matcher.cli.gating import IntakeOption, put_to_gates, require_may_encode
from matcher.cli.identities import IdentityOption
from matcher.cli.options import AgreementOption, KeysOption
from matcher.cli.passphrases import PassphraseFd, Passphrases
from matcher.cli.society import (
    EnvelopeOut,
    MapOption,
    RecordsFile,
    ReferencesOut,
    RoleOption,
    admitted_records,
    encode_and_seal,
    read_and_check,
)
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError
from matcher.formats.identity import Identity
from matcher.formats.retirement import require_past_epochs, write_retirement


def keys_rotate(
    file: RecordsFile,
    agreement: AgreementOption,
    keys: KeysOption,
    identity: IdentityOption,
    intake: IntakeOption,
    keep: Annotated[Path, typer.Option(help="Reference file of the batch that is replaced.")],
    out: EnvelopeOut,
    references: ReferencesOut,
    notice: Annotated[Path, typer.Option(help="The retirement notice to write; it goes along.")],
    mapping: MapOption = None,
    role: RoleOption = "sought",
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Encode your records anew under the newest key epoch, and retire the old fingerprints.

    Records keep the references they have in the old batch, so that what is known of a candidate
    stays with it. Exit status 0, or 1 where rows were left out.
    """
    under = Agreement.read(agreement)
    require_past_epochs(under)
    kept = read_references(keep, under)
    if kept.header.key_epoch == under.key_epoch:
        raise AgreementError(
            f"{keep}: is of key epoch {under.key_epoch}, the newest; there is nothing to rotate."
        )
    report = read_and_check(file, mapping, role)
    report.require_usable()
    admission, told = put_to_gates(report, intake, under, file, out, references)
    records = admitted_records(admission, file)
    passphrases = Passphrases(passphrase_fd)
    own = passphrases.open(identity, partial(Identity.open, identity))
    require_may_encode(told, under, own.public.name)
    held = passphrases.open(keys, lambda words: Keys.open(keys, words, under))
    header = encode_and_seal(records, admission, under, own, held, out, references, keep=kept)
    retired = write_retirement(notice, identity=own, agreement=under)
    console.say(
        f"{out}: {header.counts.rows:,} persons encoded under epoch {under.key_epoch}. "
        f"{references} stays with you. {notice} retires epoch {retired.key_epoch} after "
        f"{retired.last_day}."
    )
    if header.counts.rows < report.rows_in_file:
        raise typer.Exit(console.ROWS_LEFT_OUT)
