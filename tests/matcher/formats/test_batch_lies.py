"""The batch: a liar who knows the format can seal anything; what is sealed must still be one."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_rows import COLUMNS, WORDS, DrawUp, assert_holds, changed, make_rows

from matcher.formats import rows as rows_module
from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch, write_batch
from matcher.formats.errors import (
    AgreementError,
    IntegrityError,
    KinmatchError,
    ParameterError,
)
from matcher.formats.knowledge import HIGHEST
from matcher.formats.sealed import SealedFile
from matcher.formats.vocabulary import RELATIONS, ROLES


def resealed(content: bytes) -> bytes:
    found = re.search(rb'"seal":"sha256:([0-9a-f]{64})"', content)
    assert found
    opened = content[: found.start(1)] + b"0" * 64 + content[found.end(1) :]
    digest = sha256(opened).hexdigest().encode()
    return opened[: found.start(1)] + digest + opened[found.end(1) :]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"rows":5', b'"rows":6'),
        (b'"key_epoch":1', b'"key_epoch":"'),
        (b'"key_epoch":1', b'"key_epoch":t'),
        (b'"society":"red-one"', b'"society":"red one"'),
        (b'"society":"red-one"', b'"socIety":"red-one"'),
        (b'"agreement_id":"abab', b'"agreement_id":"aba\x1b'),
        (b'"scheme":"tiny/1"', b'"scheme":"t[2J/1"'),
        (b'"roles":{', b'"roles": '),
    ],
)
def test_a_header_that_lies(small: tuple[Path, Agreement], old: bytes, new: bytes) -> None:
    path, agreement = small
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(resealed(content.replace(old, new)))
    with pytest.raises(IntegrityError):
        read_batch(path, agreement)


def test_a_header_without_a_bottom(draw_up: DrawUp, tmp_path: Path) -> None:
    line = b'{"format":"kinmatch-batch/2","x":' + b"[" * 200_000 + b',"seal":"sha256:%064d"' % 0
    path = tmp_path / "a"
    with pq.ParquetWriter(path, pa.schema([("x", pa.int8())]), store_schema=False) as writer:
        writer.add_key_value_metadata({b"kinmatch": line})
    path.write_bytes(resealed(path.read_bytes()))
    with pytest.raises(IntegrityError):
        read_batch(path, draw_up())


def test_a_stranger_who_pretends_to_be_a_party(
    small: tuple[Path, Agreement], draw_up: DrawUp
) -> None:
    path, agreement = small
    content = path.read_bytes().replace(b'"society":"red-one"', b'"society":"stangr0"')
    path.write_bytes(resealed(content))
    with pytest.raises(AgreementError, match="'stangr0' is not a party"):
        read_batch(path, agreement)


def test_counts_by_role_and_pass_are_compared(small: tuple[Path, Agreement]) -> None:
    path, agreement = small
    content = path.read_bytes()
    for key in (b"sought", b"one"):
        found = re.search(rb'"%s":(\d)' % key, content)
        assert found
        digit = b"%d" % ((int(found[1]) + 1) % 10)
        lie = content[: found.start(1)] + digit + content[found.end(1) :]
        path.write_bytes(resealed(lie))
        with pytest.raises(IntegrityError):
            read_batch(path, agreement)


@pytest.mark.parametrize("case", ["repeated", "descending", "role", "relation", "known"])
def test_rows_that_lie(
    draw_up: DrawUp, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows(10)
    wrong: dict[str, dict[str, Any]] = {
        "repeated": {"references": np.repeat(rows.references[:5], 2, axis=0)},
        "descending": {"references": rows.references[::-1]},
        "role": {"roles": np.full(10, len(ROLES), np.int8)},
        "relation": {"relations": np.full(10, len(RELATIONS), np.int8)},
        "known": {"known": np.full(10, HIGHEST + 1, np.uint8)},
    }
    lying = changed(rows, **wrong[case])
    args: dict[str, Any] = {"society": "red-one", "agreement": draw_up(), "groups": [lying]}
    with pytest.raises(ParameterError):
        write_batch(tmp_path / "a", **args)
    assert not list(tmp_path.iterdir())
    # Now a writer without scruples.
    monkeypatch.setattr(rows_module, "_check_shapes", lambda *_: None)
    monkeypatch.setattr(rows_module, "by_role", lambda _: dict.fromkeys(ROLES, 0))
    with monkeypatch.context() as patched:
        patched.setattr(rows_module, "ascend", lambda _: True)
        write_batch(tmp_path / "a", **args)
    with pytest.raises(IntegrityError):
        read_batch(tmp_path / "a", draw_up())


def rewritten(path: Path, **options: Any) -> None:
    """Write a batch's own content with another choice of Parquet's options, and seal it."""
    table = pq.read_table(path)
    line = table.schema.metadata[b"kinmatch"]
    plain = pa.schema([*table.schema])
    with pq.ParquetWriter(
        path, plain, **{"store_schema": False, "use_dictionary": False, **options}
    ) as writer:
        writer.write_table(table.cast(plain))
        writer.add_key_value_metadata({b"kinmatch": line})
    path.write_bytes(resealed(path.read_bytes()))


def test_rewriting_alone_does_no_harm(small: tuple[Path, Agreement]) -> None:
    """The two tests below refuse for the reason that they give, not for being rewritten."""
    rewritten(small[0], compression="none")
    assert_holds(read_batch(*small), make_rows(5))


@pytest.mark.parametrize(
    "options", [{"compression": "zstd"}, {"compression": "none", "use_dictionary": True}]
)
def test_packed_content_is_not_unpacked(
    small: tuple[Path, Agreement], options: dict[str, Any]
) -> None:
    rewritten(small[0], **options)
    with pytest.raises(IntegrityError):
        read_batch(*small)


def test_other_columns(small: tuple[Path, Agreement], draw_up: DrawUp, tmp_path: Path) -> None:
    path, agreement = small
    table = pq.read_table(path)
    line = table.schema.metadata[b"kinmatch"]
    renamed = table.rename_columns([*COLUMNS, "one", "name"])
    plain = pa.schema([*renamed.schema])
    with pq.ParquetWriter(
        path, plain, compression="none", store_schema=False, use_dictionary=False
    ) as writer:
        writer.write_table(renamed.cast(plain))
        writer.add_key_value_metadata({b"kinmatch": line})
    path.write_bytes(resealed(path.read_bytes()))
    with pytest.raises(IntegrityError):
        read_batch(path, agreement)


def test_a_liar_s_file_is_refused_or_read_but_never_crashes(
    small: tuple[Path, Agreement],
) -> None:
    path, agreement = small
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for trial in range(1500):
        altered = bytearray(content)
        # Half of the time in the footer, where the lengths and types are.
        first = footer if trial % 2 else 0
        for at in rng.integers(first, len(content), rng.integers(1, 4)):
            altered[at] = rng.integers(0, 256)
        if not re.search(rb'"seal":"sha256:([0-9a-f]{64})"', altered):
            continue
        path.write_bytes(resealed(bytes(altered)))
        try:
            read = read_batch(path, agreement)
        except KinmatchError:
            continue
        assert all(read.fingerprints(name)[0].shape == (5, w) for name, w in WORDS.items())


def test_a_claim_of_many_rows_takes_no_memory(
    draw_up: DrawUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are counted against the file's size before room is made for them."""
    path = tmp_path / "a"
    write_batch(path, society="red-one", agreement=draw_up(), groups=[make_rows(3)])
    monkeypatch.setattr(SealedFile, "rows", 10**12)
    with pytest.raises(IntegrityError):
        read_batch(path, draw_up())
