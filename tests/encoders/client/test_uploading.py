"""Uploads that are cut anywhere go on, and arrive whole."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from cutting import BATCH, TOKEN, Answer, Holding, problem, serving

from encoders.client import uploading
from encoders.client.generated import Operations
from encoders.client.transport import HttpTransport
from encoders.client.uploading import upload, verdict_on
from matcher.formats.errors import EnvelopeError, ServiceError


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "PART_BYTES", 7_000)


def operations(address: str, tries: int = 4) -> Operations:
    return Operations(HttpTransport(address, TOKEN, tries=tries, wait=lambda _: None))


def test_it_arrives_whole(envelope: Path) -> None:
    holding, seen = Holding(), []
    with serving(holding) as address:
        batch = upload(operations(address), envelope, advance=seen.append)
    assert batch.id == BATCH
    assert batch.state == "validating"
    assert holding.content == envelope.read_bytes()
    assert seen == sorted(seen)
    assert seen[-1] == envelope.stat().st_size
    assert holding.tokens == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("seed", range(6))
def test_cut_at_random_it_goes_on_by_itself(envelope: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's
    holding = Holding()

    def mishap(_method: str, _path: str) -> Answer | str | None:
        return chance.choice(["cut", "deaf", problem(503, "unavailable"), None, None])

    with serving(holding, mishap) as address:
        upload(operations(address, tries=50), envelope)
    assert holding.content == envelope.read_bytes()
    assert holding.state == "validating"


@pytest.mark.parametrize("fails_at", range(1, 17, 3))
def test_the_same_command_again_sends_what_is_missing_alone(envelope: Path, fails_at: int) -> None:
    holding = Holding()

    def mishap(_method: str, _path: str) -> str | None:
        return "cut" if len(holding.requests) > fails_at else None

    with serving(holding, mishap) as address, pytest.raises(ServiceError):
        upload(operations(address, tries=1), envelope)
    before = {one for one in holding.requests[:-1] if one.startswith("PUT")}
    assert set(holding.parts) == {int(one.rsplit("/", 1)[1]) for one in before}
    holding.requests.clear()
    with serving(holding) as address:
        upload(operations(address), envelope)
    assert not before & set(holding.requests)
    assert holding.content == envelope.read_bytes()


_KILLED = """
import sys
from pathlib import Path
from encoders.client import uploading
from encoders.client.generated import Operations
from encoders.client.transport import HttpTransport
uploading.PART_BYTES = 7_000
uploading.upload(Operations(HttpTransport(sys.argv[1], "x", tries=1)), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("at", [1, 5, 11])
def test_killed_while_it_sends_another_process_goes_on(envelope: Path, at: int) -> None:
    holding, started = Holding(), []

    def mishap(_method: str, _path: str) -> None:
        if len(holding.requests) > at:
            started[0].kill()

    with serving(holding, mishap) as address:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", _KILLED, address, str(envelope)], stderr=subprocess.DEVNULL
            )
        )
        assert started[0].wait(60) == -9
    with serving(holding) as address:
        upload(operations(address), envelope)
    assert holding.content == envelope.read_bytes()


def test_what_was_sent_before_is_not_sent_again(envelope: Path) -> None:
    holding = Holding()
    with serving(holding) as address:
        upload(operations(address), envelope)
        holding.requests.clear()
        assert upload(operations(address), envelope).state == "validating"
    assert holding.requests == ["POST /v1/batches"]


def test_accepted_before_it_was_heard_that_all_had_arrived(envelope: Path) -> None:
    holding = Holding()

    def mishap(_method: str, path: str) -> Answer | str | None:
        if not path.endswith("/finish"):
            return None
        if holding.state == "receiving":
            return "deaf"
        holding.state = "accepted"
        return problem(409, "state")

    with serving(holding, mishap) as address:
        assert upload(operations(address), envelope).state == "accepted"


def test_parts_that_are_missing_are_not_taken_for_done(envelope: Path) -> None:
    holding = Holding()

    def mishap(_method: str, path: str) -> Answer | None:
        return problem(409, "state") if path.endswith("/finish") else None

    with serving(holding, mishap) as address, pytest.raises(ServiceError, match="state"):
        upload(operations(address), envelope)


def test_what_is_no_envelope_is_not_sent(tmp_path: Path) -> None:
    holding, path = Holding(), tmp_path / "file"
    path.write_bytes(b"no envelope")
    with serving(holding) as address, pytest.raises(EnvelopeError):
        upload(operations(address), path)
    assert holding.requests == []


@pytest.mark.parametrize("state", ["accepted", "refused"])
def test_the_verdict_is_waited_for(state: str, envelope: Path) -> None:
    holding = Holding()
    with serving(holding) as address:
        client = operations(address)
        batch = upload(client, envelope).id
        waited = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:
                holding.state = state

        assert verdict_on(client, batch, patience=60, wait=wait).state == state
        assert waited == [0.25, 0.5, 1.0]


def test_patience_ends(envelope: Path) -> None:
    with serving(Holding()) as address:
        client = operations(address)
        batch = upload(client, envelope).id
        assert verdict_on(client, batch, patience=5, wait=lambda _: None).state == "validating"
