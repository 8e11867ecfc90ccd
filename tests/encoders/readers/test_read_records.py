"""Reading files as societies have them, in every format, whole and broken."""

import contextlib
import datetime
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encoders.readers import Mapping, Reading, read_records
from matcher.formats.errors import InputError, ParameterError

Read = Callable[..., Reading]

PEOPLE = [
    {"record_id": "R1", "given_name": "محمد", "family_name": "الخطيب"},
    {"record_id": "R2", "given_name": "Олена", "family_name": 'O\'Brien, "Pat"\nJr'},
    {"record_id": "R3", "given_name": "José", "family_name": None},
]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write bytes under a name and read them."""

    def written(name: str, content: bytes, mapping: Mapping | None = None) -> Reading:
        (tmp_path / name).write_bytes(content)
        return read_records(tmp_path / name, mapping=mapping, role="sought")

    return written


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    ".parquet": lambda frame, path: frame.to_parquet(path),
    ".xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


def write_people(path: Path) -> Path:
    WRITERS[path.suffix](pd.DataFrame(PEOPLE), path)
    return path


def people(reading: Reading) -> list[dict[str, str | None]]:
    return reading.records.table.select(list(PEOPLE[0])).to_pylist()


def found(reading: Reading) -> dict[tuple[str, str], list[int]]:
    return {(f.rule.name, f.field): f.rows.tolist() for f in reading.findings}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_of_any_delimiter_and_unicode_encoding(
    read: Read, encoding: str, delimiter: str
) -> None:
    text = pd.DataFrame(PEOPLE).to_csv(index=False, sep=delimiter, lineterminator="\r\n")
    reading = read("people.csv", text.encode(encoding))
    assert people(reading) == PEOPLE
    assert reading.rows.tolist() == [2, 3, 4]
    assert not reading.encoding_guessed
    assert reading.records.column("role").to_pylist() == ["sought"] * 3


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1256", "محمد فاطمة خالد أحمد زينب إبراهيم يوسف مريم"),
        ("cp1251", "Олександр Марія Сергій Наталія Иван Дмитрий"),
        ("cp1252", "José François Jürgen Zoë Begoña"),
    ],
)
def test_legacy_encodings_are_guessed_and_said_to_be(read: Read, encoding: str, names: str) -> None:
    lines = [f"R{number};{name}" for number, name in enumerate(names.split())]
    content = "\r\n".join(["record_id;given_name", *lines]).encode(encoding)
    reading = read("people.csv", content)
    assert reading.records.column("given_name").to_pylist() == names.split()
    assert reading.encoding_guessed
    assert encoding in reading.read_as
    named = read("people.csv", content, Mapping(encoding=encoding))
    assert named.records.table.equals(reading.records.table)
    assert not named.encoding_guessed


def test_a_named_encoding_that_does_not_fit_is_refused(read: Read) -> None:
    content = "record_id,given_name\n1,José\n".encode("cp1252")
    with pytest.raises(InputError, match="not valid utf-8"):
        read("people.csv", content, Mapping(encoding="utf-8"))


def test_utf8_with_a_damaged_line_is_not_taken_for_another_encoding(read: Read) -> None:
    lines = ["record_id,given_name", *(f"{number},José" for number in range(9))]
    content = "\n".join(lines).encode() + "\n10,Zoë".encode("cp1252")
    with pytest.raises(InputError, match="UTF-8 but for 1 lines, the first of them line 11"):
        read("people.csv", content)


def test_what_looks_odd_in_csv_but_is_not(read: Read) -> None:
    content = (
        b"record_id,given_name,\n"  # a column without a name
        b'1,"A\nB",\n'  # a line break in quotes starts no row
        b"\n"  # an empty line is a row of the spreadsheet, and no record
        b"2,C,,,\n"  # delimiters at the end
        b" , ,\n"  # an empty row
        b'3,"D ""E""",'  # no line break at the end
    )
    reading = read("people.csv", content)
    assert reading.records.column("given_name").to_pylist() == ["A\nB", "C", 'D "E"']
    assert reading.rows.tolist() == [2, 4, 6]
    assert reading.rows_in_file == 3
    assert reading.findings == ()


