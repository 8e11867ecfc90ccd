"""Where the fingerprints of batches lie: one file a batch, found by the batch's id."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.files import written_whole


@dataclass(frozen=True)
class Fingerprints:
    """The batches' files.

    Attributes:
        folder: Where they lie; made when first needed.
    """

    folder: Path

    def put(self, batch: UUID, source: Path) -> None:
        """Keep a copy of a batch's file; one of the same id is replaced.

        Raises:
            OutputError: It can't be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with written_whole(self._path(batch), private=True) as aside:
            shutil.copyfile(source, aside)

    def open(self, batch: UUID, agreement: Agreement) -> Batch:
        """Read a batch, and check all of it.

        Raises:
            InputError, IntegrityError, MismatchError: As `matcher.formats.batch.read_batch`.
        """
        return read_batch(self._path(batch), agreement)

    def destroy(self, batch: UUID) -> None:
        """Remove a batch's file, if it is there."""
        self._path(batch).unlink(missing_ok=True)

    def held(self) -> set[UUID]:
        """The batches of which there is a file."""
        return {UUID(path.name.split(".")[0]) for path in self.folder.glob("*.batch.parquet")}

    def _path(self, batch: UUID) -> Path:
        return self.folder / f"{batch}.batch.parquet"
