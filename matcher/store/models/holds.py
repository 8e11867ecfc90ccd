"""What societies' notices said of records, and what holds of those records from then on."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NOW, Table


class NoticeRow(Table):
    """An entry of the journal that was applied; `number` is its number there.

    `kind` is a notice's kind, or `retire`, `withdraw-batch` or `admit`. `sent` is the society's own
    number of a notice and `made_on` its day, null for all else; an agreement's admission has no
    society. `digest` is that of the entry, `said` that of what it says; `records` how many rows it
    was about here.
    """

    __tablename__ = "notices"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    agreement: Mapped[str | None] = mapped_column(ForeignKey("agreements.agreement_id"))
    sent: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str]
    made_on: Mapped[date | None]
    records: Mapped[int]
    digest: Mapped[str] = mapped_column(unique=True)
    said: Mapped[str] = mapped_column(index=True)
    applied_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Hold(Table):
    """What holds of a record, here or still to come; states are in `matcher.store.states.holds`.

    `handle` is the record's key, or where `is_key` is false its reference. A hold in state
    `deleted` is the tombstone. `destroyed_on` is the day on which the last batch that had
    fingerprints of the record lost them; null until then.
    """

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    agreement: Mapped[str] = mapped_column(ForeignKey("agreements.agreement_id"))
    society: Mapped[str] = mapped_column(ForeignKey("societies.name"))
    handle: Mapped[bytes]
    is_key: Mapped[bool]
    state: Mapped[str]
    since: Mapped[date]
    notice: Mapped[int] = mapped_column(ForeignKey("notices.number"))
    destroyed_on: Mapped[date | None]

    __table_args__ = (UniqueConstraint("agreement", "society", "is_key", "handle"),)
