"""The tables: what the linkage unit holds beside the fingerprints, pseudonymous throughout.

A society is named by its slug, an agreement by its id, a record by the reference in its batch.
Which rows a society can read is said in `matcher.store.migrations`, by row-level security.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "kinmatch"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_NOW = text("now()")
_NEW_ID = text("gen_random_uuid()")


class Table(DeclarativeBase):
    """The root of all tables; shows no column of any, so that none gets into a log."""

    metadata = MetaData(schema=SCHEMA, naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: Integer(),
        float: Double(),
        bytes: LargeBinary(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[int]: ARRAY(Integer()),
        list[float]: ARRAY(Double()),
        list[str]: ARRAY(Text()),
        UUID: Uuid(),
    }

    def __repr__(self) -> str:
        return f"<row of {self.__tablename__}>"


class Society(Table):
    """A society that the linkage unit serves."""

    __tablename__ = "societies"

    name: Mapped[str] = mapped_column(primary_key=True)
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class User(Table):
    """A person who works for a society, or for the linkage unit where `society` is null.

    `subject` is what an identity provider calls them, or a name for a machine; never shown to
    another society.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    subject: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class ApiToken(Table):
    """A token of a user's: its SHA-256 alone, since the token is 256 random bits."""

    __tablename__ = "api_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AgreementRow(Table):
    """An agreement as it was signed or last amended, and how its records were compared.

    `compared_as` names the scheme, model, corridors and roles of the last run that was published;
    others make the next run a full one.
    """

    __tablename__ = "agreements"

    agreement_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    document: Mapped[dict[str, Any]]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    retention_days: Mapped[int]
    compared_as: Mapped[str | None]


class Party(Table):
    """A society's part in an agreement."""

    __tablename__ = "agreement_parties"

    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), primary_key=True)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)


class Corridor(Table):
    """An ordered pair of societies between which an agreement lets fingerprints flow."""

    __tablename__ = "corridors"

    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), primary_key=True)
    from_society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True)
    to_society: Mapped[str] = mapped_column(
        ForeignKey("societies.name"), primary_key=True, index=True
    )


class BatchRow(Table):
    """A batch from its registration on; states are in `matcher.store.states.batches`.

    `digest` is the SHA-256 of the file as it travels, by which an upload is known; `supersedes`
    the batch that leaves when this one is accepted; `problems` every reason for a refusal.
    """

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), index=True)
    digest: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    state: Mapped[str] = mapped_column(index=True)
    registered_on: Mapped[date]
    received_on: Mapped[date | None]
    expires_on: Mapped[date]
    key_epoch: Mapped[int | None]
    records: Mapped[int | None]
    problems: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[datetime] = mapped_column(server_default=_NOW, onupdate=_NOW)

    __table_args__ = (UniqueConstraint("society", "digest"),)


class Part(Table):
    """A piece of a batch's file that has arrived."""

    __tablename__ = "parts"

    batch_id: Mapped[UUID] = mapped_column(
        ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]


class Envelope(Table):
    """One envelope that was accepted: numbers of a society under an agreement only grow."""

    __tablename__ = "envelopes"

    agreement_id: Mapped[str] = mapped_column(primary_key=True)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    accepted_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Record(Table):
    """A person's record under one key epoch: where its fingerprints lie, and whether compared.

    `digest` is that of all that its batch says of it, so that a later batch with the same
    reference shows whether it changed. `taken_in` is the run that took it as new; once that is
    published, `compared_in` names it too, and the record has been compared with all others that it
    may meet. Both are null again when the record changes.
    """

    __tablename__ = "records"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"))
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    reference: Mapped[bytes]
    key_epoch: Mapped[int]
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    row: Mapped[int]
    role: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes]
    taken_in: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id"))
    compared_in: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id"))

    __table_args__ = (
        UniqueConstraint("agreement", "society", "reference", "key_epoch"),
        Index(None, "batch_id", "row"),
    )


class RunRow(Table):
    """A run; states are in `matcher.store.states.runs`. `plan` says what it compares."""

    __tablename__ = "runs"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), index=True)
    state: Mapped[str]
    on_date: Mapped[date]
    is_full: Mapped[bool]
    compares_as: Mapped[str]
    plan: Mapped[dict[str, Any]]
    plan_digest: Mapped[str]
    pairs: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    planned_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    changed_at: Mapped[datetime] = mapped_column(server_default=_NOW, onupdate=_NOW)

    __table_args__ = (
        # One run at a time under an agreement, whoever starts it.
        Index(
            "uq_runs_one_unfinished",
            "agreement",
            unique=True,
            postgresql_where=text("state IN ('planned', 'comparing')"),
        ),
    )


