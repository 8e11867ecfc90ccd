"""The command that takes thresholds over which an analyst chose."""

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.agreements import AmendedOut, show, write_new
from matcher.cli.options import AgreementFile
from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.agreement import Agreement
from matcher.formats.signed import read_signed
from matcher.formats.thresholds import Thresholds


def agreement_thresholds(
    file: AgreementFile,
    change: Annotated[
        Path, typer.Argument(show_default=False, help="The thresholds.json of 'kinmatch tune'.")
    ],
    out: AmendedOut,
) -> None:
    """Amend an agreement by thresholds that a party or the linkage unit measured, chose and signed.

    From then on they, and not the model's own, say what is strong and what is possible.
    """
    agreement = Agreement.read(file)
    amended = agreement.with_thresholds(
        read_signed(change, Thresholds, lambda said: agreement.identity_of(said.by))
    )
    # Whether they are of the models in use, and can be bands: asked now, and not in the night.
    EvidenceModel.under(amended)
    RefinementModel.under(amended)
    write_new(amended, out)
    show(amended)
