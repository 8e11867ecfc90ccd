"""The audit log, and the key by which the database believes the service."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import Table


class AuditEntry(Table):
    """An entry of the audit log; see `matcher.store.audit`."""

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    society: Mapped[str | None]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[str]
    hash: Mapped[bytes]

    __table_args__ = (Index(None, "society", "number"),)


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
