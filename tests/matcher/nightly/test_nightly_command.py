"""`kinmatch nightly` as a process: told to stop it ends after a tile, and the next one goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nights import Submit
from people import ONE, THREE, TODAY, TWO, registered, sought
from sqlalchemy import func, select

from matcher.cli import console
from matcher.formats.agreement import Agreement
from matcher.store.database import Store
from matcher.store.models import CandidateRow, RunRow

# As `kinmatch nightly`, with tiles that take a moment and are noted in a file.
PROGRAM = """
import sys, time
from matcher.cli import main
from matcher.nightly import comparing

noted, seconds = sys.argv.pop(), float(sys.argv.pop())

def slow(plan, tile, *rest, original=comparing.compare_tile):
    with open(noted, "a") as file:
        file.write(f"{tile.number} ")
    time.sleep(seconds)
    return original(plan, tile, *rest)

comparing.compare_tile = slow
main()
"""


def begin(store: Store, noted: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", PROGRAM, "nightly", "--data-folder", str(store.folder)),
            *("--on", str(TODAY), "--passphrase-fd", "0", "--json", str(seconds), str(noted)),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "KINMATCH_STORE_KEYS_FILE": str(store.folder / "store-keys.json")},
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write("passphrase\n")
    process.stdin.close()
    process.stdin = None
    return process


def tiles(noted: Path) -> list[int]:
    return list(map(int, noted.read_text().split())) if noted.exists() else []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_after_a_tile_and_loses_nothing(
    store: Store, agreement: Agreement, given: Submit, tmp_path: Path, number: int
) -> None:
    for society, people in (
        (ONE, sought(1, 2)), (TWO, registered(1, 2)), (THREE, registered(1)),
    ):  # fmt: skip
        given(society, people)
    noted = tmp_path / "tiles"
    night = begin(store, noted, 2.0)
    deadline = time.monotonic() + 60
    while not tiles(noted):
        assert night.poll() is None, night.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    night.send_signal(number)
    out, told = night.communicate(timeout=60)
    assert night.returncode == console.TRY_LATER, told
    assert out == ""
    assert "goes on" in told
    assert len(tiles(noted)) == 1
    with store.as_unit() as session:
        assert session.scalars(select(RunRow.state)).all() == ["comparing"]
        assert session.scalar(select(func.count()).select_from(CandidateRow)) == 0

    again = begin(store, noted, 0.0)
    out, told = again.communicate(timeout=60)
    assert again.returncode == 0, told
    assert len(set(tiles(noted))) == len(tiles(noted)) > 1  # none was compared twice
    with store.as_unit() as session:
        assert session.scalars(select(RunRow.state)).all() == ["published"]
        assert session.scalar(select(func.count()).select_from(CandidateRow)) == 3
