"""The mapping file: which of a society's columns are which."""

from pathlib import Path

import pytest

from encoders.readers import Mapping
from matcher.formats.errors import InputError


def load(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "map.toml"
    path.write_text(text, "utf-8")
    return Mapping.load(path)


def test_a_mapping_file_says_what_is_what(tmp_path: Path) -> None:
    mapping = load(
        tmp_path,
        'ignore = ["phone"]\nencoding = "windows-1256"\n'
        '[columns]\ngiven_name = "Prénom"\nresidence = ["address_1", "suburb"]\n',
    )
    assert mapping == Mapping(
        {"given_name": ("Prénom",), "residence": ("address_1", "suburb")},
        frozenset({"phone"}),
        "windows-1256",
    )
    header = ["record_id", "Prénom", "phone", "suburb", ""]
    assert mapping.wanted(header) == ("record_id", "Prénom", "suburb")
    assert mapping.assigned(["Prénom", "record_id", "suburb"]) == {
        "record_id": ("record_id",),
        "given_name": ("Prénom",),
        "residence": ("suburb",),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[columns", "not valid TOML"),
        ('[colums]\ngiven_name = "A"', "'colums'"),
        ('[columns]\nfirst_name = "A"', "'first_name'"),
        ('[columns]\ngiven_name = "A"\nignore = ["phone"]', "stand above"),
        ("[columns]\ngiven_name = 3", "'given_name' must be a column name"),
        ('[columns]\ngiven_name = ""', "'given_name' must be a column name"),
        ("columns = 3", "must be a table"),
        ("ignore = 3", "'ignore' must be a column name"),
        ("encoding = 3", "each of encoding, date_order, calendar a text"),
        ('date_order = "ymd"', "'date_order' must be dmy"),
        ('calendar = "martian"', "'calendar' must be one of gregorian, hijri"),
        ('encoding = "klingon"', "'encoding' is not known"),
        ('encoding = "base64"', "'encoding' is not known"),
        ('ignore = ["A"]\n[columns]\ngiven_name = "A"', "both maps and ignores 'A'"),
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(tmp_path, text)


def test_a_mapping_that_is_no_text_or_missing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        Mapping.load(tmp_path / "map.toml")
    with pytest.raises(InputError, match="No such file"):
        Mapping.load(tmp_path / "missing.toml")


def test_one_column_may_serve_as_two() -> None:
    mapping = Mapping({"record_id": ("No",), "case_id": ("No",)})
    assert mapping.wanted(["No", "given_name"]) == ("No", "given_name")
