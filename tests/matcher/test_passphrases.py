"""Passphrases: from the keyring where there is one, tried once more, never shown."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordDeleteError

from matcher.cli import console
from matcher.cli.passphrases import Passphrases, passphrase_forget, passphrase_remember
from matcher.formats.errors import KeyFileError, OutputError, ParameterError
from matcher.formats.identity import Identity
from matcher.formats.secretfile import seal_id
from matcher.vault import StoreKeys

WORDS = "kept in the ring"


class InMemory(KeyringBackend):
    """A keyring that forgets everything with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Give a password."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring() -> Iterator[InMemory]:
    before, ring = keyring.get_keyring(), InMemory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "identity.json"
    Identity.generate("red-one").seal(path, WORDS)
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the person types, in order."""
    typed: list[str] = []
    monkeypatch.setattr(console, "read_passphrase", lambda *_, **__: typed.pop(0))
    return typed


def open_it(path: Path, descriptor: int | None = None) -> Identity:
    return Passphrases(descriptor).open(path, lambda words: Identity.open(path, words))


def test_what_the_ring_remembers_is_not_asked(
    ring: InMemory, sealed: Path, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked.append(WORDS)
    passphrase_remember(sealed)
    assert ring.kept == {("kinmatch", seal_id(sealed)): WORDS}
    assert open_it(sealed).public.name == "red-one"
    passphrase_forget(sealed)
    assert not ring.kept
    with pytest.raises(ParameterError, match="has no passphrase"):
        passphrase_forget(sealed)
    asked.append(WORDS)
    open_it(sealed)
    assert not asked
    said = capsys.readouterr()
    assert WORDS not in said.out + said.err


def test_a_wrong_passphrase_is_not_remembered(
    ring: InMemory, sealed: Path, asked: list[str]
) -> None:
    asked.append("wrong")
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        passphrase_remember(sealed)
    assert not ring.kept


def test_a_ring_that_remembers_wrongly(ring: InMemory, sealed: Path, asked: list[str]) -> None:
    ring.kept["kinmatch", seal_id(sealed)] = "old"
    asked.append(WORDS)
    assert open_it(sealed).public.name == "red-one"


def test_without_a_ring(sealed: Path, asked: list[str]) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    try:
        asked += [WORDS, WORDS]
        assert open_it(sealed).public.name == "red-one"
        with pytest.raises(OutputError, match="no keyring"):
            passphrase_remember(sealed)
    finally:
        keyring.set_keyring(before)


def test_a_descriptor_goes_before_the_ring(ring: InMemory, sealed: Path, asked: list[str]) -> None:
    ring.kept["kinmatch", seal_id(sealed)] = WORDS
    asked.append("wrong")
    with pytest.raises(KeyFileError):
        open_it(sealed, descriptor=9)


def test_one_passphrase_is_tried_on_the_next_file(
    sealed: Path, tmp_path: Path, asked: list[str]
) -> None:
    StoreKeys.new(tmp_path / "same.json", WORDS)
    StoreKeys.new(tmp_path / "other.json", "other")
    passphrases = Passphrases(9)
    asked += [WORDS, "other"]
    passphrases.open(sealed, lambda words: Identity.open(sealed, words))
    assert passphrases.last == WORDS
    for name in ("same.json", "other.json"):
        path = tmp_path / name
        passphrases.open(path, lambda words, path=path: StoreKeys.open(path, words))  # type: ignore[misc]
    assert not asked
    assert WORDS not in repr(passphrases)


def test_store_keys_can_be_remembered(ring: InMemory, tmp_path: Path, asked: list[str]) -> None:
    path = tmp_path / "store-keys.json"
    StoreKeys.new(path, WORDS)
    asked.append(WORDS)
    passphrase_remember(path)
    assert WORDS in ring.kept.values()


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"header": {"format": "x"}}'])
def test_no_sealed_file(ring: InMemory, tmp_path: Path, asked: list[str], content: str) -> None:
    (tmp_path / "none").write_text(content)
    asked.append(WORDS)
    with pytest.raises(KeyFileError):
        passphrase_remember(tmp_path / "none")
