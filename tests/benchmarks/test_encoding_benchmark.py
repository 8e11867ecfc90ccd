"""The encoding benchmark at a small size: its material, our process, and the figures."""

import re
from pathlib import Path

import pytest

from benchmarks.encoding import material, ours, theirs
from benchmarks.encoding.__main__ import LATIN_SETS, figures, filled
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


def test_complete_records_have_every_cell_filled_with_what_others_have() -> None:
    table = material.latin(300, 1)
    columns = ["father_name", "residence", "birth_date"]
    full = material.complete(table, columns, 1)
    assert full.equals(material.complete(table, columns, 1))
    for name in table.column_names:
        before, after = table[name].to_pylist(), full[name].to_pylist()
        assert set(after) == set(before) - ({""} if name in columns else set())
        assert all(new == old for old, new in zip(before, after, strict=True) if old)


def test_clkhash_is_given_the_columns_that_have_something() -> None:
    assert filled(material.febrl()) == ["given_name", "family_name", "birth_date", "residence"]


def test_figures_compare_like_with_like() -> None:
    theirs_took = {"per_second": 10, "per_cpu_second": 15}
    runs = {"mixed, 1 worker": {"per_second": 60_000, "per_cpu_second": 61_000}}
    for number, name in enumerate(LATIN_SETS, start=1):
        runs[f"{name}, 1 worker"] = {key: number * took for key, took in RUN.items()}
        runs[f"{name}, clkhash plain"] = theirs_took
        runs[f"{name}, clkhash alike"] = {key: took // 5 for key, took in theirs_took.items()}
    found = [(row["measured"], row["by_processor_time"]) for row in figures(runs)]
    assert found[:4] == [(60_000, 61_000), (12, 16), (24, 32), (36, 48)]
    assert found[4:] == [(60, 80), (120, 160), (180, 240)]


@pytest.mark.parametrize("kind", theirs.KINDS)
def test_the_schemas_of_clkhash_are_some(kind: str) -> None:
    assert LinkageSchema.from_json(theirs.schema(["given_name", "sex"], kind)) is not None