def test_rows_that_do_not_fit_the_header_are_reported(read: Read) -> None:
    reading = read("people.csv", b"record_id,given_name\n1\n2,A\n3,B,C\n")
    assert people(reading)[0]["record_id"] == "2"
    assert found(reading) == {("row_length", "row"): [2, 4]}
    assert reading.rows_in_file == 3


def test_broken_quotes_lose_no_row_unreported(read: Read) -> None:
    content = b'record_id,given_name\n1,"A"B\n2,C\n3,"open\n4,D"E\n5,F\n6,"never closed\n7,G\n'
    reading = read("people.csv", content)
    assert found(reading) == {("row_not_read", "row"): [2, 4, 5, 7, 8]}
    assert reading.rows.tolist() == [3, 6]
    assert reading.rows_in_file == 7


def test_null_bytes_are_read_for_the_check_to_find(read: Read) -> None:
    reading = read("people.csv", b"record_id,given_name\n1,A\0B\n")
    assert reading.records.column("given_name").to_pylist() == ["A\0B"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xef\xbb\xbf", b"record_id,given_name\n", b"record_id,given_name\n,\n"],
)
def test_a_file_without_rows_is_refused(read: Read, content: bytes) -> None:
    with pytest.raises(InputError, match=r"people\.csv: "):
        read("people.csv", content)


def test_an_unknown_delimiter_or_a_missing_header_shows_no_cell(read: Read) -> None:
    for content in (b"record_id^given_name\n1^zeta-canary\n", b"1,zeta-canary\n2,B\n"):
        with pytest.raises(InputError, match="may be no header") as caught:
            read("people.csv", content)
        assert "zeta-canary" not in str(caught.value)


def test_unknown_columns_are_refused_by_name(read: Read) -> None:
    with pytest.raises(InputError, match=r"'phone', 'notes'\. What is not needed is not read"):
        read("people.csv", b"record_id,phone,given_name,notes\n1,2,3,4\n")


def test_a_repeated_column_is_refused(read: Read) -> None:
    with pytest.raises(InputError, match="twice in the header: 'given_name'"):
        read("people.csv", b"record_id,given_name,given_name\n1,2,3\n")


@pytest.mark.parametrize("header", ["record_id,mother_name", "given_name,family_name"])
def test_identifier_and_name_must_have_a_column(read: Read, header: str) -> None:
    with pytest.raises(InputError, match="the file has no column for"):
        read("people.csv", f"{header}\n1,2\n".encode())


def test_a_mapping_says_how_a_file_writes_its_dates(read: Read) -> None:
    content = (
        b"record_id,given_name,birth_date,age_on,calendar\n"
        b"1,A,5/2/1998,02.03.2020,\n2,B,1376/11/16,,solar-hijri\n3,C,,,\n4,D,soon,,\n"
    )
    reading = read("people.csv", content, Mapping(date_order="dmy", calendar="ethiopian"))
    assert reading.records.table.select(["birth_date", "age_on", "calendar"]).to_pylist() == [
        {"birth_date": "1998-02-05", "age_on": "2020-03-02", "calendar": "ethiopian"},
        {"birth_date": "1376/11/16", "age_on": None, "calendar": "solar-hijri"},
        {"birth_date": None, "age_on": None, "calendar": None},
        {"birth_date": "soon", "age_on": None, "calendar": "ethiopian"},
    ]
    month_first = read("people.csv", content, Mapping(date_order="mdy"))
    assert month_first.records.column("birth_date")[0].as_py() == "1998-05-02"
    untouched = read("people.csv", content)
    assert untouched.records.column("birth_date")[0].as_py() == "5/2/1998"


