"""The operator's commands, by the real command line, on a data folder of their own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def kinmatch(folder: Path, *words: str, data: str = "data") -> subprocess.CompletedProcess[str]:
    """Run a command with a passphrase on a file descriptor, as often as it is asked for."""
    reading, writing = os.pipe()
    os.write(writing, b"passphrase\n" * 3)
    os.close(writing)
    asks = words[0] in {"nightly", "backup", "restore"} or words[:2] == ("config", "init")
    try:
        return subprocess.run(
            [
                sys.executable, "-m", "matcher.cli", *words, "--data-folder", str(folder / data),
                *(["--passphrase-fd", str(reading)] if asks else []),
            ],
            pass_fds=[reading], capture_output=True, text=True, cwd=folder,
        )  # fmt: skip
    finally:
        os.close(reading)


def said(ran: subprocess.CompletedProcess[str], status: int = 0) -> Any:
    assert ran.returncode == status, ran.stderr
    return json.loads(ran.stdout)


def test_from_nothing_to_a_backup_and_back(folder: Path) -> None:
    told = said(kinmatch(folder, "config", "check", "--json"), status=2)
    assert len(told["problems"]) == 3
    assert not (folder / "data").exists()
    ran = kinmatch(folder, "nightly")
    assert ran.returncode == 2
    assert "config init" in ran.stderr
    assert kinmatch(folder, "config", "init").returncode == 0
    assert said(kinmatch(folder, "config", "check", "--json"))["problems"] == []
    assert said(kinmatch(folder, "nightly", "--json")) == []
    assert kinmatch(folder, "backup", "archive").returncode == 0
    assert kinmatch(folder, "audit", "sign").returncode == 0
    verified = said(kinmatch(folder, "audit", "verify", "--json"))
    assert (verified["entries"], verified["signed_to"]) == (1, 1)
    (folder / "data.store-keys.json").rename(folder / "other.store-keys.json")
    ran = kinmatch(folder, "restore", "archive", data="other")
    assert ran.returncode == 0, ran.stderr
    assert not (folder / "data" / "database" / "postmaster.pid").exists()
    assert not (folder / "other" / "database" / "postmaster.pid").exists()
