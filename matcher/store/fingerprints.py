"""Where the fingerprints of batches lie: encrypted, a file and a key for each batch's id.

A file is never changed. Where people are taken out of a batch, another file takes the place of the
first, under a name with a number and a key of its own; the first one's key is destroyed.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from matcher.formats.agreement import Agreement
from matcher.formats.batch import KIND, VERSION, Batch
from matcher.formats.errors import IntegrityError, ParameterError
from matcher.formats.sealed import SealedFile
from matcher.vault import Vault


@dataclass(frozen=True)
class Held:
    """The batches' files.

    Attributes:
        vault: What keeps them.
    """

    vault: Vault

    def put(self, batch: UUID, source: Path | BinaryIO) -> None:
        """Keep a copy of a batch's file; one that is there already is left, as after a crash.

        Raises:
            InputError: The file can't be read.
            OutputError: It can't be written.
        """
        if not self._names(batch):
            self.vault.put(str(batch), source)

    def open(self, batch: UUID, agreement: Agreement) -> Batch:
        """Read a batch, and check all of it; it is never decrypted to the disk.

        Raises:
            InputError, IntegrityError, MismatchError: As `matcher.formats.batch.read_batch`.
            ParameterError: The store has no such file; it never had, or it was destroyed.
        """
        name = self._name(batch)
        try:
            file = SealedFile(self.vault.folder / name, KIND, VERSION, self.vault.open(name))
        except (IntegrityError, ParameterError):
            if self._name(batch) == name:
                raise
            return self.open(batch, agreement)  # people were taken out of it just now
        return Batch(file, agreement)

    def replace(self, batch: UUID, content: BinaryIO) -> None:
        """Let another file take the place of a batch's, of which no copy can be read from then on.

        Args:
            batch: The batch.
            content: The batch anew, its people in the same rows (`Batch.without`).

        Raises:
            OutputError: The new file can't be written; nothing is changed.
        """
        name = self._name(batch)
        stem, _, number = name.partition(".")
        self.vault.replace(name, f"{stem}.{int(number or 0) + 1}", content)

    def destroy(self, batch: UUID) -> None:
        """Destroy a batch's key and file, if they are there: no backup can be read any more."""
        for name in self._names(batch) or [str(batch)]:
            self.vault.destroy(name)

    def ids(self) -> set[UUID]:
        """The batches of which there is a file that can be read."""
        return {
            UUID(name.partition(".")[0]) for name in self.vault.names() if self.vault.is_there(name)
        }

    def sweep(self, destroyed: AbstractSet[UUID]) -> int:
        """Remove files that nobody can read and that something else took the place of.

        A file without a key whose batch is held is left: the keys may be an older copy.

        Args:
            destroyed: The batches that are destroyed.

        Returns:
            How many there were.
        """
        over = self.ids() | destroyed
        return self.vault.sweep(lambda name: UUID(name.partition(".")[0]) in over)

    def _name(self, batch: UUID) -> str:
        """The name of a batch's file now."""
        names = self._names(batch)
        return names[-1] if names else str(batch)

    def _names(self, batch: UUID) -> list[str]:
        return [name for name in self.vault.names() if name.partition(".")[0] == str(batch)]
