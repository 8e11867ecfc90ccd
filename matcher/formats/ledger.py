"""What the linkage unit has accepted, so that nothing is accepted twice or after its time.

The rules stand in `Accepted`, which knows one society's entries under one agreement. A ledger keeps
those entries: `FileLedger` in a file; a service may keep them in its database.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import EnvelopeError, InputError
from matcher.formats.files import written_whole
from matcher.formats.locking import locked

FORMAT: Final = "kinmatch-ledger/1"
"""The format's name and version."""

_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Receipt(BaseModel):
    """What is to be remembered of an envelope.

    Attributes:
        agreement_id: The agreement.
        society: Who sent it.
        number: Its number, which only grows for a society and an agreement.
        key_epoch: The epoch of its batch.
        digest: The digest of the whole envelope.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    society: str
    number: int = Field(ge=1)
    key_epoch: int = Field(ge=1)
    digest: _Digest


class Accepted(BaseModel):
    """What one society's envelopes under one agreement have been so far, and what may follow.

    Attributes:
        receipts: Of all that were accepted, in the order of their numbers.
        retired_epoch: The last key epoch that the society has retired; 0 when none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    receipts: tuple[Receipt, ...] = ()
    retired_epoch: int = Field(default=0, ge=0)

    def require(self, receipt: Receipt, *, again: bool = False) -> None:
        """Refuse an envelope that must not be accepted.

        Args:
            receipt: The envelope's.
            again: Whether one that was accepted before may be opened once more, as when a run is
                repeated.

        Raises:
            EnvelopeError: `retired`: the society has retired its key epoch. `replay`: it was
                accepted before, or one with a higher number was. `epoch`: the society has sent a
                batch of a later epoch.
        """
        whose = f"society '{receipt.society}', agreement {receipt.agreement_id}"
        if receipt.key_epoch <= self.retired_epoch:
            raise EnvelopeError(
                "retired",
                f"Key epoch {receipt.key_epoch} was retired by its society ({whose}); its "
                "fingerprints are not to be used any more.",
            )
        if again and receipt in self.receipts:
            return
        if self.receipts and receipt.number <= self.receipts[-1].number:
            raise EnvelopeError(
                "replay",
                f"Envelope {receipt.number} is not newer than the last one accepted, "
                f"{self.receipts[-1].number} ({whose}). It was sent twice, or its society's clock "
                "goes wrong; a new envelope must be made.",
            )
        if self.receipts and receipt.key_epoch < self.receipts[-1].key_epoch:
            raise EnvelopeError(
                "epoch",
                f"Key epoch {receipt.key_epoch} is older than {self.receipts[-1].key_epoch}, which "
                f"was used already ({whose}). The records must be encoded under the newest epoch.",
            )

    def with_receipt(self, receipt: Receipt) -> "Accepted":
        """Give what has been accepted once this has; the same if it has been before."""
        if receipt in self.receipts:
            return self
        return self.model_copy(update={"receipts": (*self.receipts, receipt)})


class Ledger(Protocol):
    """Where receipts are kept.

    An implementation reads the society's `Accepted`, asks it, and keeps the receipt, all three as
    one step that no other process can come between.
    """

    def check(self, receipt: Receipt, *, again: bool) -> None:
        """Refuse an envelope as `Accepted.require` does, and keep nothing."""

    def accept(self, receipt: Receipt, *, again: bool) -> None:
        """Refuse an envelope as `Accepted.require` does, or keep its receipt."""


class FileLedger:
    """A ledger in a JSON file, which several processes may share; made when first needed.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, receipt: Receipt, *, again: bool) -> None:
        """Refuse an envelope as `Accepted.require` does, and keep nothing.

        Raises:
            EnvelopeError: It is refused.
            InputError: The file can't be read or is no ledger.
        """
        self._of(self._read(), receipt.agreement_id, receipt.society).require(receipt, again=again)

    def accept(self, receipt: Receipt, *, again: bool) -> None:
        """Refuse an envelope as `Accepted.require` does, or keep its receipt.

        Raises:
            EnvelopeError: It is refused.
            InputError: The file can't be read or is no ledger.
            OutputError: The file can't be written.
        """
        with self._changing(receipt.agreement_id, receipt.society) as entry:
            entry[0].require(receipt, again=again)
            entry[0] = entry[0].with_receipt(receipt)

    def retire(self, agreement_id: str, society: str, key_epoch: int) -> None:
        """Accept nothing more of a society's key epoch or an earlier one, nor open it again.

        Raises:
            InputError: The file can't be read or is no ledger.
            OutputError: The file can't be written.
        """
        with self._changing(agreement_id, society) as entry:
            retired = max(key_epoch, entry[0].retired_epoch)
            entry[0] = entry[0].model_copy(update={"retired_epoch": retired})

    @contextmanager
    def _changing(self, agreement_id: str, society: str) -> Iterator[list[Accepted]]:
        with locked(self.path):
            kept = self._read()
            entry = [self._of(kept, agreement_id, society)]
            yield entry
            kept.setdefault(agreement_id, {})[society] = entry[0].model_dump(mode="json")
            text = json.dumps({"format": FORMAT, "accepted": kept}, indent=1, sort_keys=True)
            with written_whole(self.path, private=True) as aside:
                aside.write_text(text + "\n", encoding="ascii", newline="\n")

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            fields = json.loads(self.path.read_bytes())
            kept = fields["accepted"]
            if fields["format"] != FORMAT or not all(isinstance(x, dict) for x in kept.values()):
                raise self._no_ledger()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(f"{self.path}: can't be read ({error.strerror}).") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise self._no_ledger() from None
        return kept  # type: ignore[no-any-return]  # what it holds is checked where it is used

    def _of(self, kept: dict[str, dict[str, Any]], agreement_id: str, society: str) -> Accepted:
        try:
            entry = kept.get(agreement_id, {}).get(society, {})
            return Accepted.model_validate_json(json.dumps(entry))
        except ValidationError:
            raise self._no_ledger() from None

    def _no_ledger(self) -> InputError:
        return InputError(
            f"{self.path}: not a ledger of this release, '{FORMAT}', or altered; take it from its "
            "copy, for without it an old envelope could be accepted once more."
        )
