"""The service as tests call it: with a clock that stands, for users made on the way."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from matcher.protection import training
from matcher.service import limits
from matcher.service.app import make_app
from matcher.settings import Settings
from matcher.store import Store, access

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def serve(
    store: Store, *, clock: Callable[[], datetime] = lambda: NOW, **given: object
) -> TestClient:
    """The service as tests call it, with a clock that stands at `NOW` if they have no other.

    Nobody has asked it anything yet.
    """
    shutil.rmtree(store.folder / limits.FOLDER, ignore_errors=True)
    usual = {"data_folder": store.folder, "least_free_bytes": 0}
    settings = Settings.load(**{**usual, **given})
    return TestClient(make_app(store, settings, clock=clock), raise_server_exceptions=False)


def token_for(store: Store, society: str | None, role: str = "tracing-officer") -> str:
    """A new user's token with all scopes of their role."""
    with store.as_unit() as session:
        name = f"{role} {datetime.now(UTC).timestamp()} at {society}"
        user = access.add_user(session, subject=name, role=role, society=society)
        train(session, user)
        return access.new_token(
            session, user, scopes=access.SCOPES_OF[role], expires_at=NOW + timedelta(days=30)
        )


def train(session: Session, user: UUID, until: date | None = None) -> None:
    """Record that a user did a course on the day of `NOW`."""
    day = NOW.date()
    training.record_training(
        session, user, course="data protection", completed_on=day,
        valid_until=until or day + timedelta(days=365),
    )  # fmt: skip


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
