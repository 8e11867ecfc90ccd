"""The demo clears what a demo made, and nothing else."""

from pathlib import Path

import pytest

from matcher.cli import demonstration
from matcher.formats.errors import OutputError
from matcher.formats.rulebook import RULES


def test_a_folder_of_someone_elses_is_never_cleared(tmp_path: Path) -> None:
    theirs = tmp_path / "febrl4" / "requests.csv"
    theirs.parent.mkdir()
    theirs.write_text("theirs")
    with pytest.raises(OutputError, match="not from a demo"):
        demonstration.demo(out=tmp_path)
    assert theirs.read_text() == "theirs"


def test_what_an_earlier_demo_left_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = []

    def stop(_name: str, _title: str, _options: object, folder: Path) -> None:
        left.append(sorted(path.name for path in folder.iterdir() if path.suffix))
        (folder / "old.csv").write_text("old")
        raise KeyboardInterrupt

    monkeypatch.setattr(demonstration, "_run_set", stop)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            demonstration.demo(out=tmp_path)
    assert left == [[], []]


def test_two_requests_are_refused_and_the_reason_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    small = ("--requests", "30", "--register", "60", "--seed", "1")
    monkeypatch.setattr(demonstration, "_SETS", {"tracing": ("small", small)})
    monkeypatch.setenv("COLUMNS", "200")
    demonstration.demo(out=tmp_path / "demo")
    said = capfd.readouterr()
    for rule in ("consent.not-withdrawn", "enquirer.no-concern"):
        assert f"1: {rule}" in said.out
        assert RULES[rule].sentence in " ".join(said.err.split())
