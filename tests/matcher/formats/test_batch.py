"""The batch: what is written is read."""

import json
import os
import subprocess
import sys
import textwrap
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from batch_rows import COLUMNS, WORDS, DrawUp, assert_holds, changed, in_groups, make_rows

from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch, write_batch
from matcher.formats.errors import (
    AgreementError,
    OutputError,
    ParameterError,
)
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import ROLES


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


def test_a_society_that_is_no_party_writes_nothing(draw_up: DrawUp, tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="not a party"):
        write_batch(tmp_path / "a", society="stranger", agreement=draw_up(), groups=[make_rows(3)])
    assert not list(tmp_path.iterdir())


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
        from batch_rows import make_rows
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
    assert rows.review_on is not None
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
