"""Who there is: societies, people and their tokens, and the agreements between societies."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from matcher.store.models.base import NEW_ID, NOW, Table


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

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    subject: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class ApiToken(Table):
    """A token of a user's: its SHA-256 alone, since the token is 256 random bits."""

    __tablename__ = "api_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    society: Mapped[str | None] = mapped_column(ForeignKey("societies.name"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AgreementRow(Table):
    """An agreement as it was signed or last amended, and how its records were compared.

    `compared_as` names the scheme, model and roles of the last run that was published, and
    `compared_corridors` the corridors that have been open ever since; others make the next run a
    full one. `outgrown` are the digests of versions with purposes or legal bases that it was
    amended to have no more.
    """

    __tablename__ = "agreements"

    agreement_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    document: Mapped[dict[str, Any]]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    retention_days: Mapped[int]
    compared_as: Mapped[str | None]
    compared_corridors: Mapped[list[list[str]] | None] = mapped_column(JSONB())
    outgrown: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))


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
