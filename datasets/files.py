"""Writing a frame of test data to a CSV file, whole or not at all."""

import os
import secrets
from pathlib import Path

import pandas as pd


def write(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write `frame` as CSV (UTF-8, comma, newline, header, no index), whole or not at all.

    Same frame, same bytes, on every platform. The file is written beside its final name and
    renamed into place; an older file there is replaced.

    Args:
        frame: What to write; absent cells are empty strings or nulls, and both become empty.
        path: The final name. Its folder must exist.

    Returns:
        The path written.

    Raises:
        OSError: The file can't be written; nothing is left behind.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with aside.open("x", encoding="utf-8", newline="") as file:
            frame.to_csv(file, index=False, lineterminator="\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return path