def test_a_mapping_renames_joins_and_ignores(read: Read) -> None:
    mapping = Mapping(
        {
            "record_id": ("No",),
            "given_name": ("Prénom",),
            "residence": ("address_1", "suburb"),
        },
        frozenset({"phone"}),
    )
    content = "No,Prénom,address_1,suburb,phone,sex\n1,A,Road 1,,77,m\n2,B,Road 2,Town,78,f\n"
    reading = read("people.csv", content.encode(), mapping)
    table = reading.records.table
    assert table["given_name"].to_pylist() == ["A", "B"]
    assert table["residence"].to_pylist() == ["Road 1", "Road 2 Town"]
    assert table["sex"].to_pylist() == ["m", "f"]
    with pytest.raises(InputError, match="'given_name'"):  # the name now belongs to another column
        read("people.csv", b"No,given_name\n1,A\n", mapping)


def test_xlsx_with_numbers_dates_and_errors(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["record_id", "given_name", "birth_date", "last_seen_date", "age"])
    born, seen = datetime.date(1998, 2, 5), datetime.datetime(2020, 3, 1, 14, 30)
    sheet.append([123, "A", born, seen, 22.0])
    sheet.append([124.0, "B", "1998-02", None, None])
    sheet.append([])
    sheet.append(["R5", "C", "#N/A", datetime.time(3), 1.5])
    workbook.create_sheet("other")
    workbook.save(tmp_path / "people.xlsx")
    reading = read_records(tmp_path / "people.xlsx", role="registered")
    table = reading.records.table
    assert table["record_id"].to_pylist() == ["123", "124", "R5"]
    assert table["birth_date"].to_pylist() == ["1998-02-05", "1998-02", None]
    assert table["last_seen_date"].to_pylist() == ["2020-03-01", None, None]
    assert table["age"].to_pylist() == ["22", None, "1.5"]
    assert reading.rows.tolist() == [2, 3, 5]
    assert found(reading) == {
        ("cell_error", "birth_date"): [5],
        ("not_text", "last_seen_date"): [5],
    }
    assert "first of 2 sheets" in reading.read_as


def test_xlsx_whose_stated_size_is_wrong_is_read_whole(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook(write_only=True)  # states no size
    sheet = workbook.create_sheet()
    sheet.append(["record_id", "given_name", None])
    for number in range(50):
        sheet.append([number, "A"])
    workbook.save(tmp_path / "people.xlsx")
    assert len(read_records(tmp_path / "people.xlsx", role="sought").records) == 50


def test_parquet_of_several_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "record_id": [1, 2],
            "given_name": pa.array(["A", "B"]).dictionary_encode(),
            "birth_date": [datetime.date(1998, 2, 5), None],
            "last_seen_date": [None, datetime.datetime(2020, 3, 1, 14, 30)],
            "age": [22.0, None],
            "phone": [{"home": 1}, None],
        }
    )
    pq.write_table(table, tmp_path / "people.parquet")
    mapping = Mapping(ignore=frozenset({"phone"}))
    reading = read_records(tmp_path / "people.parquet", mapping=mapping, role="sought")
    rows = reading.records.table.drop(["role"]).to_pylist()
    assert [{k: v for k, v in row.items() if v is not None} for row in rows] == [
        {"record_id": "1", "given_name": "A", "birth_date": "1998-02-05", "age": "22"},
        {"record_id": "2", "given_name": "B", "last_seen_date": "2020-03-01"},
    ]
    assert reading.rows.tolist() == [1, 2]
    as_name = Mapping({"given_name": ("phone",)}, frozenset({"given_name"}))
    with pytest.raises(InputError, match="column 'phone' holds what is not text"):
        read_records(tmp_path / "people.parquet", mapping=as_name, role="sought")


