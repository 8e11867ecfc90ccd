"""The footer reader: it agrees with pyarrow on good files, and only ever says ValueError."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.formats.footer import Footer, read_footer

TABLE = pa.table(
    {
        "reference": pa.array([bytes([i]) * 16 for i in range(100)], pa.binary(16)),
        "role": pa.array([i % 4 for i in range(100)], pa.int8()),
        "name": [None if i % 3 else str(i) for i in range(100)],
        "score": [i / 3 for i in range(100)],
    }
)
PLAIN = {"compression": "none", "use_dictionary": False, "row_group_size": 30}


def footer_of(path: Path) -> tuple[bytes, int]:
    content = path.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    return content[-8 - length : -8], len(content)


@pytest.mark.parametrize("options", [{}, {"write_statistics": False}, {"store_schema": False}])
def test_it_says_what_pyarrow_says(tmp_path: Path, options: dict[str, Any]) -> None:
    table = TABLE.replace_schema_metadata({"kinmatch": "header", "other": "x" * 1000})
    pq.write_table(table, tmp_path / "a", **PLAIN, **options)
    told = pq.read_metadata(tmp_path / "a")
    assert read_footer(*footer_of(tmp_path / "a")) == Footer(
        rows=100,
        groups=tuple(told.row_group(i).num_rows for i in range(told.num_row_groups)),
        metadata=dict(told.metadata or {}),
    )


def test_a_file_of_no_rows(tmp_path: Path) -> None:
    with pq.ParquetWriter(tmp_path / "a", TABLE.schema, store_schema=False):
        pass
    assert read_footer(*footer_of(tmp_path / "a")) == Footer(0, (), {})


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "snappy"},
        {"compression": "zstd"},
        {"use_dictionary": True},
        {"use_dictionary": ["role"]},
        {"column_encoding": {"score": "BYTE_STREAM_SPLIT"}},
    ],
)
def test_only_the_plainest_storage_passes(tmp_path: Path, options: dict[str, Any]) -> None:
    pq.write_table(TABLE, tmp_path / "a", **{**PLAIN, **options})
    with pytest.raises(ValueError, match="not a plain Parquet file"):
        read_footer(*footer_of(tmp_path / "a"))


def test_nested_columns_do_not_pass(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [[1], [2, 3]]}), tmp_path / "a", **PLAIN)
    with pytest.raises(ValueError, match="Parquet"):
        read_footer(*footer_of(tmp_path / "a"))


def test_pages_beyond_the_end_of_the_file_do_not_pass(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "a", **PLAIN)
    footer, size = footer_of(tmp_path / "a")
    read_footer(footer, size)
    with pytest.raises(ValueError, match="plain"):
        read_footer(footer, size - len(footer) - 500)


def test_a_cut_or_longer_footer(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "a", **PLAIN)
    footer, size = footer_of(tmp_path / "a")
    for length in range(len(footer)):
        with pytest.raises(ValueError, match=r"Parquet|cut short|list"):
            read_footer(footer[:length], size)
    with pytest.raises(ValueError, match="plain"):
        read_footer(footer + b"\0", size)


@given(st.binary(max_size=200))
@example(b"\x1c" * 5000)  # a structure in a structure in a structure
@example(b"\x19" + b"\x19" * 5000)  # a list of a list of a list
@example(b"\x19\xfc\xff\xff\xff\xff\x0f")  # a list of four thousand million structures
@example(b"\x18\xff\xff\xff\xff\x0f")  # text of four thousand million bytes
@example(b"\x15" + b"\xff" * 20)  # a number that does not end
@example(b"\x15\x02\x05\x02\x02\x00")  # a field twice
def test_any_bytes_are_refused_in_one_way(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # which reason does not matter
        read_footer(content, 1 << 40)
