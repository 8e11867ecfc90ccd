"""The encoding benchmark at a small size: its material, our process, and the figures."""

import re
from pathlib import Path

import pytest

from benchmarks.encoding import material, ours, theirs
from benchmarks.encoding.__main__ import figures
from benchmarks.rehearsal import default_agreement
from encoders.interop.schema import LinkageSchema
from matcher.formats.batch import read_batch

RUN = {"per_second": 120, "per_cpu_second": 240}


def test_material_repeats_and_is_of_the_size_asked_for() -> None:
    for make in (material.mixed, material.latin):
        table = make(200, 1)
        assert table.num_rows == 200
        assert table.equals(make(200, 1))
        assert material.distinct_counts(table)["record_id"] == 200


def test_latin_material_has_latin_letters_alone() -> None:
    given = material.latin(200, 1).to_pydict()
    text = "".join("".join(given[name]) for name in ("given_name", "family_name", "residence"))
    assert re.search("[a-z]", text)
    assert not re.search("[\u0370-\u1fff\u3000-\uffff]", text)


def test_a_small_file_is_encoded_and_written(tmp_path: Path) -> None:
    path = material.write(material.mixed(300, 1), tmp_path / "mixed.parquet")
    run = ours.main(path, 2, tmp_path)
    assert run["records"] == 300
    assert run["per_cpu_second"] == pytest.approx(300 / run["cpu_seconds"], rel=0.1)
    assert run["peak_mib"] >= run["peak_mib_before"] > 0
    assert len(read_batch(tmp_path / "batch.parquet", default_agreement())) == 300


def test_figures_compare_like_with_like() -> None:
    runs = {
        "mixed, 1 worker": {"per_second": 60_000, "per_cpu_second": 61_000},
        "latin, 1 worker": RUN,
        "latin, clkhash": {"per_second": 10, "per_cpu_second": 15},
    }
    assert [(row["measured"], row["by_processor_time"]) for row in figures(runs)] == [
        (60_000, 61_000),
        (12, 16),
    ]


def test_the_schema_of_clkhash_is_one() -> None:
    assert LinkageSchema.from_json(theirs.schema(["given_name", "sex"])) is not None
