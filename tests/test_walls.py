"""The walls of the house: import-linter's contracts hold, and would catch who climbs over."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("encoders", "matcher", "benchmarks", "datasets")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in a folder, and not on the installed ones."""
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the packages, to break."""
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__", "*.npz", "*.json", "results"),
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_is_whole(house: Path) -> None:
    ran = lint_imports(house)
    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("matcher/scoring/search.py", "import encoders", "never reaches plaintext"),
        ("matcher/decisions/roles.py", "from encoders.keys import Keys", "never reaches plaintext"),
        ("matcher/formats/batch.py", "import datasets.febrl", "never reaches plaintext"),
        ("encoders/names.py", "import matcher.matching", "only the formats"),
        ("datasets/febrl.py", "from matcher.formats import errors", "Test data knows nothing"),
        ("matcher/formats/files.py", "import matcher.scoring", "built in floors"),
    ],
)
def test_who_climbs_over_a_wall_is_caught(
    house: Path, module: str, line: str, contract: str
) -> None:
    path = house / module
    if not path.exists():
        path = path.with_suffix("") / "__init__.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    ran = lint_imports(house)
    assert ran.returncode == 1, ran.stdout
    assert "1 broken" in ran.stdout or "2 broken" in ran.stdout
    broken = [text for text in ran.stdout.splitlines() if "BROKEN" in text]
    assert any(contract in text for text in broken), ran.stdout