class Comparison(Table):
    """What a published run compared with what, once and for all.

    `left_part` and `right_part` are `new` (records whose `compared_in` became this run) or `held`
    (those that had been compared before). A full run has `new` on both sides.
    """

    __tablename__ = "comparisons"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key_epoch: Mapped[int]
    left_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    left_role: Mapped[int] = mapped_column(SmallInteger)
    left_part: Mapped[str]
    left_rows: Mapped[int]
    right_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    right_role: Mapped[int] = mapped_column(SmallInteger)
    right_part: Mapped[str]
    right_rows: Mapped[int]


class CandidateRow(Table):
    """A candidate as the linkage unit holds it: which two records, and how far apart they are.

    `id` is a digest of both references, so the same two records give the same candidate.
    `distances` are in bits, in the model's order of passes, -1 where absent. `version` grows when
    one of the records changed: decisions of an older version no longer count.
    """

    __tablename__ = "candidates"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), index=True)
    left_record: Mapped[int] = mapped_column(
        ForeignKey("records.id", ondelete="CASCADE"), index=True
    )
    right_record: Mapped[int] = mapped_column(
        ForeignKey("records.id", ondelete="CASCADE"), index=True
    )
    left_digest: Mapped[bytes]
    right_digest: Mapped[bytes]
    distances: Mapped[list[int]]
    score: Mapped[float]
    band: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    found_in: Mapped[UUID] = mapped_column(ForeignKey("runs.id"))


class CandidateSide(Table):
    """A candidate as one of its two societies sees it: its own record, and the evidence.

    `kin` is what the people around both records weigh, in bits; null where nobody could meet.
    `listed` is false for what has too many better ones before it; `since` the day of the run that
    found it, or found it again after a change; `verdict` this society's own.
    """

    __tablename__ = "candidate_sides"

    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"))
    reference: Mapped[bytes]
    role: Mapped[int] = mapped_column(SmallInteger)
    other_role: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[float]
    band: Mapped[int] = mapped_column(SmallInteger)
    levels: Mapped[list[int]]
    weights: Mapped[list[float]]
    kin: Mapped[float | None]
    state: Mapped[str]
    version: Mapped[int]
    since: Mapped[date]
    listed: Mapped[bool]
    verdict: Mapped[str | None]

    __table_args__ = (
        Index(
            "ix_candidate_sides_best_first",
            "society",
            text("score DESC"),
            "candidate_id",
            postgresql_where=text("listed"),
        ),
    )


class Decision(Table):
    """What a society said of a candidate, and by whom; never changed, only followed by another."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int]
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    verdict: Mapped[str]
    note_code: Mapped[str | None]
    decided_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Disclosure(Table):
    """Who the other side is, for one society, after both confirmed and the gates passed."""

    __tablename__ = "disclosures"

    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), primary_key=True
    )
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    other_society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    other_reference: Mapped[bytes]
    disclosed_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class RefinementRow(Table):
    """A refinement; states are in `matcher.store.states.refinements`."""

    __tablename__ = "refinements"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=_NEW_ID)
    candidate_id: Mapped[bytes] = mapped_column(
        ForeignKey("candidates.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str]
    first_released_by: Mapped[str | None] = mapped_column(ForeignKey("societies.name"))
    expires_on: Mapped[date]
    outcome: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[datetime] = mapped_column(server_default=_NOW, onupdate=_NOW)


class AuditEntry(Table):
    """An entry of the audit log; see `matcher.store.audit`."""

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    society: Mapped[str | None] = mapped_column(index=True)
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[str]
    hash: Mapped[bytes]


class Checkpoint(Table):
    """The linkage unit's signature on the audit log up to an entry."""

    __tablename__ = "audit_checkpoints"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]
    public_key: Mapped[bytes]
    signature: Mapped[bytes]


class ClaimKey(Table):
    """The secret by which the database believes a connection that says for which society it is."""

    __tablename__ = "claim_key"

    key: Mapped[bytes] = mapped_column(primary_key=True)
