"""What came in: batches, the parts they arrive in, their envelopes, and their records."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NEW_ID, NOW, Table


class BatchRow(Table):
    """A batch from its registration on; states are in `matcher.store.states.batches`.

    `digest` is the SHA-256 of the file as it travels, by which an upload is known; `supersedes`
    the batch that leaves when this one is accepted; `problems` every reason for a refusal;
    `mark_nonce` what its marks are made of; `people_changed_at` when one of its people was last
    taken out of matching.
    """

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
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
    mark_nonce: Mapped[bytes | None]
    people_changed_at: Mapped[datetime | None]
    records: Mapped[int | None]
    problems: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW, onupdate=NOW)

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
    key_epoch: Mapped[int]
    digest: Mapped[str] = mapped_column(unique=True)
    accepted_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Retired(Table):
    """A key epoch that a society takes out of use after a last day, with every earlier one."""

    __tablename__ = "retired_epochs"

    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"), primary_key=True)
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"), primary_key=True, index=True)
    key_epoch: Mapped[int] = mapped_column(primary_key=True)
    last_day: Mapped[date]


class Record(Table):
    """A person's record under one key epoch: where its fingerprints lie, and whether compared.

    `digest` is that of all that its batch says of it, so that a later batch with the same
    reference shows whether it changed. `taken_in` is the run that took it as new; once that is
    published, `compared_in` names it too, and the record has been compared with all others that it
    may meet. Both are null again when the record changes. `mark` is its mark in that batch, null
    where it has none; `barred` why it takes no part in matching, `suspended`, `overdue` or
    `leaving`; null where it does.
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
    mark: Mapped[bytes | None]
    review_on: Mapped[date | None]
    barred: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("agreement", "society", "reference", "key_epoch"),
        Index(None, "batch_id", "row"),
    )
