"""The whole way over HTTP, by the demo that runs it, and that nothing of it goes on running."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from matcher.cli.demonstration import MEETING, SEEKING


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's system user can enter too, where the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="kinmatch-demo-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def begun(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the demo as from a terminal: nobody's settings are to be seen by it.

    A shell has what it starts in the background ignore SIGINT, and the demo would inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "matcher.cli", "demo", "--service", "--out", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "200", **environment},
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def running_in(folder: Path) -> list[str]:
    """Every process that works in a folder, or was told of it."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [process.cwd(), *process.cmdline()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if any(str(folder) in one for one in told):
            found.append(" ".join(told))
    return found


def test_two_societies_and_the_linkage_unit_over_http(folder: Path) -> None:
    demo = begun(folder, KINMATCH_DATA_FOLDER=str(folder / "somebody-elses"))
    out, err = demo.communicate()
    assert demo.returncode == 0, err
    assert running_in(folder) == []
    assert not (folder / "somebody-elses").exists()

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines()]
    told = {row[0]: row[1:] for row in rows if len(row) == 3 and row[0]}
    refused = [row[1] for row in rows if len(row) == 3]
    assert any("consent.not-withdrawn" in one for one in refused)
    assert any("enquirer.no-concern" in one for one in refused)
    released = [int(one) for one in told["candidates released for refinement"]]
    assert released[0] == released[1] > 50
    assert int(told["strong candidates"][0]) > 10
    early = told["a batch, before it was decided to share"]
    assert early == ["refused: sharing.tree-permits"] * 2
    hasty = told["a confirmation, before safeguarding was cleared"][0]
    assert hasty == "refused: disclosure.safeguarding-cleared"
    assert "Have it looked at, and say so with the decision." in " ".join(err.split())
    unknown = told["a deletion, before it was known who asks"][0]
    assert unknown == "refused: rights.identity-verified"
    assert told["a deletion, asked for and proved"][0] == "8 of 8 shown, a backup's keys too"
    people = told[f"a breach of {SEEKING}"][0]
    assert int(people.split(" ")[0].replace(",", "")) > 100
    # All answers were yes, but nobody is focal point at the linkage unit: evidence counts more.
    assert told["indicators reported"][0].startswith("low, ")
    for name in (told["a template written"][0], "indicators.html", "indicators.csv"):
        assert (folder / "service" / name).stat().st_size > 200
    mine, theirs = told["after both confirmed, told"]
    assert mine.startswith(f"{MEETING}: ")
    assert theirs.startswith(f"{SEEKING}: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing_running(folder: Path, number: signal.Signals) -> None:
    demo = begun(folder)
    end = time.monotonic() + 300
    while not (folder / "service" / "worker.log").exists():  # service and database are up
        assert demo.poll() is None, demo.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.2)
    assert len(running_in(folder)) > 1
    demo.send_signal(number)
    demo.communicate(timeout=120)
    assert demo.returncode != 0
    assert running_in(folder) == []
