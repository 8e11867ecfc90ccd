"""Who may use the linkage unit: users, what their roles let them do, and their tokens."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from matcher.formats.errors import AbsentError, LimitError, ParameterError, StateError
from matcher.store import audit
from matcher.store.models import ApiToken, Society, User

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

MOST_TOKENS: Final = 20
"""Valid tokens that a user may have and still make another."""

_TOKEN_BYTES = 32
MARK: Final = "kinmatch_"
"""How every token begins, by which a scanner for leaked secrets can know one."""


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
        AbsentError: There is no such society.
        StateError: Somebody has that subject already.
    """
    if role not in USER_ROLES:
        raise ParameterError(f"A user's role must be one of {', '.join(USER_ROLES)}.")
    if society is None and role in {"tracing-officer", "data-protection-officer"}:
        raise ParameterError(f"A {role} must belong to a society.")
    if society is not None and session.get(Society, society) is None:
        raise AbsentError(f"There is no society {society} here; admit an agreement of its first.")
    if session.scalar(select(User.id).where(User.subject == subject)) is not None:
        raise StateError("There is a user of that subject already; 'kinmatch user list' shows who.")
    user = User(subject=subject, role=role, society=society)
    session.add(user)
    session.flush()
    audit.append(
        session, "user.add", f"user {user.id}", actor=actor, society=society, details={"role": role}
    )
    return user.id


def close_user(session: Session, user: UUID, *, actor: str = audit.UNIT_ACTOR) -> None:
    """Let a user in no more, by any way; who is closed already stays so.

    Args:
        session: A transaction `as_unit`.
        user: Their id.
        actor: Who does it.

    Raises:
        AbsentError: There is no such user.
    """
    row = _user(session, user)
    if row.active:
        row.active = False
        session.flush()
        audit.append(session, "user.close", f"user {user}", actor=actor, society=row.society)


def users(session: Session) -> list[tuple[User, list[ApiToken]]]:
    """Give every user with the tokens that are not revoked, by society and subject.

    Args:
        session: A transaction `as_unit`; `as_society` gives that society's.
    """
    tokens: dict[UUID, list[ApiToken]] = {}
    for token in session.scalars(
        select(ApiToken).where(ApiToken.revoked_at.is_(None)).order_by(ApiToken.expires_at)
    ):
        tokens.setdefault(token.user_id, []).append(token)
    ordered = session.scalars(select(User).order_by(User.society, User.subject))
    return [(user, tokens.get(user.id, [])) for user in ordered]


def _user(session: Session, user: UUID) -> User:
    row = session.get(User, user)
    if row is None:
        raise AbsentError(f"There is no user {user}.")
    return row


def scopes_of(session: Session, user: UUID) -> frozenset[str]:
    """All that a user's role may be let do.

    Raises:
        AbsentError: There is no such user.
    """
    return SCOPES_OF[_user(session, user).role]


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
    owner = _user(session, user)
    beyond = set(scopes) - SCOPES_OF[owner.role]
    if beyond or not scopes:
        raise ParameterError(
            f"A {owner.role} may have the scopes {', '.join(sorted(SCOPES_OF[owner.role]))}; name "
            "some of these."
        )
    token = MARK + secrets.token_urlsafe(_TOKEN_BYTES)
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


def tokens_of(session: Session, user: UUID, *, at: datetime) -> list[ApiToken]:
    """Give a user's tokens that are valid at a time, the one that ends first first."""
    valid = select(ApiToken).where(ApiToken.user_id == user, *_valid(at))
    return list(session.scalars(valid.order_by(ApiToken.expires_at, ApiToken.id)))


def rotate_token(
    session: Session,
    token: UUID,
    *,
    user: UUID,
    at: datetime,
    expires_at: datetime,
    old_until: datetime,
) -> str:
    """Make a token that follows another; both are valid for a while, so that nothing stands still.

    Args:
        session: A transaction.
        token: The one that is followed.
        user: Whose it must be.
        at: The time.
        expires_at: The end of the new one.
        old_until: The end of the old one, if it doesn't end before.

    Returns:
        The new token, with the same scopes.

    Raises:
        AbsentError: The user has no such token that is valid.
        LimitError: The user has too many tokens already.
    """
    row = session.scalars(
        select(ApiToken)
        .where(ApiToken.id == token, ApiToken.user_id == user, *_valid(at))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise AbsentError(f"There is no token {token} of this user that is valid.")
    if len(tokens_of(session, user, at=at)) >= MOST_TOKENS:
        raise LimitError(f"A user may have {MOST_TOKENS} tokens; end one that is not needed.")
    row.expires_at = min(row.expires_at, old_until)
    return new_token(session, user, scopes=row.scopes, expires_at=expires_at, actor=str(user))


def _valid(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return ApiToken.revoked_at.is_(None), ApiToken.expires_at > at


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
            *_valid(at),
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
        .where(User.subject == subject, User.active, or_(User.society.is_(None), Society.active))
    ).one_or_none()


def revoke_token(
    session: Session, token: UUID, *, at: datetime, actor: str = audit.UNIT_ACTOR
) -> None:
    """End a token's life; one that is revoked already stays so.

    Raises:
        AbsentError: There is no such token.
    """
    if session.get(ApiToken, token) is None:
        raise AbsentError(f"There is no token {token}; see that its id is right.")
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
