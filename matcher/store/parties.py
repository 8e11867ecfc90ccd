"""Societies, their people, their tokens, and the agreements between them."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from matcher.formats.agreement import Agreement
from matcher.formats.errors import AbsentError, AgreementError, ParameterError
from matcher.store import audit
from matcher.store.models import AgreementRow, ApiToken, BatchRow, Corridor, Party, Society, User

USER_ROLES: Final = ("tracing-officer", "data-protection-officer", "analyst", "operator")
"""What a user may be; operators and analysts may belong to the linkage unit, with no society."""

SCOPES_OF: Final[Mapping[str, frozenset[str]]] = {
    "tracing-officer": frozenset({"batches", "candidates", "refinements", "notices"}),
    "data-protection-officer": frozenset({"notices", "audit"}),
    "analyst": frozenset({"aggregates"}),
    "operator": frozenset({"operate"}),
}
"""What a user of each role may be let do; a token has some of these scopes, or all."""

SCOPES: Final = frozenset().union(*SCOPES_OF.values())
"""Every scope that there is."""

_TOKEN_BYTES = 32
_MARK = "kinmatch_"  # by which a scanner for leaked secrets can know a token


def add_agreement(session: Session, agreement: Agreement, *, actor: str = audit.UNIT_ACTOR) -> None:
    """Record an agreement with its parties and corridors, or the amendment of one.

    One that is there already is left as it is.

    Args:
        session: A transaction `as_unit`.
        agreement: As signed.
        actor: Who did it.

    Raises:
        AgreementError: The one that is there is neither this one nor one that this one amends.
    """
    row = session.get(AgreementRow, agreement.agreement_id, with_for_update=True)
    if row is not None and row.digest == agreement.digest:
        return
    if row is not None and row.digest not in agreement.amends:
        raise AgreementError(
            f"Agreement {agreement.agreement_id} is here as {row.digest}, which this version does "
            "not amend. Give a version that amends it."
        )
    for name in agreement.parties:
        session.execute(insert(Society).values(name=name).on_conflict_do_nothing())
    if row is None:
        row = AgreementRow(agreement_id=agreement.agreement_id)
        session.add(row)
    row.digest = agreement.digest
    row.document = agreement.model_dump(mode="json")
    row.valid_from = agreement.valid_from
    row.valid_until = agreement.valid_until
    row.retention_days = agreement.retention_days
    session.flush()
    _replace_terms(session, agreement)
    audit.append(
        session, "agreement.add", f"agreement {agreement.agreement_id}", actor=actor,
        details={"digest": agreement.digest},
    )  # fmt: skip


def _replace_terms(session: Session, agreement: Agreement) -> None:
    """Write who takes part and what flows, and until when batches may now be kept."""
    key = agreement.agreement_id
    session.execute(delete(Party).where(Party.agreement == key))
    session.execute(delete(Corridor).where(Corridor.agreement == key))
    session.add_all(Party(agreement=key, society=name) for name in agreement.parties)
    session.add_all(
        Corridor(agreement=key, from_society=start, to_society=end)
        for start, end in agreement.corridors
    )
    kept = select(BatchRow).where(BatchRow.agreement == key, BatchRow.state == "accepted")
    for batch in session.scalars(kept):
        if batch.received_on is not None and batch.key_epoch is not None:
            batch.expires_on = expiry_of(agreement, batch.key_epoch, batch.received_on)
    session.flush()


def expiry_of(agreement: Agreement, epoch: int, received_on: date) -> date:
    """The day from which a batch may no longer be kept: its retention, epoch or agreement is over.

    Args:
        agreement: Its agreement.
        epoch: Its key epoch; one that the agreement no longer has is over.
        received_on: The day it was accepted.
    """
    ends = [one.valid_until for one in agreement.epochs if one.number == epoch]
    over = min([agreement.valid_until, *ends]) + timedelta(days=1) if ends else received_on
    return min(over, received_on + timedelta(days=agreement.retention_days))


def agreement_of(session: Session, agreement_id: str) -> Agreement:
    """Give an agreement by its id, as it was last amended.

    Raises:
        AbsentError: There is none, or none that this transaction's society is a party to.
    """
    row = session.get(AgreementRow, agreement_id)
    if row is None:
        raise AbsentError(
            f"There is no agreement {agreement_id} here; the linkage unit has to add it."
        )
    return Agreement.model_validate(row.document)


def add_user(
    session: Session,
    *,
    subject: str,
    role: str,
    society: str | None,
    actor: str = audit.UNIT_ACTOR,
) -> UUID:
    """Record a user.

    Args:
        session: A transaction `as_unit`.
        subject: What the identity provider calls them, or a name for a machine.
        role: One of `USER_ROLES`.
        society: Whose user; None for the linkage unit's own.
        actor: Who did it.

    Raises:
        ParameterError: The role is none, or a tracing or data-protection officer has no society.
    """
    if role not in USER_ROLES:
        raise ParameterError(f"A user's role must be one of {', '.join(USER_ROLES)}.")
    if society is None and role in {"tracing-officer", "data-protection-officer"}:
        raise ParameterError(f"A {role} must belong to a society.")
    user = User(subject=subject, role=role, society=society)
    session.add(user)
    session.flush()
    audit.append(
        session, "user.add", f"user {user.id}", actor=actor, society=society, details={"role": role}
    )
    return user.id


def new_token(
    session: Session,
    user: UUID,
    *,
    scopes: Collection[str],
    expires_at: datetime,
    actor: str = audit.UNIT_ACTOR,
) -> str:
    """Make a token for a user; it is told here and never again, since its digest alone is kept.

    Raises:
        AbsentError: There is no such user.
        ParameterError: A scope is none that the user's role may have.
    """
    owner = session.get(User, user)
    if owner is None:
        raise AbsentError(f"There is no user {user}.")
    beyond = set(scopes) - SCOPES_OF[owner.role]
    if beyond or not scopes:
        raise ParameterError(
            f"A {owner.role} may have the scopes {', '.join(sorted(SCOPES_OF[owner.role]))}; name "
            "some of these."
        )
    token = _MARK + secrets.token_urlsafe(_TOKEN_BYTES)
    row = ApiToken(
        user_id=user,
        society=owner.society,
        digest=_digest(token),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    audit.append(
        session, "token.add", f"token {row.id}", actor=actor, society=owner.society,
        details={"user": str(user), "scopes": " ".join(row.scopes)},
    )  # fmt: skip
    return token


def holder_of(session: Session, token: str, *, at: datetime) -> tuple[User, ApiToken] | None:
    """Give the user whose token this is, if it is valid at that time; else None.

    Args:
        session: A transaction `as_unit`, since nobody is known yet.
        token: As it was given.
        at: The time.
    """
    found = session.execute(
        select(User, ApiToken)
        .join(ApiToken, ApiToken.user_id == User.id)
        .outerjoin(Society, Society.name == User.society)
        .where(
            ApiToken.digest == _digest(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > at,
            User.active,
            or_(User.society.is_(None), Society.active),
        )
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def user_of(session: Session, subject: str) -> User | None:
    """Give the user of that subject, if they and their society are active; else None.

    Args:
        session: A transaction `as_unit`, since nobody is known yet.
        subject: What an identity provider or a client certificate calls them.
    """
    return session.scalars(
        select(User)
        .outerjoin(Society, Society.name == User.society)
        .where(
            User.subject == subject, User.active, or_(User.society.is_(None), Society.active)
        )
    ).one_or_none()


def revoke_token(
    session: Session, token: UUID, *, at: datetime, actor: str = audit.UNIT_ACTOR
) -> None:
    """End a token's life; one that is revoked already stays so."""
    changed = session.execute(
        update(ApiToken)
        .where(ApiToken.id == token, ApiToken.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(ApiToken.society)
    ).one_or_none()
    if changed is not None:
        audit.append(
            session, "token.revoke", f"token {token}", actor=actor, society=changed.society
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
