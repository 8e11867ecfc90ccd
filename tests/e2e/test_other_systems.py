"""A society's commands where text is not UTF-8 by default, as on Windows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LATIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "cp1252"}
PEOPLE = "record_id,role,given_name,birth_date\nسجل,sought,عمر,1990-02-03\n"
LAW = 'format = "kinmatch-law/1"\nsociety = "seeking"\nmajority = 18\nnotice_days = 30\n'


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return path


def ran(*words: str | Path) -> bytes:
    """What a command prints where text is in an encoding of one language."""
    done = subprocess.run(
        [sys.executable, "-m", "matcher.cli", *map(str, words)],
        capture_output=True,
        env={name: value for name, value in os.environ.items() if name[:3] != "LC_"} | LATIN,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_forms_hold_ids_of_every_script(records: Path) -> None:
    folder = records.parent / "intake"
    ran("intake", "new", records, "--society", "seeking", "--out", folder)
    assert "\nسجل," in (folder / "entries.csv").read_text(encoding="utf-8")


def test_what_is_printed_for_a_file_or_a_program_is_utf_8(office: Path) -> None:
    law = office / "law.toml"
    law.write_text(LAW + "[bases.consent]\nordinary = true\n", encoding="utf-8")
    words = "template", "consent-script", "--agreement", office / "agreement.toml", "--law", law
    printed = ran(*words, "--language", "fr")
    ran(*words, "--language", "fr", "--out", office / "script.md")
    assert printed == (office / "script.md").read_bytes()
    assert "é" in printed.decode()
