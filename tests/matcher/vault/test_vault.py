"""The store at rest: what is put is read, in part and as a whole, and destroyed for good."""

import io
import multiprocessing
import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.formats.chunks import CHUNK_BYTES
from matcher.formats.errors import (
    InputError,
    IntegrityError,
    KeyFileError,
    OutputError,
    ParameterError,
)
from matcher.vault import StoreKeys, Vault

WORDS = "kept outside the store"
CANARY = b"canary under glass "


@pytest.fixture(scope="module")
def sealed_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of keys, made once: sealing it costs what guessing its passphrase costs."""
    path = tmp_path_factory.mktemp("sealed") / "keys.json"
    StoreKeys.new(path, WORDS)
    return path


@pytest.fixture
def vault(sealed_keys: Path, tmp_path: Path) -> Vault:
    shutil.copy(sealed_keys, tmp_path / "keys.json")
    return Vault(tmp_path / "store", StoreKeys.open(tmp_path / "keys.json", WORDS))


def content(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_read(vault: Vault, size: int) -> None:
    vault.put("one", io.BytesIO(content(size)))
    with vault.open("one") as file:
        assert file.read() == content(size)
        assert file.read() == b""


def test_a_source_that_gives_little_at_a_time(vault: Vault) -> None:
    """As a pipe or a socket does."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as sink:
        sink.write(content(40_000))
    with os.fdopen(reading, "rb", buffering=0) as source:
        vault.put("one", source)
    assert vault.open("one").read() == content(40_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(places=st.lists(st.tuples(st.integers(0, 210_000), st.integers(0, 150_000)), min_size=1))
def test_any_part_is_read(vault: Vault, places: list[tuple[int, int]]) -> None:
    if "one" not in vault.names():
        vault.put("one", io.BytesIO(content(200_000)))
    with vault.open("one") as file:
        for at, length in places:
            file.seek(at)
            assert file.read(length) == content(200_000)[at : at + length]


def test_row_groups_are_read_without_the_rest(vault: Vault, tmp_path: Path) -> None:
    table = pa.table({"n": range(100_000), "bits": [CANARY] * 100_000})
    pq.write_table(table, tmp_path / "plain.parquet", row_group_size=10_000, compression="none")
    vault.put("batch-1.parquet", tmp_path / "plain.parquet")
    (stored,) = vault.folder.iterdir()
    assert CANARY not in stored.read_bytes()
    # Far from the group that is read, a byte is altered: it is never looked at.
    altered = bytearray(stored.read_bytes())
    altered[100_000] ^= 1
    stored.write_bytes(altered)
    with vault.open("batch-1.parquet") as file:
        group = pq.ParquetFile(file).read_row_group(9, columns=["n"])
    assert group.column("n").to_pylist() == list(range(90_000, 100_000))
    with vault.open("batch-1.parquet") as file, pytest.raises(IntegrityError, match="altered"):
        pq.ParquetFile(file).read()


def test_any_altered_byte_is_noticed(vault: Vault) -> None:
    """Of the small file every byte, magic and size included."""
    vault.put("one", io.BytesIO(CANARY))
    (stored,) = vault.folder.iterdir()
    whole = stored.read_bytes()
    changes = [
        *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))),
        *(whole[:length] for length in range(len(whole))),
        whole + b"\0",
    ]
    for changed in changes:
        stored.write_bytes(changed)
        with pytest.raises(IntegrityError), vault.open("one") as file:
            file.read()


@pytest.mark.parametrize("change", ["swapped", "doubled", "cut"])
def test_chunks_stay_where_they_are(vault: Vault, change: str) -> None:
    vault.put("one", io.BytesIO(content(3 * CHUNK_BYTES)))
    (stored,) = vault.folder.iterdir()
    whole = stored.read_bytes()
    step = CHUNK_BYTES + 16
    start = len(whole) - 3 * step
    one, two, three = (whole[start + i * step :][:step] for i in range(3))
    size = {"cut": 2 * CHUNK_BYTES}.get(change, 3 * CHUNK_BYTES).to_bytes(8, "big")
    # A size of nothing is a lie too.
    stored.write_bytes(whole[: start - 8] + bytes(8) + whole[-16:])
    with pytest.raises(IntegrityError):
        vault.open("one")
    order = {"swapped": two + one + three, "doubled": one + one + three, "cut": one + two}[change]
    stored.write_bytes(whole[: start - 8] + size + order)
    with pytest.raises(IntegrityError), vault.open("one") as file:
        file.read()


