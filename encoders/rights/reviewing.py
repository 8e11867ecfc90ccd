"""Which records are due for review: soon, or overdue and out of matching already."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from encoders.protection.admission import Admission

LAPSED: Final = ("basis.current", "consent.verified")
"""The rules by which a record is refused whose time is over."""


@dataclass(frozen=True)
class Due:
    """A record that is due; shows its day alone.

    Attributes:
        record_id: The record.
        review_on: The day on which it leaves matching; None if it has left.
    """

    record_id: str
    review_on: date | None

    def __repr__(self) -> str:
        return f"<due {self.review_on}>"


def due(admission: Admission, agreement_until: date, until: date) -> list[Due]:
    """Give the records that must be looked at by a day.

    Args:
        admission: What the gates leave of the society's file.
        agreement_until: The agreement's last day.
        until: The day.

    Returns:
        Those that have left matching first, then the one that leaves first; of one day by id.
    """
    lapsed = {one for rule in LAPSED for one in admission.refused.get(rule, ())}
    found = [Due(one, None) for one in sorted(lapsed)]
    days = admission.review_on(agreement_until).tolist()
    ids = admission.report.usable.column("record_id").to_pylist()
    coming = [Due(one, day) for one, day in zip(ids, days, strict=True) if day <= until]
    return found + sorted(coming, key=lambda one: (one.review_on or until, one.record_id))
