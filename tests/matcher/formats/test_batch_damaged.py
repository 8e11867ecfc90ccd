"""The batch: nothing is read that was damaged, or is something else."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_rows import DrawUp

from matcher.formats.agreement import Agreement
from matcher.formats.batch import read_batch
from matcher.formats.errors import (
    InputError,
    IntegrityError,
    MismatchError,
)
from matcher.formats.scheme import Scheme


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


def test_another_version_is_named(small: tuple[Path, Agreement]) -> None:
    path, agreement = small
    path.write_bytes(path.read_bytes().replace(b"kinmatch-batch/2", b"kinmatch-batch/1"))
    with pytest.raises(InputError, match=r"'kinmatch-batch/1'.*reads 'kinmatch-batch/2'"):
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
