"""The batch: what is written is read, and nothing else is."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher.formats import batch as batch_module
from matcher.formats import rows as rows_module
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, Rows, read_batch, write_batch
from matcher.formats.errors import (
    AgreementError,
    InputError,
    IntegrityError,
    KinmatchError,
    MismatchError,
    OutputError,
    ParameterError,
)
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

DrawUp = Callable[..., Agreement]
WORDS = {"one": 2, "two": 1}
COLUMNS = ("reference", "role", "relation", "known", "case", "mark", "review_on")


def make_rows(count: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    references = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    fingerprints = {}
    for name, words in WORDS.items():
        bits = rng.integers(0, 1 << 63, (count, words), dtype=np.uint64) << np.uint64(1)
        present = rng.random(count) < 0.7
        bits[~present] = 0
        fingerprints[name] = (bits, present)
    has_case = rng.random(count) < 0.5
    cases = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    cases[~has_case] = 0
    return Rows(
        references=references[np.lexsort(references.T[::-1])],
        roles=rng.integers(0, len(ROLES), count).astype(np.int8),
        relations=rng.integers(NO_RELATION, len(RELATIONS), count).astype(np.int8),
        known=rng.integers(0, 256, count).astype(np.uint8),
        cases=cases,
        has_case=has_case,
        fingerprints=fingerprints,
        marks=rng.integers(0, 256, (count, 16), dtype=np.uint8),
        review_on=np.datetime64("2026-01-01") + rng.integers(0, 9, count),
    )


def changed(rows: Rows, **fields: Any) -> Rows:
    return replace(rows, **fields)


def in_groups(rows: Rows, size: int) -> Iterator[Rows]:
    for start in range(0, len(rows.references), size):
        part = slice(start, start + size)
        yield Rows(
            references=rows.references[part],
            roles=rows.roles[part],
            relations=rows.relations[part],
            known=rows.known[part],
            cases=rows.cases[part],
            has_case=rows.has_case[part],
            fingerprints={n: (b[part], p[part]) for n, (b, p) in rows.fingerprints.items()},
            marks=None if rows.marks is None else rows.marks[part],
            review_on=None if rows.review_on is None else rows.review_on[part],
        )


def assert_holds(read: Batch, rows: Rows) -> None:
    assert len(read) == len(rows.references)
    np.testing.assert_array_equal(read.references, rows.references)
    np.testing.assert_array_equal(read.roles, rows.roles)
    np.testing.assert_array_equal(read.relations, rows.relations)
    np.testing.assert_array_equal(read.known, rows.known)
    np.testing.assert_array_equal(read.cases, rows.cases)
    np.testing.assert_array_equal(read.has_case, rows.has_case)
    np.testing.assert_array_equal(read.marks, rows.marks)
    np.testing.assert_array_equal(read.review_on, rows.review_on)
    for name, (bits, present) in rows.fingerprints.items():
        read_bits, read_present = read.fingerprints(name)
        assert read_bits.dtype == np.uint64
        assert read_bits.flags.c_contiguous
        assert read_bits.shape == (len(read), WORDS[name])
        assert read_present.dtype == np.bool_
        np.testing.assert_array_equal(read_bits, bits)
        np.testing.assert_array_equal(read_present, present)


@pytest.fixture
def small(tmp_path: Path, draw_up: DrawUp) -> tuple[Path, Agreement]:
    path = tmp_path / "small.batch"
    write_batch(path, society="red-one", agreement=draw_up(), groups=[make_rows(5)])
    return path, draw_up()


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1, 1), (2000, 2000), (2000, 300)])
def test_what_is_written_is_read(draw_up: DrawUp, tmp_path: Path, count: int, size: int) -> None:
    rows = make_rows(count)
    path = tmp_path / "a.batch"
    header = write_batch(path, society="red-one", agreement=draw_up(), groups=in_groups(rows, size))
    read = read_batch(path, draw_up())
    assert read.header == header
    assert_holds(read, rows)
    assert [p.name for p in tmp_path.iterdir()] == ["a.batch"]


@pytest.mark.parametrize("share", [False, True])
def test_all_absent_and_all_present(draw_up: DrawUp, tmp_path: Path, share: bool) -> None:
    rows = make_rows(100)
    rows = changed(
        rows,
        has_case=np.full(100, share),
        cases=rows.cases * np.uint8(share),
        fingerprints={
            name: (bits * np.uint64(share), np.full(100, share))
            for name, (bits, _) in rows.fingerprints.items()
        },
    )
    path = tmp_path / "a.batch"
    header = write_batch(path, society="red-one", agreement=draw_up(), groups=[rows])
    assert header.counts.present == dict.fromkeys(WORDS, 100 * share)
    assert_holds(read_batch(path, draw_up()), rows)


def test_the_header_says_what_the_batch_is(draw_up: DrawUp, tmp_path: Path) -> None:
    rows, agreement = make_rows(500), draw_up()
    header = write_batch(tmp_path / "a", society="red-two", agreement=agreement, groups=[rows])
    assert header.society == "red-two"
    assert header.agreement_digest == agreement.digest
    assert header.scheme == "tiny/1"
    assert header.scheme_digest == agreement.scheme.digest
    assert header.counts.rows == 500
    assert header.counts.roles == {
        role: int(np.sum(rows.roles == code)) for code, role in enumerate(ROLES)
    }
    assert header.counts.present == {
        name: int(present.sum()) for name, (_, present) in rows.fingerprints.items()
    }


def test_the_seal_is_what_the_format_says(small: tuple[Path, Agreement]) -> None:
    content = small[0].read_bytes()
    seal = read_batch(*small).header.seal
    assert content.count(seal.encode()) == 1
    open_seal = content.replace(seal.encode(), b"sha256:" + b"0" * 64)
    assert seal == "sha256:" + sha256(open_seal).hexdigest()


def test_any_parquet_reader_can_read_a_batch(small: tuple[Path, Agreement]) -> None:
    table = pq.read_table(small[0])
    assert table.column_names == [*COLUMNS, "one", "two"]
    assert json.loads(table.schema.metadata[b"kinmatch"])["society"] == "red-one"
    bits, present = make_rows(5).fingerprints["one"]
    expected = [
        b"".join(int(word).to_bytes(8, "little") for word in row) if there else None
        for row, there in zip(bits, present, strict=True)
    ]
    assert table["one"].to_pylist() == expected


def test_same_rows_same_bytes(draw_up: DrawUp, tmp_path: Path) -> None:
    for name in ("a", "b"):
        groups = in_groups(make_rows(1000), 400)
        write_batch(tmp_path / name, society="red-one", agreement=draw_up(), groups=groups)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_altered_byte_is_noticed(small: tuple[Path, Agreement]) -> None:
    path, agreement = small
    content = path.read_bytes()
    for at in range(len(content)):
        altered = bytearray(content)
        altered[at] ^= 1 << (at % 8)
        path.write_bytes(altered)
        with pytest.raises((IntegrityError, InputError)):
            read_batch(path, agreement)


def test_every_cut_is_noticed(small: tuple[Path, Agreement]) -> None:
    path, agreement = small
    content = path.read_bytes()
    for length in [*range(0, len(content), 7), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises((IntegrityError, InputError)):
            read_batch(path, agreement)


@pytest.mark.parametrize("extra", [b"\0", b"PAR1", b"x" * 1000])
def test_every_addition_is_noticed(small: tuple[Path, Agreement], extra: bytes) -> None:
    path, agreement = small
    content = path.read_bytes()
    for longer in (content + extra, extra + content, content[:-8] + extra + content[-8:]):
        path.write_bytes(longer)
        with pytest.raises((IntegrityError, InputError)):
            read_batch(path, agreement)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a Parquet file"),
        (b"PAR", "not a Parquet file"),
        (b"record_id,given_name\n1,Canary\n", "not a Parquet file"),
        (b"PAR1", "cut short"),
        (b"PAR1PAR1", "cut short"),
        (b"PAR1\xff\xff\xff\xffPAR1", "cut short"),
        (b"PAR1\x00\x00\x00\x00PAR1", "not a kinmatch-batch"),
        (b"PAR1" + b"Canary" * 100 + b"\x00\x01\x00\x00PAR1", "not a kinmatch-batch"),
    ],
)
def test_no_batch_at_all(draw_up: DrawUp, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "wrong").write_bytes(content)
    with pytest.raises((InputError, IntegrityError), match=message) as caught:
        read_batch(tmp_path / "wrong", draw_up())
    assert "Canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_another_parquet_file(draw_up: DrawUp, tmp_path: Path) -> None:
    pq.write_table(pa.table({"given_name": ["Canary"]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="not a kinmatch-batch"):
        read_batch(tmp_path / "other.parquet", draw_up())


def test_no_file(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_batch(tmp_path / "none", draw_up())
    with pytest.raises(InputError, match="not a Parquet file"):
        read_batch(tmp_path, draw_up())


def test_a_newer_version_is_named(small: tuple[Path, Agreement]) -> None:
    path, agreement = small
    path.write_bytes(path.read_bytes().replace(b"kinmatch-batch/1", b"kinmatch-batch/2"))
    with pytest.raises(InputError, match=r"'kinmatch-batch/2'.*reads 'kinmatch-batch/1'"):
        read_batch(path, agreement)


@pytest.mark.parametrize(
    ("terms", "what", "values"),
    [
        ({"agreement_id": "cd" * 16}, "agreement", ("ab" * 16, "cd" * 16)),
        ({"key_epoch": 2}, "key epoch", ("epoch 1", "has 2")),
        ({"retention_days": 9}, "agreement digest", ("sha256:",)),
    ],
)
def test_a_batch_of_another_agreement(
    draw_up: DrawUp,
    small: tuple[Path, Agreement],
    terms: dict[str, object],
    what: str,
    values: tuple[str, ...],
) -> None:
    other = draw_up(**terms)
    with pytest.raises(MismatchError, match=f"under {what} ") as caught:
        read_batch(small[0], other)
    assert all(value in str(caught.value) for value in values)


def test_a_batch_of_another_scheme(
    draw_up: DrawUp, small: tuple[Path, Agreement], tiny_scheme: Scheme
) -> None:
    newer = tiny_scheme.model_copy(update={"version": 2})
    with pytest.raises(MismatchError, match=r"scheme tiny/1, .* tiny/2"):
        read_batch(small[0], draw_up(scheme=newer))
    edited = tiny_scheme.passes[0].model_copy(update={"floor": 1})
    same_name = tiny_scheme.model_copy(update={"passes": (edited, tiny_scheme.passes[1])})
    with pytest.raises(MismatchError, match="scheme digest") as caught:
        read_batch(small[0], draw_up(scheme=same_name))
    assert tiny_scheme.digest in str(caught.value)
    assert same_name.digest in str(caught.value)


def test_a_society_that_is_no_party_writes_nothing(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="not a party"):
        write_batch(tmp_path / "a", society="stranger", agreement=draw_up(), groups=[make_rows(3)])
    assert not list(tmp_path.iterdir())


# A liar who knows the format can seal anything; what is sealed must still be a batch.


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
    line = b'{"format":"kinmatch-batch/1","x":' + b"[" * 200_000 + b',"seal":"sha256:%064d"' % 0
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


@pytest.mark.parametrize("case", ["repeated", "descending", "role", "relation"])
def test_rows_that_lie(
    draw_up: DrawUp, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows(10)
    wrong = {
        "repeated": {"references": np.repeat(rows.references[:5], 2, axis=0)},
        "descending": {"references": rows.references[::-1]},
        "role": {"roles": np.full(10, len(ROLES), np.int8)},
        "relation": {"relations": np.full(10, len(RELATIONS), np.int8)},
    }[case]
    lying = changed(rows, **wrong)
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
    monkeypatch.setattr(batch_module.SealedFile, "rows", 10**12)
    with pytest.raises(IntegrityError):
        read_batch(path, draw_up())


def test_rows_must_be_shaped_as_stated(draw_up: DrawUp, tmp_path: Path) -> None:
    rows = make_rows(4)
    one, two = rows.fingerprints["one"], rows.fingerprints["two"]
    for wrong in (
        {"roles": rows.roles[:3]},
        {"roles": rows.roles.astype(np.int64)},
        {"cases": rows.cases[:, :8]},
        {"fingerprints": {"one": one}},
        {"fingerprints": {"one": one, "two": (two[0][:, :0], two[1])}},
        {"fingerprints": {"one": one, "two": (two[0], two[1].astype(np.uint8))}},
    ):
        with pytest.raises(ParameterError):
            write_batch(
                tmp_path / "a",
                society="red-one",
                agreement=draw_up(),
                groups=[changed(rows, **wrong)],
            )
    assert not list(tmp_path.iterdir())


def test_a_pass_with_the_name_of_another_column(
    draw_up: DrawUp, tmp_path: Path, tiny_scheme: Scheme
) -> None:
    named = tiny_scheme.passes[0].model_copy(update={"name": "case"})
    scheme = tiny_scheme.model_copy(update={"passes": (named,)})
    with pytest.raises(AgreementError, match="'case'"):
        write_batch(tmp_path / "a", society="red-one", agreement=draw_up(scheme=scheme), groups=[])


def test_an_unknown_pass(small: tuple[Path, Agreement]) -> None:
    with pytest.raises(ParameterError, match="one of one, two"):
        read_batch(*small).fingerprints("three")


def test_a_batch_shows_no_fingerprints(small: tuple[Path, Agreement]) -> None:
    assert repr(read_batch(*small)) == "<batch of 5 rows from red-one>"


def test_references_ascend_across_groups(draw_up: DrawUp, tmp_path: Path) -> None:
    first, second = in_groups(make_rows(10), 5)
    for groups in ([second, first], [first, first]):
        with pytest.raises(ParameterError, match="ascend"):
            write_batch(tmp_path / "a", society="red-one", agreement=draw_up(), groups=iter(groups))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes to set")
@pytest.mark.parametrize("limit", [0, 1000, 200_000])
def test_a_full_disk_leaves_what_was_there(draw_up: DrawUp, tmp_path: Path, limit: int) -> None:
    draw_up().write(tmp_path / "agreement.toml")
    target = tmp_path / "out" / "a.batch"
    target.parent.mkdir()
    target.write_bytes(b"older")
    script = f"""
        import resource, sys
        from pathlib import Path
        from test_batch import make_rows
        from matcher.formats.agreement import Agreement
        from matcher.formats.batch import write_batch
        from matcher.formats.errors import OutputError

        agreement = Agreement.read(Path("agreement.toml"))
        rows = make_rows(20_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        try:
            write_batch(Path("out/a.batch"), society="red-one", agreement=agreement, groups=[rows])
        except OutputError as error:
            sys.exit("refused: " + str(error))
    """
    ran = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
    )
    assert "refused: out/a.batch: can't be written" in ran.stderr, ran.stderr
    assert ran.returncode == 1
    assert [p.name for p in target.parent.iterdir()] == ["a.batch"]
    assert target.read_bytes() == b"older"


def test_nowhere_to_write(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_batch(
            tmp_path / "none" / "a", society="red-one", agreement=draw_up(), groups=[make_rows(2)]
        )


def test_without_some_people_nothing_of_them_is_left_and_all_others_stand_where_they_stood(
    draw_up: DrawUp, tmp_path: Path
) -> None:
    rows, agreement = make_rows(300), draw_up()
    path = tmp_path / "a.batch"
    nonce = bytes(range(16))
    write_batch(path, society="red-one", agreement=agreement, groups=[rows], mark_nonce=nonce)
    gone = np.array([0, 1, 7, 299])
    content = read_batch(path, agreement).without(gone).getvalue()
    (tmp_path / "b.batch").write_bytes(content)
    left = read_batch(tmp_path / "b.batch", agreement)
    kept = np.delete(np.arange(300), gone)
    assert left.header.mark_nonce == nonce.hex()
    for name in ("references", "roles", "relations", "known", "cases", "has_case", "marks"):
        assert np.array_equal(getattr(left, name)[kept], getattr(rows, name)[kept])
    assert np.array_equal(left.review_on[kept], rows.review_on[kept])
    assert not left.has_mark[gone].any()
    assert left.has_mark[kept].all()
    assert not left.has_case[gone].any()
    assert np.isnat(left.review_on[gone]).all()
    assert not left.known[gone].any()
    for name in WORDS:
        bits, present = left.fingerprints(name)
        assert not present[gone].any()
        assert np.array_equal(bits[kept], rows.fingerprints[name][0][kept])
    assert rows.marks is not None
    for row in gone:
        for secret in (rows.references[row], rows.marks[row], rows.fingerprints["one"][0][row]):
            if secret.any():
                assert secret.tobytes() not in content
