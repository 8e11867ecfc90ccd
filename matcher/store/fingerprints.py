"""Where the fingerprints of batches lie: encrypted, a file and a key for each batch's id."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from matcher.formats.agreement import Agreement
from matcher.formats.batch import KIND, VERSION, Batch
from matcher.formats.sealed import SealedFile
from matcher.vault import Vault


@dataclass(frozen=True)
class Held:
    """The batches' files.

    Attributes:
        vault: What keeps them.
    """

    vault: Vault

    def put(self, batch: UUID, source: Path) -> None:
        """Keep a copy of a batch's file; one that is there already is left, as after a crash.

        Raises:
            InputError: The file can't be read.
            OutputError: It can't be written.
        """
        if str(batch) not in self.vault.names():
            self.vault.put(str(batch), source)

    def open(self, batch: UUID, agreement: Agreement) -> Batch:
        """Read a batch, and check all of it; it is never decrypted to the disk.

        Raises:
            InputError, IntegrityError, MismatchError: As `matcher.formats.batch.read_batch`.
        """
        name = str(batch)
        file = SealedFile(self.vault.folder / name, KIND, VERSION, self.vault.open(name))
        return Batch(file, agreement)

    def destroy(self, batch: UUID) -> None:
        """Destroy a batch's key and file, if they are there: no backup can be read any more."""
        self.vault.destroy(str(batch))

    def ids(self) -> set[UUID]:
        """The batches of which there is a file."""
        return {UUID(name) for name in self.vault.names()}
