"""A scheme that hardens nothing says so at every use, and the others say nothing."""

import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path

import pytest

from matcher.formats.agreement import Agreement
from matcher.formats.errors import UnhardenedWarning
from matcher.formats.scheme import Scheme, published


def agreement(path: Path, label: str) -> Path:
    Agreement.new(
        parties=("a", "b"),
        linkage_unit="hub",
        purposes=("test",),
        legal_bases=("test-data",),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        retention_days=1,
        scheme=Scheme.published(label),
    ).write(path)
    return path


def test_interop_alone_is_unhardened() -> None:
    assert [label for label in published() if Scheme.published(label).unhardened] == ["interop/1"]
    warning = Scheme.published("interop/1").warning
    assert warning
    assert all(part.name in warning for part in Scheme.published("interop/1").passes)
    assert Scheme.published("high/1").warning is None


def test_reading_an_agreement_warns_where_its_scheme_is_unhardened(tmp_path: Path) -> None:
    path = agreement(tmp_path / "interop.toml", "interop/1")
    for _ in range(2):
        with pytest.warns(UnhardenedWarning, match="UNHARDENED.*interop/1"):
            Agreement.read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Agreement.read(agreement(tmp_path / "standard.toml", "standard/2"))


def test_every_command_says_so_in_one_sentence(tmp_path: Path) -> None:
    for label, times in (("interop/1", 1), ("high/1", 0)):
        path = agreement(tmp_path / f"{label[:4]}.toml", label)
        done = subprocess.run(
            [sys.executable, "-m", "matcher.cli", "agreement", "show", str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.count("UNHARDENED") == times
        assert "Warning" not in done.stderr
        assert "UNHARDENED" not in done.stdout
