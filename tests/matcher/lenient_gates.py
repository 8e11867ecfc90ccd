"""The least gates that a decision can be put to, for tests that are about something else."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from matcher.store.models import AgreementRow, CandidateRow


@dataclass(frozen=True)
class InForce:
    """The least gates: identities flow as long as the agreement is valid.

    Attributes:
        on: The day.
    """

    on: date

    def shown(self, _session: Session, _row: CandidateRow) -> bool:
        """Say that it may."""
        return True

    def confirm(self, session: Session, row: CandidateRow, society: str) -> None:
        """Let every society confirm."""

    def disclose(self, session: Session, row: CandidateRow) -> bool:
        """Say whether the agreement is valid on that day."""
        agreement = session.get_one(AgreementRow, row.agreement)
        return agreement.valid_from <= self.on <= agreement.valid_until
