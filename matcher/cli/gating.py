"""What the commands share that must pass the society's data-protection gates."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from encoders.protection.admission import Admission, admit
from encoders.protection.intake import Intake, read_intake
from encoders.reporting import Report
from matcher.cli import console
from matcher.formats.agreement import Agreement
from matcher.formats.errors import MismatchError
from matcher.formats.terms import require_corridor, require_terms

IntakeOption = Annotated[
    Path,
    typer.Option(
        "--intake", help="The intake file: legal basis, consents, purpose. See kinmatch intake new."
    ),
]


def put_to_gates(
    report: Report,
    intake: Path,
    under: Agreement | None,
    *files: Path,
    stage: Literal["matching", "refinement"] = "matching",
) -> tuple[Admission, Intake]:
    """Put a society's data-protection gates to a checked file.

    Args:
        report: The check's.
        intake: The intake file.
        under: The agreement; None leaves out what only it can tell.
        files: Files that are read and written besides, whose names must tell of no category.
        stage: For what the records are to be used.

    Returns:
        What the gates leave, and the intake.
    """
    today = date.today()
    told = read_intake(intake, today=today)
    labels = [path.name for path in (intake, *files)]
    left = admit(report, told, agreement=under, today=today, stage=stage, labels=labels)
    return left, told


def tell_doubts(admission: Admission) -> None:
    """Tell what of an intake can't be read, or may be about somebody else."""
    for trouble in admission.troubles:
        console.say(str(trouble))
    if admission.strangers:
        console.say(
            f"{admission.strangers:,} ids of the events table are of no record that could be used; "
            "see that none of them is misspelt."
        )


def tell_refused(admission: Admission) -> None:
    """Tell which rules leave records out, and what would mend it; and what is doubtful."""
    tell_doubts(admission)
    for finding in admission.report.findings:
        if finding.rule.name in admission.refused:
            rule = finding.rule
            console.say(
                f"{len(finding.rows):,} left out by {rule.name} ({finding.field}): {rule.meaning} "
                f"{rule.remedy}"
            )
    for override, records in admission.overridden:
        console.say(f"{override.rule} was overridden for {len(records):,} records.")


def require_own(intake: Intake, society: str) -> None:
    """Refuse an intake whose law profile is another society's.

    Raises:
        MismatchError: It is.
    """
    if intake.law.society != society:
        raise MismatchError(
            f"{intake.path}: its law profile is that of '{intake.law.society}', the identity that "
            f"of '{society}'. Each society answers by its own law."
        )


def require_may_encode(intake: Intake, under: Agreement, society: str) -> None:
    """Refuse a society that may not encode anything today, whatever its records.

    Raises:
        AgreementError: It is not a party.
        MismatchError: The intake's law profile is another society's.
        GateError: The agreement lacks terms, or has no corridor of it that is open today.
    """
    under.require_party(society)
    require_own(intake, society)
    require_terms(under)
    require_corridor(under, society, date.today())
