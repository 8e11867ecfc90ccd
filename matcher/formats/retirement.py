"""The retirement notice: a society takes its fingerprints of an old key epoch out of use.

The society writes one when it has encoded its records under a new epoch. Once the old epoch's last
day is over, or at once if it is over already, the linkage unit destroys every batch of that society
and epoch, and opens none of its envelopes again.
"""

from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError
from matcher.formats.identity import Identity
from matcher.formats.signed import write_signed
from matcher.formats.statement import Statement

FORMAT: Final = "kinmatch-retirement/1"
"""The format's name and version."""


class Retirement(Statement):
    """Which fingerprints go, and when.

    Attributes:
        format: Format name and version.
        agreement_id: The agreement.
        society: Whose fingerprints.
        key_epoch: The epoch that is retired, and with it every earlier one.
        last_day: The last day on which they may be compared.
    """

    format: Literal["kinmatch-retirement/1"] = FORMAT
    key_epoch: int = Field(ge=1, lt=1 << 31)
    last_day: date


def require_past_epochs(agreement: Agreement) -> None:
    """Refuse an agreement that has no key epoch to retire.

    Raises:
        AgreementError: It has one epoch alone.
    """
    if len(agreement.epochs) == 1:
        raise AgreementError(
            f"Agreement {agreement.agreement_id} has one key epoch alone, so there is nothing to "
            "retire; begin a new epoch first."
        )


def write_retirement(path: Path, *, identity: Identity, agreement: Agreement) -> Retirement:
    """Sign a notice that retires all epochs of an agreement but its newest.

    Args:
        path: The notice; an older file of that name is replaced.
        identity: The society's.
        agreement: Amended by the new epoch.

    Raises:
        AgreementError: The agreement has one epoch alone, so there is nothing to retire.
        OutputError: The file can't be written.
    """
    require_past_epochs(agreement)
    old = agreement.epochs[-2]
    notice = Retirement(
        agreement_id=agreement.agreement_id,
        society=identity.public.name,
        key_epoch=old.number,
        last_day=old.valid_until,
    )
    write_signed(path, notice, identity)
    return notice
