"""The canary: values planted in every field are found in nothing that is said about them."""

import datetime
import io
import json
import logging
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from rich.console import Console

from encoders.checking import check
from encoders.readers import Mapping, read_records
from encoders.records import COLUMNS, Records
from matcher.formats.errors import InputError, KinmatchError

CANARY = "zeta-canary"
GOOD = {name: f"{CANARY}-{name}" for name in COLUMNS}
BAD = [
    GOOD,
    GOOD,  # the same identifier again
    {**GOOD, "record_id": None, "role": None},
    {**GOOD, "record_id": f"{CANARY}-4", "role": "kin", "family_name": f"{CANARY}\0"},
    {**GOOD, "record_id": f"{CANARY}-5", "role": None, "given_name": CANARY * 1_000},
    {**GOOD, "record_id": f"{CANARY}-6", "role": None, "mother_name": f"\u200f{CANARY}"},
    {**GOOD, "record_id": f"{CANARY}-7", "role": None, "birth_date": "1998-01-01"},
    {**GOOD, "record_id": f"{CANARY}-8", "role": None, "birth_date": "1998-01-01"},
]


@pytest.fixture
def said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Callable[[Callable[[], object]], str]:
    """Do something, and gather all that is printed, logged, warned of or raised meanwhile."""

    def gather(action: Callable[[], object]) -> str:
        heard: list[str] = []
        with caplog.at_level(logging.NOTSET), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                heard.append(repr(action()))
            except KinmatchError as error:
                heard.append("".join(traceback.format_exception(error)))
                cause: BaseException | None = error
                while cause is not None:
                    heard.append(repr(cause))
                    cause = cause.__cause__ or cause.__context__
        heard += [str(warning.message) for warning in warned]
        return "\n".join([*heard, caplog.text, *capfd.readouterr()])

    return gather


def write(path: Path, rows: list[dict[str, str | None]]) -> Path:
    frame = pd.DataFrame(rows)
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".xlsx":
            frame.map(lambda cell: cell.replace("\0", "#") if cell else cell).to_excel(
                path, index=False
            )
        case ".parquet":
            frame.to_parquet(path)
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.parquet", "a.jsonl"])
def test_reports_hold_no_value(
    tmp_path: Path, name: str, said: Callable[[Callable[[], object]], str]
) -> None:
    def report() -> tuple[object, ...]:
        reading = read_records(write(tmp_path / name, BAD), role="sought")
        checked = check(reading, today=datetime.date(2025, 1, 1))
        console = Console(width=200, file=io.StringIO())
        console.print(checked)
        shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is the one given above
        assert len(checked.findings) > 10
        return (
            reading,
            reading.records,
            checked,
            checked.findings,
            shown,
            json.dumps(checked.as_dict()),
        )

    assert CANARY not in said(report)


BROKEN: dict[str, bytes] = {
    "headerless.csv": f"{CANARY},{CANARY}-2\n{CANARY},{CANARY}\n".encode(),
    "other-delimiter.csv": f"record_id^given_name\n{CANARY}^{CANARY}\n".encode(),
    "unknown-column.csv": f"record_id,given_name,x\n{CANARY},{CANARY},{CANARY}\n".encode(),
    "no-identifier.csv": f"given_name\n{CANARY}\n".encode(),
    "ragged.csv": f"record_id,given_name\n{CANARY}\n{CANARY},{CANARY},{CANARY}\n".encode(),
    "quotes.csv": f'record_id,given_name\n"{CANARY}"x,"{CANARY}\n'.encode(),
    "damaged.csv": f"record_id,given_name\n{CANARY},José\n".encode() + CANARY.encode() + b",\xff\n",
    "odd-bytes.csv": b"record_id,given_name\n" + CANARY.encode() + bytes(range(128, 256)) + b",\n",
    "cut.csv": f"record_id,given_name\n{CANARY},{CANARY}\n".encode("utf-16")[:-1],
    "list.jsonl": json.dumps([GOOD]).encode(),
    "broken.jsonl": (
        json.dumps(GOOD)[:-1] + "\n" + json.dumps({**GOOD, "given_name": []})
    ).encode(),
    "surrogate.jsonl": json.dumps({**GOOD, "given_name": f"{CANARY}\ud800"}).encode(),
    "unknown-key.jsonl": json.dumps({**GOOD, "x": CANARY}).encode(),
    "not-a.parquet": b"PAR1" + CANARY.encode() * 100 + b"PAR1",
    "not-a.xlsx": b"PK\x03\x04" + CANARY.encode() * 100,
}


@pytest.mark.parametrize("name", BROKEN)
def test_errors_and_tracebacks_hold_no_value(
    tmp_path: Path, name: str, said: Callable[[Callable[[], object]], str]
) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN[name])

    def report() -> object:
        reading = read_records(path, role="sought")
        return check(reading, today=datetime.date(2025, 1, 1)).require_usable()

    heard = said(report)
    assert CANARY not in heard
    assert "InputError" in heard or "records with" in heard


def test_a_date_beyond_the_calendar_is_a_finding_and_no_warning(
    tmp_path: Path, said: Callable[[Callable[[], object]], str]
) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["record_id", "given_name", "birth_date"])
    workbook.active.append(["1", "A", 987654321987])
    workbook.active["C2"].number_format = "yyyy-mm-dd"
    workbook.save(tmp_path / "a.xlsx")
    heard = said(lambda: read_records(tmp_path / "a.xlsx", role="sought").findings)
    assert "cell_error" in heard
    assert "987654321987" not in heard


def test_frames_and_rows_that_are_refused_show_no_value(
    said: Callable[[Callable[[], object]], str],
) -> None:
    frame = pd.DataFrame({"record_id": ["1", 2], "given_name": [[CANARY], {CANARY: 1}]})
    assert CANARY not in said(lambda: Records.from_frame(frame, role="sought"))
    rows = [{"given_name": f"{CANARY}\ud800"}]
    assert CANARY not in said(lambda: Records.from_rows(rows, role="sought"))
    with pytest.raises(InputError):
        Records.from_rows(rows, role="sought")


def test_a_mapping_that_is_really_a_list_of_people_is_not_shown(
    tmp_path: Path, said: Callable[[Callable[[], object]], str]
) -> None:
    path = tmp_path / "map.toml"
    for content in (f"record_id,given_name\n1,{CANARY}\n", f'x = "{CANARY}"', f'x = "{CANARY}'):
        path.write_text(content)
        assert CANARY not in said(lambda: Mapping.load(path))
