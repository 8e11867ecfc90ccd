"""Requests over bad connections: what is tried again, for how long, and what never is."""

import random
from pathlib import Path

import pytest
from cutting import TOKEN, Answer, Holding, problem, serving

from encoders.client.connection import Connection, read_token
from encoders.client.transport import UNREACHABLE, HttpTransport
from matcher.formats.errors import InputError, ParameterError, ServiceError


class Waits(list[float]):
    """Notes how long was waited, and waits not at all."""

    def __call__(self, seconds: float) -> None:
        """Wait."""
        self.append(seconds)


def sent(address: str, waits: Waits, tries: int = 4) -> bytes:
    chance = random.Random(1)  # noqa: S311 - jitter that repeats
    with HttpTransport(address, TOKEN, tries=tries, wait=waits, chance=chance) as transport:
        return transport.send("GET", "/v1/batches/x")


def failing(times: int, how: Answer | str) -> tuple[list[int], object]:
    left = [times]

    def mishap(_method: str, _path: str) -> Answer | str | None:
        left[0] -= 1
        return how if left[0] >= 0 else None

    return left, mishap


@pytest.mark.parametrize(
    "how",
    [
        "cut",
        "deaf",
        problem(503, "unavailable"),
        problem(429, "too-many-requests"),
        problem(507, "no-room"),
        (502, {}, b"<html>a proxy's</html>"),
    ],
)
def test_what_fails_for_now_is_tried_again(how: Answer | str) -> None:
    waits = Waits()
    _, mishap = failing(3, how)
    with serving(Holding(), mishap) as address:
        assert b"validating" not in sent(address, waits)
    assert len(waits) == 3
    for failures, seconds in enumerate(waits):
        assert 0 <= seconds <= 0.5 * 2**failures


@pytest.mark.parametrize("how", ["cut", problem(503, "unavailable")])
def test_after_all_tries_it_is_told_that_it_may_pass_later(how: Answer | str) -> None:
    waits = Waits()
    _, mishap = failing(99, how)
    with serving(Holding(), mishap) as address, pytest.raises(ServiceError) as refused:
        sent(address, waits)
    assert len(waits) == 3
    assert refused.value.retry_after is not None
    assert refused.value.code in {UNREACHABLE, "unavailable"}
    assert TOKEN not in str(refused.value)


def test_the_service_says_how_long_to_wait() -> None:
    waits = Waits()
    _, mishap = failing(2, problem(429, "too-many-requests", Retry_After="7"))
    with serving(Holding(), mishap) as address:
        sent(address, waits)
    assert all(7 <= seconds <= 7.5 for seconds in waits)


def test_a_date_to_come_back_at_is_read() -> None:
    waits = Waits()
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    _, mishap = failing(1, problem(503, "unavailable", Retry_After=past))
    with serving(Holding(), mishap) as address:
        sent(address, waits)
    assert 0 <= waits[0] <= 0.5


@pytest.mark.parametrize(
    "how",
    [
        problem(401, "unauthenticated"),
        problem(404, "not-found"),
        problem(409, "state"),
        problem(409, "gate"),
        problem(422, "invalid-request"),
        (404, {}, b"a proxy's"),
        (302, {"Location": "http://127.0.0.1:9/"}, b""),
    ],
)
def test_a_refusal_is_told_at_once(how: Answer) -> None:
    waits = Waits()
    _, mishap = failing(1, how)
    with serving(Holding(), mishap) as address, pytest.raises(ServiceError) as refused:
        sent(address, waits)
    assert waits == []
    assert refused.value.retry_after is None


def test_a_quota_is_not_waited_for() -> None:
    waits = Waits()
    _, mishap = failing(9, problem(429, "quota", Retry_After="3600"))
    with serving(Holding(), mishap) as address, pytest.raises(ServiceError) as refused:
        sent(address, waits)
    assert waits == []
    assert refused.value.retry_after == 3600


def test_nobody_there() -> None:
    with serving(Holding()) as address:
        pass
    with pytest.raises(ServiceError) as refused:
        sent(address, Waits(), tries=2)
    assert refused.value.code == UNREACHABLE


@pytest.mark.parametrize(
    "address",
    [
        "http://linkage.example.org",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "linkage.example.org",
        "https://",
        "https://user:secret@linkage.example.org",
        "https://linkage.example.org/?a=b",
    ],
)
def test_a_token_goes_nowhere_in_the_open(address: str) -> None:
    with pytest.raises(ParameterError) as refused:
        HttpTransport(address, TOKEN)
    assert "secret" not in str(refused.value)


def test_authorities_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    for authorities in (path, tmp_path / "missing"):
        with pytest.raises(InputError, match="authorities"):
            HttpTransport("https://linkage.example.org", TOKEN, authorities=authorities)


def test_a_token_that_others_can_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    assert read_token(path) == TOKEN
    path.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        read_token(path)


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", b"a\nb", b"a\x00b"])
def test_a_file_that_holds_no_token(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError) as refused:
        read_token(path)
    assert "words" not in str(refused.value)


def test_settings_are_read_as_seen_from_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "society.toml"
    path.write_text('service = "https://linkage.example.org"\ntoken_file = "token"\n')
    assert Connection.read(path).token_file == tmp_path / "token"
    path.write_text('service = "https://linkage.example.org"\ntoken = "kinmatch_in-the-open"\n')
    with pytest.raises(InputError) as refused:
        Connection.read(path)
    assert "open" not in str(refused.value)
