"""Running commands in this process, as a person would meet the gates."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from matcher.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all that it said, on one line."""

    status: int
    out: str
    said: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command of the command line."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(*words: str | Path) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["kinmatch", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        out, err = capsys.readouterr()
        said = " ".join((out + " " + err).split())
        return Ended(code if isinstance(code, int) else int(code is not None), out, said)

    return command
