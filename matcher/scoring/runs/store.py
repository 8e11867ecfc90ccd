"""A run's folder: its plan's digest, a lock, and a file for every tile that is done.

A tile's file is written whole and its pages carry checksums, so a file that is there is either
right, or known to be damaged and computed again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.formats.errors import IntegrityError, MismatchError, OutputError
from matcher.formats.files import written_whole
from matcher.scoring.ordering import Pairs

if os.name == "posix":
    import fcntl
else:
    import msvcrt

SCHEMA = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("score", pa.float64())])

# Rows in a piece of a file: what merging reads of each file at a time.
PIECE = 1 << 14


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps what is done.

    Attributes:
        path: The folder.
    """

    path: Path

    @contextmanager
    def opened(self, plan_digest: str) -> Iterator[None]:
        """Hold the folder for a run of a plan; it is made if it is not there.

        Raises:
            OutputError: Another run holds it, or it can't be written to.
            MismatchError: It belongs to another plan.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a+b")
        except OSError as error:
            raise OutputError(f"{self.path}: can't be written to ({error.strerror}).") from None
        with lock:
            self._lock(lock.fileno())
            self._claim(plan_digest)
            yield

    def _lock(self, descriptor: int) -> None:
        """Lock the folder until this process lets go of it or ends."""
        try:
            if os.name == "posix":
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            raise OutputError(
                f"{self.path}: another run is at work in this folder. Wait for it, or choose "
                "another folder."
            ) from None

    def _claim(self, plan_digest: str) -> None:
        claimed = self.path / "plan"
        if not claimed.exists():
            with written_whole(claimed) as path:
                path.write_text(plan_digest + "\n")
        found = claimed.read_text().strip()
        if found != plan_digest:
            raise MismatchError(
                f"{self.path}: this folder belongs to plan {found}, not to {plan_digest}. Choose "
                "another folder."
            )

    def file(self, name: str) -> Path:
        """The path of a file of pairs."""
        return self.path / f"{name}.parquet"

    def write(self, name: str, pairs: Pairs) -> None:
        """Write pairs to a file, whole.

        Raises:
            OutputError: It can't be written.
        """
        self.write_pieces(name, iter([pairs]))

    def write_pieces(self, name: str, pieces: Iterator[Pairs]) -> None:
        """The same from pieces, which are written as they come."""
        with (
            written_whole(self.file(name)) as path,
            pq.ParquetWriter(path, SCHEMA, compression="zstd", write_page_checksum=True) as writer,
        ):
            for pairs in pieces:
                arrays = (pairs.left, pairs.right, pairs.score)
                table = pa.table([pa.array(values) for values in arrays], schema=SCHEMA)
                writer.write_table(table, row_group_size=PIECE)

    def is_done(self, name: str) -> bool:
        """Whether a file is there and whole; a damaged one is removed."""
        if not self.file(name).exists():
            return False
        try:
            for _ in self.read(name):
                pass
        except IntegrityError:
            self.file(name).unlink()
            return False
        return True

    def read(self, name: str) -> Iterator[Pairs]:
        """The pairs of a file, piece by piece.

        Raises:
            IntegrityError: The file is damaged.
        """
        try:
            with pq.ParquetFile(self.file(name), page_checksum_verification=True) as file:
                for place in range(file.num_row_groups):
                    table = file.read_row_group(place)
                    yield Pairs(*(table.column(column).to_numpy() for column in SCHEMA.names))
        except (OSError, pa.ArrowException) as error:
            raise IntegrityError(
                f"{self.file(name)}: damaged ({type(error).__name__}). Run again: it is computed "
                "anew."
            ) from None


def all_of(pieces: Iterator[Pairs]) -> Pairs:
    """Pairs in one piece."""
    parts = list(pieces)
    return Pairs(
        np.concatenate([np.empty(0, dtype=np.int64), *(part.left for part in parts)]),
        np.concatenate([np.empty(0, dtype=np.int64), *(part.right for part in parts)]),
        np.concatenate([np.empty(0), *(part.score for part in parts)]),
    )
