"""Identities: what is sealed opens, what is signed is whose it is, what is wrapped is for one."""

import copy
import json
import pickle
import stat
from pathlib import Path

import pytest

from matcher.formats.errors import (
    InputError,
    IntegrityError,
    KeyFileError,
    OutputError,
    ParameterError,
)
from matcher.formats.identity import (
    WRAPPED_KEY_BYTES,
    Identity,
    PublicIdentity,
    public_identity_in,
    wrap_to,
)
from matcher.formats.secret import Secret

WORDS = "said by one person"
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def one() -> Identity:
    return Identity.generate("red-one")


@pytest.fixture(scope="module")
def sealed(one: Identity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "one.identity"
    one.seal(path, WORDS)
    return path


def test_what_is_sealed_is_opened(one: Identity, sealed: Path) -> None:
    opened = Identity.open(sealed, WORDS)
    assert opened.public == one.public
    assert one.public.has_signed("kind/1", b"message", opened.sign("kind/1", b"message"))
    assert public_identity_in(sealed) == one.public
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    with pytest.raises(OutputError, match="lost for good"):
        one.seal(sealed, WORDS)


def test_a_public_key_in_a_sealed_file_can_not_be_exchanged(
    one: Identity, sealed: Path, tmp_path: Path
) -> None:
    """It may be shown unopened, so it is shown wrongly then; but whoever opens it notices."""
    path = tmp_path / "altered"
    other = Identity.generate("red-one").public
    path.write_text(sealed.read_text().replace(one.public.signing, other.signing))
    assert public_identity_in(path) != one.public
    with pytest.raises(KeyFileError, match="altered"):
        Identity.open(path, WORDS)


def test_a_public_identity_is_a_file(one: Identity, tmp_path: Path) -> None:
    one.public.write(tmp_path / "public.json")
    assert PublicIdentity.read(tmp_path / "public.json") == one.public


@pytest.mark.parametrize(
    "content", [b"", b"null", b'"Canary"', b"{}", b"\xff", b"[" * 5000, b'{"name": "Canary"}']
)
def test_no_public_identity(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none").write_bytes(content)
    with pytest.raises(InputError) as caught:
        PublicIdentity.read(tmp_path / "none")
    assert "Canary" not in str(caught.value).removeprefix(str(tmp_path))
    with pytest.raises(InputError):
        PublicIdentity.read(tmp_path / "missing")


@pytest.mark.parametrize("name", ["", "Red One", "red_one", "r" * 65, "red-one\n"])
def test_a_name_is_a_name(name: str) -> None:
    with pytest.raises(ParameterError, match="A name must be"):
        Identity.generate(name)


def test_the_fingerprint_tells_keys_and_names_apart(one: Identity) -> None:
    public = one.public
    others = [
        Identity.generate("red-one").public,
        public.model_copy(update={"name": "red-two"}),
        public.model_copy(update={"signing": public.exchange, "exchange": public.signing}),
    ]
    prints = {found.fingerprint for found in (public, *others)}
    assert len(prints) == 4
    assert all(len(found) == 35 and found.replace(" ", "").isdecimal() for found in prints)


def test_the_fingerprint_is_for_good() -> None:
    public = PublicIdentity(name="red-one", signing="12" * 32, exchange="ab" * 32)
    assert public.fingerprint == "37475 92385 47641 28972 16111 69354"


def test_a_signature_is_of_one_message_kind_and_signer(one: Identity) -> None:
    signature = one.sign("kind/1", b"message")
    assert one.public.has_signed("kind/1", b"message", signature)
    assert not one.public.has_signed("kind/2", b"message", signature)
    assert not one.public.has_signed("kind/1", b"massage", signature)
    assert not one.public.has_signed("kind/1", b"message", signature[:-1])
    assert not one.public.has_signed("kind/1", b"message", b"")
    assert not Identity.generate("red-one").public.has_signed("kind/1", b"message", signature)


def test_a_wrapped_key_is_for_one_party_and_purpose(one: Identity) -> None:
    wrapped = one.public.wrap(Secret(KEY), b"purpose")
    assert len(wrapped) == WRAPPED_KEY_BYTES
    assert one.unwrap(wrapped, b"purpose") == Secret(KEY)
    assert one.public.wrap(Secret(KEY), b"purpose") != wrapped
    for who, content, purpose in (
        (one, wrapped, b"other"),
        (one, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"purpose"),
        (one, wrapped[:-1], b"purpose"),
        (one, b"", b"purpose"),
        (Identity.generate("red-one"), wrapped, b"purpose"),
    ):
        with pytest.raises(IntegrityError, match="does not open"):
            who.unwrap(content, purpose)


def test_a_public_key_that_keeps_nothing_secret() -> None:
    """Points of small order, with which everybody agrees on the same."""
    for point in (bytes(32), bytes([1]) + bytes(31)):
        with pytest.raises(ParameterError, match="keeps nothing secret"):
            wrap_to(point.hex(), Secret(KEY), b"purpose")


def test_an_identity_gives_nothing_away(one: Identity, sealed: Path) -> None:
    assert repr(one) == "Identity(red-one)"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ParameterError):
            leak(one)  # type: ignore[operator]  # three functions of one argument
    about = json.loads(sealed.read_text())["header"]["about"]
    assert set(about) == {"name", "signing", "exchange"}
