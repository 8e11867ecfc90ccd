"""What the tests of the formats share."""

from pathlib import Path

import pytest
from batch_rows import DrawUp, make_rows

from matcher.formats.agreement import Agreement
from matcher.formats.batch import write_batch


@pytest.fixture
def small(tmp_path: Path, draw_up: DrawUp) -> tuple[Path, Agreement]:
    path = tmp_path / "small.batch"
    write_batch(path, society="red-one", agreement=draw_up(), groups=[make_rows(5)])
    return path, draw_up()
