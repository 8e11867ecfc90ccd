"""Runs the races, writes the figures and shows them: `python -m benchmarks.core [OUT]`."""

import json
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.core import bench_scoring, report
from matcher.formats.files import written_whole

RESULTS = Path(__file__).parent.parent / "results" / "core.json"


def main(out: Path) -> int:
    """Run everything, and write the figures to `out`."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.json"
        options = ["--benchmark-enable", "--benchmark-quiet", "-p", "no:cacheprovider"]
        code = pytest.main([bench_scoring.__file__, *options, f"--benchmark-json={raw}"])
        if code:
            return int(code)
        found = report.figures(json.loads(raw.read_text()))
    with written_whole(out) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    for table in report.tables(found):
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS))
