"""Files written whole or not at all, and the folders that they go to."""

import os
from pathlib import Path

import pytest

from matcher.formats.errors import OutputError
from matcher.formats.files import make_folder, written_whole


def test_a_folder_is_made_with_those_above_it_and_may_be_there(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_private_folder_is_its_owners_alone(tmp_path: Path) -> None:
    make_folder(tmp_path / "own", private=True)
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("below", ["", "b"])
def test_a_file_in_the_folders_place_is_told(tmp_path: Path, below: str) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match=r"can't be made .*Choose another folder"):
        make_folder(tmp_path / "a" / below)


def test_what_fails_on_the_way_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("older")

    def cut_off() -> None:
        with written_whole(path) as aside:
            aside.write_text("newer")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_off()
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]
    with written_whole(path) as aside:
        aside.write_text("newer")
    assert path.read_text() == "newer"


def test_what_is_flushed_is_open_for_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to flush what is open for reading alone."""
    flushed = []

    def flush(descriptor: int) -> None:
        os.write(descriptor, b"")
        flushed.append(descriptor)

    monkeypatch.setattr(os, "fsync", flush)
    with written_whole(tmp_path / "file") as aside:
        aside.write_text("content")
    assert len(flushed) == 1
    assert (tmp_path / "file").read_text() == "content"
