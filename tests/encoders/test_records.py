"""The record model: every cell as the source has it, or absent."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from encoders.cells import text_column
from encoders.records import COLUMNS, Records
from matcher.formats.errors import InputError, ParameterError


def test_the_table_has_exactly_the_columns_of_the_model() -> None:
    records = Records.from_rows([{"record_id": "1", "given_name": "Ali"}], role="sought")
    assert tuple(records.table.column_names) == COLUMNS
    assert all(kind == pa.string() for kind in records.table.schema.types)
    assert len(records) == 1


def test_cells_are_verbatim_and_blank_cells_are_absent() -> None:
    rows = [{"given_name": " Ali "}, {"given_name": " \t\u00a0"}, {"given_name": ""}]
    records = Records.from_rows(rows, role="sought")
    assert records.column("given_name").to_pylist() == [" Ali ", None, None]


def test_a_row_without_a_role_has_the_one_given() -> None:
    rows = [{"role": "kin"}, {"role": " "}, {}]
    records = Records.from_rows(rows, role="registered")
    assert records.column("role").to_pylist() == ["kin", "registered", "registered"]
    with pytest.raises(ParameterError, match="role must be one of"):
        Records.from_rows(rows, role="witness")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (123, "123"),
        (123.0, "123"),
        (0.5, "0.5"),
        (decimal.Decimal("123.00"), "123"),
        (np.int64(7), "7"),
        (True, "true"),
        (datetime.date(1998, 2, 5), "1998-02-05"),
        (datetime.datetime(1998, 2, 5, 13, 30), "1998-02-05"),
        (pd.Timestamp("1998-02-05"), "1998-02-05"),
        (float("nan"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (None, None),
    ],
)
def test_cells_of_other_types_become_text(cell: object, text: str | None) -> None:
    one = Records.from_rows([{"given_name": cell}], role="sought")
    assert one.column("given_name").to_pylist() == [text]
    alone = pd.DataFrame({"given_name": [cell]})
    assert Records.from_frame(alone, role="sought").column("given_name").to_pylist() == [text]
    mixed = pd.DataFrame({"given_name": pd.Series([cell, "Ali"], dtype=object)})
    records = Records.from_frame(mixed, role="sought")
    assert records.column("given_name").to_pylist() == [text, "Ali"]


@pytest.mark.parametrize("cell", [["zeta-canary"], {"a": "zeta-canary"}, "zeta-canary\ud800"])
def test_what_is_not_text_is_refused_without_being_shown(cell: object) -> None:
    with pytest.raises(InputError, match="'given_name'") as caught:
        Records.from_rows([{"given_name": cell}], role="sought")
    assert "zeta-canary" not in str(caught.value)
    with pytest.raises(InputError, match="'given_name'") as caught:
        Records.from_frame(pd.DataFrame({"given_name": [cell]}), role="sought")
    assert "zeta-canary" not in str(caught.value)


def test_unknown_columns_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="'phone'"):
        Records.from_frame(pd.DataFrame({"phone": ["1"]}), role="sought")
    with pytest.raises(InputError, match="'phone'"):
        Records.from_rows([{"given_name": "Ali"}, {"phone": "1"}], role="sought")


def test_a_column_that_stands_twice_is_refused() -> None:
    frame = pd.DataFrame([["1", "2"]], columns=["given_name", "given_name"])
    with pytest.raises(InputError, match="twice"):
        Records.from_frame(frame, role="sought")


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="differ in length"):
        Records({"given_name": pa.array(["a", "b"])}, 3)


def test_take_gives_rows_in_the_order_asked_for() -> None:
    records = Records.from_rows([{"record_id": letter} for letter in "abc"], role="sought")
    assert records.take([2, 0]).column("record_id").to_pylist() == ["c", "a"]
    assert len(records.take([])) == 0


def test_the_representation_shows_no_value() -> None:
    records = Records.from_rows([{"record_id": "1", "given_name": "zeta-canary"}], role="sought")
    assert repr(records) == "<1 records with record_id, role, given_name>"


def test_distinct_combinations_put_the_rows_together_again() -> None:
    rows = [
        {"sex": sex, "age": age} for sex in ("m", "f", None, "m") for age in ("1", None, "2", "1")
    ]
    records = Records.from_rows(rows, role="sought")
    cells, codes = records.distinct("sex", "age")
    assert [cells[code] for code in codes] == [(row["sex"], row["age"]) for row in rows]
    assert len(cells) == len(set(cells)) == 9
    assert np.array_equal(records.codes("sex", "age"), codes)


def test_no_records_are_records() -> None:
    records = Records.from_rows([], role="sought")
    assert len(records) == 0
    assert records.distinct("sex", "age")[0] == []


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64(), pa.timestamp("ns"), pa.timestamp("s")])
def test_days_need_no_table_of_time_zones(
    kind: pa.DataType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows there is none, and Arrow's `strftime` asks for it even where there is no zone."""
    monkeypatch.setattr(pc, "strftime", None)
    days = [datetime.date(1998, 2, 5), None, datetime.date(1900, 12, 31)]
    assert text_column(pa.array(days).cast(kind)).to_pylist() == ["1998-02-05", None, "1900-12-31"]


def test_a_moment_with_a_zone_is_on_the_day_that_it_was_there() -> None:
    moment = datetime.datetime(1998, 2, 5, 23, 30, tzinfo=datetime.UTC)
    column = pa.array([moment]).cast(pa.timestamp("us", tz="Asia/Baghdad"))
    assert text_column(column).to_pylist() == ["1998-02-06"]
