"""Keys: what they are derived from, and that a key file opens for nobody else."""

import copy
import hashlib
import hmac
import json
import pickle
import stat
import traceback
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from encoders.keys import USES, Keys
from matcher.formats import secretfile
from matcher.formats.agreement import Agreement
from matcher.formats.errors import KeyFileError, MismatchError, OutputError, ParameterError
from matcher.formats.scheme import Scheme

WORDS = "caf\u00e9 under the canary tree"
FIRST = "one"

DrawUp = Callable[..., Agreement]


@pytest.fixture(scope="module")
def sealed(draw_up: DrawUp, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A key file, and a key that was derived before it was sealed."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    keys = Keys.generate(draw_up())
    keys.seal(path, WORDS)
    return path, keys.derive("bits")


def test_what_is_sealed_is_opened(draw_up: DrawUp, sealed: tuple[Path, bytes]) -> None:
    path, derived = sealed
    assert Keys.open(path, WORDS, draw_up()).derive("bits") == derived


def test_one_letter_typed_in_two_ways_is_one_passphrase(
    draw_up: DrawUp, sealed: tuple[Path, bytes]
) -> None:
    path, derived = sealed
    combining = WORDS.replace("\u00e9", "e\u0301")
    assert Keys.open(path, combining, draw_up()).derive("bits") == derived


def test_the_file_is_for_its_owner_alone(sealed: tuple[Path, bytes]) -> None:
    assert stat.S_IMODE(sealed[0].stat().st_mode) == 0o600


@pytest.mark.parametrize("passphrase", ["", "wrong", WORDS + " "])
def test_a_wrong_passphrase(draw_up: DrawUp, sealed: tuple[Path, bytes], passphrase: str) -> None:
    with pytest.raises(KeyFileError, match="passphrase is wrong") as caught:
        Keys.open(sealed[0], passphrase, draw_up())
    assert WORDS not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("other", "values"),
    [
        ({"agreement_id": "cd" * 16}, ("ab" * 16, "cd" * 16)),
        ({"key_epoch": 7}, ("epoch 1", "epoch 7")),
    ],
)
def test_keys_of_another_agreement_or_epoch(
    draw_up: DrawUp, sealed: tuple[Path, bytes], other: dict[str, object], values: tuple[str, str]
) -> None:
    with pytest.raises(MismatchError) as caught:
        Keys.open(sealed[0], WORDS, draw_up(**other))  # type: ignore[arg-type]
    assert all(value in str(caught.value) for value in values)


def _refused(draw_up: DrawUp, path: Path) -> None:
    with pytest.raises((KeyFileError, MismatchError)) as caught:
        Keys.open(path, WORDS, draw_up())
    assert "canary" not in str(caught.value)


def test_no_byte_can_be_altered(
    draw_up: DrawUp, sealed: tuple[Path, bytes], tmp_path: Path
) -> None:
    content = sealed[0].read_bytes()
    altered = tmp_path / "altered.json"
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 1
        altered.write_bytes(changed)
        _refused(draw_up, altered)


@pytest.mark.parametrize("length", [0, 1, 100, -2, -1])
def test_cut_short(
    draw_up: DrawUp, sealed: tuple[Path, bytes], tmp_path: Path, length: int
) -> None:
    (tmp_path / "short.json").write_bytes(sealed[0].read_bytes()[:length])
    _refused(draw_up, tmp_path / "short.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_kib", 1 << 30),
        ("memory_kib", 8),
        ("iterations", 1 << 30),
        ("iterations", 0),
        ("lanes", 1 << 20),
        ("lanes", "4"),
        ("name", "scrypt"),
        ("salt", ""),
        ("salt", "00" * 64),
    ],
)
def test_a_hostile_cost_is_not_paid(
    draw_up: DrawUp, sealed: tuple[Path, bytes], tmp_path: Path, field: str, value: object
) -> None:
    envelope = json.loads(sealed[0].read_text(encoding="ascii"))
    envelope["header"]["kdf"][field] = value
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(envelope, indent=2) + "\n", encoding="ascii")
    with pytest.raises(KeyFileError, match="more work"):
        Keys.open(path, WORDS, draw_up())