def test_two_files_that_changed_names_do_not_open(vault: Vault) -> None:
    for name in ("one", "two"):
        vault.put(name, io.BytesIO(CANARY))
    one, two = (vault.folder / f"{name}.stored" for name in ("one", "two"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    for name in ("one", "two"):
        with pytest.raises(IntegrityError), vault.open(name) as file:
            file.read()


def test_what_was_destroyed_is_in_no_backup(vault: Vault, tmp_path: Path) -> None:
    """With the backup of the store, the keys as they are now and the passphrase, nothing opens."""
    for name in ("kept", "gone"):
        vault.put(name, io.BytesIO(CANARY))
    shutil.copytree(vault.folder, tmp_path / "backup")
    vault.destroy("gone")
    vault.destroy("gone")
    assert vault.names() == ["kept"]
    assert [path.name for path in vault.folder.iterdir()] == ["kept.stored"]
    restored = Vault(tmp_path / "backup", StoreKeys.open(tmp_path / "keys.json", WORDS))
    assert restored.open("kept").read() == CANARY
    with pytest.raises(ParameterError, match="destroyed"):
        restored.open("gone")
    # Nor does its ciphertext open under a key that is left.
    shutil.copy(tmp_path / "backup" / "gone.stored", tmp_path / "backup" / "kept.stored")
    with pytest.raises(IntegrityError):
        restored.open("kept").read()


def test_a_name_can_be_used_again_under_another_key(vault: Vault) -> None:
    vault.put("one", io.BytesIO(CANARY))
    before = (vault.folder / "one.stored").read_bytes()
    vault.destroy("one")
    vault.put("one", io.BytesIO(CANARY))
    assert (vault.folder / "one.stored").read_bytes() != before


def test_the_store_holds_no_key(vault: Vault) -> None:
    vault.put("one", io.BytesIO(CANARY))
    assert [path.name for path in vault.folder.iterdir()] == ["one.stored"]
    with pytest.raises(ParameterError, match="must not lie in the store"):
        Vault(vault.folder.parent, StoreKeys.open(vault.folder.parent / "keys.json", WORDS))


def test_files_are_never_replaced(vault: Vault) -> None:
    vault.put("one", io.BytesIO(CANARY))
    with pytest.raises(ParameterError, match="already"):
        vault.put("one", io.BytesIO(b"other"))
    assert vault.open("one").read() == CANARY


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../one", "One", "a/b", "a" * 129, "\u00e9", "a\n"]
)
def test_a_name_is_a_name(vault: Vault, name: str) -> None:
    (vault.folder.parent / "one.stored").write_bytes(b"not of the store")
    with pytest.raises(ParameterError, match="name in the store"):
        vault.put(name, io.BytesIO(CANARY))
    with pytest.raises(ParameterError, match="name in the store"):
        vault.destroy(name)
    assert (vault.folder.parent / "one.stored").exists()
    assert not list(vault.folder.iterdir())


class Failing(io.BytesIO):
    """A source that breaks off in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, until it breaks off."""
        if self.tell() > 100_000:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_what_breaks_off_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        vault.put("one", Failing(content(200_000)))
    with pytest.raises(InputError):
        vault.put("one", tmp_path / "none")
    assert not list(vault.folder.iterdir())
    assert vault.names() == []


def test_a_file_that_is_gone(vault: Vault) -> None:
    vault.put("one", io.BytesIO(CANARY))
    (vault.folder / "one.stored").unlink()
    with pytest.raises(IntegrityError, match="taken away"):
        vault.open("one")


def test_rewrapping_changes_the_passphrase_and_no_content(vault: Vault, tmp_path: Path) -> None:
    vault.put("one", io.BytesIO(CANARY))
    path = tmp_path / "keys.json"
    other = Vault(vault.folder, StoreKeys.open(path, WORDS))
    stored = (vault.folder / "one.stored").read_bytes()
    vault.rewrap("other words")
    assert vault.open("one").read() == CANARY
    assert (vault.folder / "one.stored").read_bytes() == stored
    with pytest.raises(KeyFileError, match="passphrase"):
        StoreKeys.open(path, WORDS)
    assert StoreKeys.open(path, "other words").names() == ["one"]
    for act in (
        lambda: other.open("one"),
        lambda: other.put("two", io.BytesIO(CANARY)),  # its key would be lost
        lambda: other.rewrap("third words"),
    ):
        with pytest.raises(IntegrityError, match="rewrapped"):
            act()
    vault.put("two", io.BytesIO(CANARY))
    other.destroy("one")  # takes no key
    assert vault.names() == ["two"]


def test_keys_are_for_their_owner_alone_and_never_overwritten(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    vault.put("one", io.BytesIO(CANARY))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((vault.folder / "one.stored").stat().st_mode) == 0o600
    with pytest.raises(OutputError, match="lost for good"):
        StoreKeys.new(path, WORDS)
    assert WORDS not in path.read_text()
    assert "Secret" not in repr(vault)


@pytest.mark.parametrize("content", ["", "{}", "null", '{"data_keys": {}}', '{"header": 1}'])
def test_no_file_of_keys(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(KeyFileError):
        StoreKeys.open(tmp_path / "keys.json", WORDS)


def test_a_wrapped_key_that_was_altered(vault: Vault, tmp_path: Path) -> None:
    vault.put("one", io.BytesIO(CANARY))
    path = tmp_path / "keys.json"
    text = path.read_text()
    at = text.index('"one": "') + 8
    for place in (at, at + 40, at + 119):
        changed = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        path.write_text(changed)
        with pytest.raises(IntegrityError):
            vault.open("one")


def _put_some(folder: Path, keys: Path, begin: int) -> None:
    vault = Vault(folder, StoreKeys.open(keys, WORDS))
    for number in range(begin, begin + 10):
        vault.put(f"file-{number}", io.BytesIO(str(number).encode()))
        vault.destroy(f"old-{number}")


def test_processes_share_a_store(vault: Vault, tmp_path: Path) -> None:
    for number in range(30):
        vault.put(f"old-{number}", io.BytesIO(CANARY))
    context = multiprocessing.get_context("spawn")
    at_work = [
        context.Process(target=_put_some, args=(vault.folder, tmp_path / "keys.json", begin))
        for begin in (0, 10, 20)
    ]
    for process in at_work:
        process.start()
    for process in at_work:
        process.join()
        assert process.exitcode == 0
    assert vault.names() == sorted(f"file-{number}" for number in range(30))
    for number in range(30):
        assert vault.open(f"file-{number}").read() == str(number).encode()


def test_where_a_file_takes_another_s_place_no_copy_of_the_first_can_be_read(
    vault: Vault, tmp_path: Path
) -> None:
    vault.put("one", io.BytesIO(CANARY))
    shutil.copytree(vault.folder, tmp_path / "backup")
    vault.replace("one", "one.1", io.BytesIO(b"what is left"))
    assert vault.names() == ["one.1"]
    with vault.open("one.1") as file:
        assert file.read() == b"what is left"
    assert [path.name for path in vault.folder.glob("*.stored")] == ["one.1.stored"]
    shutil.copy(tmp_path / "backup" / "one.stored", vault.folder / "one.stored")
    with pytest.raises(ParameterError, match="destroyed"):
        vault.open("one")
    assert vault.sweep(lambda _: False) == 0
    assert vault.sweep(lambda name: name == "one") == 1
    assert vault.is_there("one.1")
    assert not vault.is_there("one")


def test_where_the_new_file_can_t_be_written_the_old_one_stays(vault: Vault) -> None:
    vault.put("one", io.BytesIO(CANARY))

    class Broken(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError):
        vault.replace("one", "one.1", Broken())
    with vault.open("one") as file:
        assert file.read() == CANARY
    assert vault.names() == ["one"]