def test_parquet_cut_short_or_altered_is_refused(tmp_path: Path) -> None:
    names = [f"zeta-canary-{number}" for number in range(1_000)]
    whole = tmp_path / "people.parquet"
    pq.write_table(pa.table({"record_id": names, "given_name": names}), whole)
    content = whole.read_bytes()
    for length in (3, len(content) // 2, len(content) - 1):
        whole.write_bytes(content[:length])
        with pytest.raises(InputError, match="Parquet file can't be read") as caught:
            read_records(whole, role="sought")
        assert "zeta-canary" not in str(caught.value)


def test_json_lines(read: Read) -> None:
    lines = [json.dumps(PEOPLE[0]), "", "[1]", "{broken", json.dumps({"record_id": 7, "age": 3.0})]
    reading = read("people.jsonl", "\n".join(lines).encode("utf-8-sig"))
    table = reading.records.table
    assert table["record_id"].to_pylist() == ["R1", "7"]
    assert table["age"].to_pylist() == [None, "3"]
    assert reading.rows.tolist() == [1, 5]
    assert reading.rows_in_file == 4
    assert found(reading) == {("row_not_read", "row"): [3, 4]}


def test_json_values_that_are_no_text_are_reported(read: Read) -> None:
    lines = [
        '{"record_id": "1", "given_name": ["A"]}',
        '{"record_id": "2", "given_name": "\\ud800"}',
        '{"record_id": "3", "given_name": "A"}',
        "[" * 100_000,
    ]
    reading = read("people.jsonl", "\n".join(lines).encode())
    assert reading.records.column("given_name").to_pylist() == [None, None, "A"]
    assert found(reading)["not_text", "given_name"] == [1, 2]
    assert found(reading)["row_not_read", "row"] == [4]


def test_a_json_list_is_refused_with_what_to_do(read: Read) -> None:
    with pytest.raises(InputError, match="one object on a line"):
        read("people.jsonl", json.dumps(PEOPLE).encode())
    with pytest.raises(InputError, match="'phone'"):
        read("people.jsonl", b'{"record_id": "1", "given_name": "A"}\n{"phone": 1}\n')


@pytest.mark.parametrize("name", ["people.csv", "people.xlsx", "people.parquet", "people.jsonl"])
def test_bytes_that_are_no_such_file_are_refused(read: Read, name: str) -> None:
    for content in (gzip.compress(b"zeta-canary" * 100), b"PK\x03\x04 zeta-canary", b"\0" * 500):
        with pytest.raises(InputError, match=f"{name}: ") as caught:
            read(name, content)
        assert "canary" not in str(caught.value)


def test_a_workbook_cut_short_is_refused(tmp_path: Path, read: Read) -> None:
    content = write_people(tmp_path / "whole.xlsx").read_bytes()
    for length in (100, len(content) // 2, len(content) - 1):
        with pytest.raises(InputError, match="workbook can't be read"):
            read("people.xlsx", content[:length])


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.xlsx"])
def test_altered_bytes_give_records_or_a_clear_error(tmp_path: Path, name: str) -> None:
    path = write_people(tmp_path / name)
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(100):
        altered = bytearray(content)
        for _ in range(rng.integers(1, 5)):
            altered[rng.integers(len(altered))] = rng.integers(256)
        path.write_bytes(altered)
        with contextlib.suppress(InputError):
            reading = read_records(path, role="sought")
            assert reading.rows_in_file >= len(reading.records)


def test_a_workbook_with_altered_parts_gives_records_or_a_clear_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_people(tmp_path / "whole.xlsx")) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    rng = np.random.default_rng(1)
    for name in list(parts) * 8:
        altered = bytearray(parts[name])
        altered[rng.integers(len(altered))] = rng.integers(32, 127)
        with zipfile.ZipFile(tmp_path / "altered.xlsx", "w") as file:
            for part, content in {**parts, name: bytes(altered)}.items():
                file.writestr(part, content)
        with contextlib.suppress(InputError):
            read_records(tmp_path / "altered.xlsx", role="sought")


def test_a_path_that_is_no_file_or_of_no_known_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_records(tmp_path / "missing.csv", role="sought")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="can't be read"):
        read_records(tmp_path / "folder.csv", role="sought")
    with pytest.raises(InputError, match="name's ending"):
        read_records(tmp_path / "people.xls", role="sought")


def test_an_unknown_role_is_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(b"record_id,given_name\n1,A\n")
    with pytest.raises(ParameterError, match="role must be one of"):
        read_records(tmp_path / "people.csv", role="witness")


def test_all_formats_give_the_same_records(tmp_path: Path) -> None:
    paths = [write_people(tmp_path / f"a{ending}") for ending in WRITERS]
    tables = [read_records(path, role="sought").records.table for path in paths]
    assert len(tables) == 4
    assert all(table.equals(tables[0]) for table in tables)