def test_a_key_file_that_says_something_else_of_itself(
    draw_up: DrawUp, sealed: tuple[Path, bytes], tmp_path: Path
) -> None:
    envelope = json.loads(sealed[0].read_text(encoding="ascii"))
    path = tmp_path / "else.json"
    for about in ({}, {"agreement_id": "canary", "key_epoch": 1}, {"key_epoch": "canary"}):
        envelope["header"]["about"] = about
        path.write_text(json.dumps(envelope, indent=2) + "\n", encoding="ascii")
        _refused(draw_up, path)


def test_scrypt_where_argon2id_is_lacking(
    draw_up: DrawUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(**_: object) -> None:
        raise UnsupportedAlgorithm("no Argon2id")

    monkeypatch.setattr(secretfile, "Argon2id", lacking)
    keys = Keys.generate(draw_up())
    keys.seal(tmp_path / "keys.json", WORDS)
    text = (tmp_path / "keys.json").read_text(encoding="ascii")
    assert '"scrypt"' in text
    assert Keys.open(tmp_path / "keys.json", WORDS, draw_up()).check == keys.check
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        Keys.open(tmp_path / "keys.json", "wrong", draw_up())
    (tmp_path / "weak.json").write_text(text.replace('"log2_n": 17', '"log2_n": 14'))
    with pytest.raises(KeyFileError, match="passphrase is wrong, or the file was altered"):
        Keys.open(tmp_path / "weak.json", WORDS, draw_up())
    for hostile in (13, 21):
        (tmp_path / "cost.json").write_text(text.replace('"log2_n": 17', f'"log2_n": {hostile}'))
        with pytest.raises(KeyFileError, match="more work"):
            Keys.open(tmp_path / "cost.json", WORDS, draw_up())


def test_a_file_of_another_machine_that_needs_argon2id(
    draw_up: DrawUp, sealed: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(**_: object) -> None:
        raise UnsupportedAlgorithm("no Argon2id")

    monkeypatch.setattr(secretfile, "Argon2id", lacking)
    with pytest.raises(KeyFileError, match="OpenSSL lacks"):
        Keys.open(sealed[0], WORDS, draw_up())


@pytest.mark.usefixtures("_dear_seals")
def test_guessing_a_passphrase_is_dear(draw_up: DrawUp, tmp_path: Path) -> None:
    """As the second choice of RFC 9106, section 4, has it."""
    Keys.generate(draw_up()).seal(tmp_path / "keys.json", WORDS)
    cost = json.loads((tmp_path / "keys.json").read_text(encoding="ascii"))["header"]["kdf"]
    assert (cost["name"], cost["memory_kib"], cost["iterations"], cost["lanes"]) == (
        "argon2id", 64 * 1024, 3, 4
    )  # fmt: skip


@pytest.mark.usefixtures("_dear_seals")
def test_a_weaker_seal_can_not_be_pretended(draw_up: DrawUp, tmp_path: Path) -> None:
    """A file that is well-formed in every way, but whose header is not the sealed one."""
    path = tmp_path / "weaker.json"
    Keys.generate(draw_up()).seal(tmp_path / "keys.json", WORDS)
    text = (tmp_path / "keys.json").read_text(encoding="ascii")
    assert '"memory_kib": 65536' in text
    path.write_text(text.replace('"memory_kib": 65536', '"memory_kib": 8192'), encoding="ascii")
    with pytest.raises(KeyFileError, match="passphrase is wrong, or the file was altered"):
        Keys.open(path, WORDS, draw_up())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'{"header": 3}',
        b"[" * 4000,
        b"{" * 5000,
        b"\xff\xfe",
        b"record_id,given_name\n1,canary\n",
        b'{"header": {"format": "kinmatch-keys/2"}}',
    ],
)
def test_no_key_file_at_all(draw_up: DrawUp, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong").write_bytes(content)
    _refused(draw_up, tmp_path / "wrong")


def test_a_missing_file(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="can't be read"):
        Keys.open(tmp_path / "none", WORDS, draw_up())


def test_a_key_file_is_never_overwritten(draw_up: DrawUp, sealed: tuple[Path, bytes]) -> None:
    before = sealed[0].read_bytes()
    with pytest.raises(OutputError, match="lost for good"):
        Keys.generate(draw_up()).seal(sealed[0], WORDS)
    assert sealed[0].read_bytes() == before


def test_sealing_twice_gives_files_with_nothing_in_common(
    draw_up: DrawUp, sealed: tuple[Path, bytes], tmp_path: Path
) -> None:
    keys = Keys.open(sealed[0], WORDS, draw_up())
    keys.seal(tmp_path / "again.json", WORDS)
    first, again = (json.loads(p.read_text()) for p in (sealed[0], tmp_path / "again.json"))
    assert first["sealed"] != again["sealed"]
    assert first["header"]["nonce"] != again["header"]["nonce"]
    assert first["header"]["kdf"]["salt"] != again["header"]["kdf"]["salt"]


def test_an_empty_passphrase_seals_nothing(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="empty"):
        Keys.generate(draw_up()).seal(tmp_path / "keys.json", "")
    assert not list(tmp_path.iterdir())


def test_throwaway_keys_never_touch_the_disk(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="Throwaway"):
        Keys.throwaway(draw_up()).seal(tmp_path / "keys.json", WORDS)
    assert not list(tmp_path.iterdir())


def test_a_seed_gives_the_same_keys_again(draw_up: DrawUp) -> None:
    one, again, other = (Keys.throwaway(draw_up(), seed).derive("bits") for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert Keys.throwaway(draw_up()).derive("bits") != Keys.throwaway(draw_up()).derive("bits")


def test_generated_keys_differ(draw_up: DrawUp) -> None:
    assert Keys.generate(draw_up()).derive("bits") != Keys.generate(draw_up()).derive("bits")


def test_every_name_has_a_key_of_its_own(draw_up: DrawUp, tiny_scheme: Scheme) -> None:
    # ("a", "bc") and ("ab", "c") would be one string if fields were simply joined.
    names = list(product(USES, ["", "a", "ab"], ["", "c", "bc"]))
    sets = [
        draw_up(),
        draw_up(key_epoch=2),
        draw_up(agreement_id="0" * 32),
        draw_up(scheme=tiny_scheme.model_copy(update={"version": 2})),
    ]
    derived = {
        Keys.throwaway(under, 1).derive(use, pass_name=pass_name, attribute=attribute)
        for under in sets
        for use, pass_name, attribute in names
    }
    assert len(derived) == len(sets) * len(names)


def test_derivation_is_rfc_5869_under_the_documented_info_string(draw_up: DrawUp) -> None:
    root = hashlib.sha256(b"kinmatch throwaway root 1: 5").digest()
    fields = (b"kinmatch-keys/1", b"ab" * 16, b"1", b"tiny/1", FIRST.encode(), b"name", b"bits")
    info = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    pseudorandom = hmac.digest(bytes(32), root, "sha256")
    first = hmac.digest(pseudorandom, info + b"\x01", "sha256")
    second = hmac.digest(pseudorandom, first + info + b"\x02", "sha256")
    keys = Keys.throwaway(draw_up(), 5)
    assert keys.derive("bits", pass_name=FIRST, attribute="name") == first
    assert keys.derive("bits", pass_name=FIRST, attribute="name", length=40) == (first + second[:8])


@pytest.mark.parametrize("length", [0, -1, 8161])
def test_a_length_out_of_range(draw_up: DrawUp, length: int) -> None:
    with pytest.raises(ParameterError, match="8160"):
        Keys.throwaway(draw_up()).derive("bits", length=length)


def test_an_unknown_use(draw_up: DrawUp) -> None:
    with pytest.raises(ParameterError, match="diffusion"):
        Keys.throwaway(draw_up()).derive("anything")


def test_keys_show_and_give_away_nothing(draw_up: DrawUp) -> None:
    keys = Keys.throwaway(draw_up(), 1)
    assert repr(keys) == f"Keys(agreement {'ab' * 16}, epoch 1)"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ParameterError):
            leak(keys)  # type: ignore[operator]  # three functions of one argument


def test_wiped_keys_derive_nothing(draw_up: DrawUp) -> None:
    keys = Keys.throwaway(draw_up(), 1)
    keys.wipe()
    with pytest.raises(ParameterError, match="wiped"):
        keys.derive("bits")
