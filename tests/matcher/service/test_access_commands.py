"""The operator's commands: agreements admitted, users and tokens made and ended."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people import ONE, draw_agreement

from matcher.store import Store, access


@pytest.fixture
def kinmatch(store: Store) -> object:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "matcher.cli", *arguments]
        environment = {**os.environ, "KINMATCH_DATA_FOLDER": str(store.folder)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)

    return run


def test_users_and_tokens_from_the_command_line(
    store: Store, kinmatch: object, tmp_path: Path
) -> None:
    assert callable(kinmatch)
    file = tmp_path / "agreement.toml"
    draw_agreement().write(file)
    assert kinmatch("agreement", "admit", str(file)).returncode == 0
    added = kinmatch("user", "add", "anna", "--role", "tracing-officer", "--society", ONE)
    assert added.returncode == 0, added.stderr
    user = added.stdout.strip()
    place = tmp_path / "token"
    made = kinmatch("token", "new", user, "--out", str(place), "--scope", "batches")
    assert made.returncode == 0, made.stderr
    token = place.read_text().strip()
    assert token not in made.stdout + made.stderr
    assert place.stat().st_mode & 0o077 == 0
    with store.as_unit() as session:
        found = access.holder_of(session, token, at=datetime.now(UTC))
        assert found is not None
        assert (str(found[0].id), found[1].scopes) == (user, ["batches"])
        key = str(found[1].id)
    (listed,) = json.loads(kinmatch("user", "list", "--json").stdout)
    assert (listed["id"], [one["id"] for one in listed["tokens"]]) == (user, [key])
    assert {user, key} <= set(kinmatch("user", "list").stdout.split())
    again = kinmatch("token", "new", user, "--out", str(place))
    assert (again.returncode, "already" in again.stderr) == (2, True)
    assert kinmatch("token", "revoke", key).returncode == 0
    assert kinmatch("user", "close", user).returncode == 0
    with store.as_unit() as session:
        assert access.holder_of(session, token, at=datetime.now(UTC)) is None
    nobody = kinmatch("token", "revoke", "00000000-0000-4000-8000-000000000000")
    assert nobody.returncode == 2
