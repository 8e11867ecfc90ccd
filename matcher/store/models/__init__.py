"""The tables: what the linkage unit holds beside the fingerprints, pseudonymous throughout.

A society is named by its slug, an agreement by its id, a record by the reference in its batch.
Which rows a society can read is said in `matcher.store.migrations`, by row-level security.
"""

from matcher.store.models.aggregates import Aggregate
from matcher.store.models.base import SCHEMA, Table
from matcher.store.models.batches import BatchRow, Envelope, Part, Record, Retired
from matcher.store.models.candidates import (
    CandidateRow,
    CandidateSide,
    Decision,
    Disclosure,
    PassNames,
)
from matcher.store.models.gates import (
    Clearance,
    Duty,
    ForeignRequest,
    ServiceFeedback,
    SharingDecision,
    Training,
)
from matcher.store.models.holds import Hold, NoticeRow
from matcher.store.models.log import AuditEntry, Checkpoint, ClaimKey
from matcher.store.models.nights import Comparison, RunRow
from matcher.store.models.parties import AgreementRow, ApiToken, Corridor, Party, Society, User
from matcher.store.models.refinements import (
    RefinedCandidate,
    RefinementFile,
    RefinementRow,
    Unanswered,
)

__all__ = [
    "SCHEMA",
    "Aggregate",
    "AgreementRow",
    "ApiToken",
    "AuditEntry",
    "BatchRow",
    "CandidateRow",
    "CandidateSide",
    "Checkpoint",
    "ClaimKey",
    "Clearance",
    "Comparison",
    "Corridor",
    "Decision",
    "Disclosure",
    "Duty",
    "Envelope",
    "ForeignRequest",
    "Hold",
    "NoticeRow",
    "Part",
    "Party",
    "PassNames",
    "Record",
    "RefinedCandidate",
    "RefinementFile",
    "RefinementRow",
    "Retired",
    "RunRow",
    "ServiceFeedback",
    "SharingDecision",
    "Society",
    "Table",
    "Training",
    "Unanswered",
    "User",
]
