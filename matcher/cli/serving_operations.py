"""What the operator's commands about users, tokens, agreements and the emblem do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from matcher.cli import console
from matcher.formats.agreement import Agreement
from matcher.formats.errors import OutputError
from matcher.formats.files import written_whole
from matcher.protection import training
from matcher.protection.emblem import Emblem
from matcher.settings import Settings
from matcher.store import access, open_store
from matcher.store.journal import Admission, Journal
from matcher.store.keeping_up import enter
from matcher.store.models import ApiToken, User


@contextmanager
def _unit(data_folder: Path | None) -> Iterator[Session]:
    settings = Settings.load(data_folder=data_folder)
    with open_store(settings, None) as store, store.as_unit() as session:
        yield session


def user_add(data_folder: Path | None, subject: str, role: str, society: str | None) -> None:
    """Add a user."""
    with _unit(data_folder) as session:
        user = access.add_user(session, subject=subject, role=role, society=society)
    console.out.print(str(user), markup=False, highlight=False)


def user_close(data_folder: Path | None, user: UUID) -> None:
    """Close a user's access."""
    with _unit(data_folder) as session:
        access.close_user(session, user)
    console.say("The service lets them in no more, within seconds.")


def user_train(
    data_folder: Path | None,
    user: UUID,
    course: str,
    completed_on: date | None,
    valid_until: date,
) -> None:
    """Record a user's training."""
    with _unit(data_folder) as session:
        training.record_training(
            session,
            user,
            course=course,
            completed_on=completed_on or date.today(),
            valid_until=valid_until,
        )
    console.say(f"The service lets them in until {valid_until}.")


def user_duty(data_folder: Path | None, user: UUID, duty: str, end: bool) -> None:
    """Give or end a duty."""
    with _unit(data_folder) as session:
        if end:
            training.end_duty(session, user, duty, last_day=date.today())
        else:
            training.give_duty(session, user, duty, since=date.today())
        held = training.duties_of(session, user, date.today())
    console.say(f"Duties of {user} today: {', '.join(held) or 'none'}.")


def user_list(data_folder: Path | None, as_json: bool) -> None:
    """List users and tokens."""
    with _unit(data_folder) as session:
        today = date.today()
        told = [
            _told(user, tokens)
            | {
                "trained_until": str(training.trained_until(session, user.id) or "") or None,
                "duties": training.duties_of(session, user.id, today),
            }
            for user, tokens in access.users(session)
        ]
    if as_json:
        console.print_json(told)
        return
    for one in told:
        said = [one["id"], one["role"], "of", one["society"] or "the unit", *one["duties"]]
        said.append(
            f"trained until {one['trained_until']}" if one["trained_until"] else "untrained"
        )
        _tell(" ".join([*said, *([] if one["active"] else ["closed"])]))
        for token in one["tokens"]:
            scopes = ", ".join(token["scopes"])
            _tell(f"  token {token['id']} until {token['expires_at']}: {scopes}")


def _tell(line: str) -> None:
    console.out.print(line, markup=False, highlight=False, soft_wrap=True)


def _told(user: User, tokens: list[ApiToken]) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "subject": user.subject,
        "society": user.society,
        "role": user.role,
        "active": user.active,
        "tokens": [
            {
                "id": str(token.id),
                "scopes": token.scopes,
                "expires_at": token.expires_at.isoformat(timespec="seconds"),
            }
            for token in tokens
        ],
    }


def token_new(
    data_folder: Path | None, user: UUID, out: Path, scopes: list[str] | None, days: int
) -> None:
    """Make a token."""
    if out.exists():
        raise OutputError(f"{out}: is there already; name a file that is not.")
    with _unit(data_folder) as session:
        wanted = scopes or access.scopes_of(session, user)
        token = access.new_token(
            session, user, scopes=wanted, expires_at=datetime.now(UTC) + timedelta(days=days)
        )
        # Inside the transaction: a token that could not be told is none.
        with written_whole(out, private=True) as aside:
            aside.write_text(f"{token}\n", encoding="ascii")
    console.say(f"{out}: a token for {days} days. Give it to its owner by a safe way alone.")


def token_revoke(data_folder: Path | None, token: UUID) -> None:
    """Revoke a token."""
    with _unit(data_folder) as session:
        access.revoke_token(session, token, at=datetime.now(UTC))
    console.say("The token opens nothing any more, within seconds.")


def agreement_admit(data_folder: Path | None, path: Path) -> None:
    """Take an agreement in."""
    agreement = Agreement.read(path)
    settings = Settings.load(data_folder=data_folder)
    said = Admission(agreement=agreement.model_dump(mode="json"))
    with open_store(settings, None) as store:
        enter(store, Journal(settings.protection_journal), said, on=date.today())
    console.say(
        f"Agreement {agreement.agreement_id} is in force here as {agreement.digest}, between "
        f"{', '.join(agreement.parties)}."
    )


def emblem() -> None:
    """Print the emblem."""
    made = Emblem.from_settings(Settings.load())
    if made is None:
        console.say("The emblem is off: set KINMATCH_EMBLEM_KEY_FILE, _ISSUER and _ASSETS.")
        return
    token = made.token(datetime.now(UTC))
    console.print_json({"key": made.key_identifier, "jwk": made.public_jwk, "token": token})
