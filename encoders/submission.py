"""Sending: a batch becomes an envelope for the linkage unit, and is gone."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.formats.agreement import Agreement
from matcher.formats.envelope import require_own_keys, write_envelope
from matcher.formats.identity import Identity


@contextmanager
def sealed_batch(
    path: Path, references: Path, *, identity: Identity, agreement: Agreement, number: int
) -> Iterator[Path]:
    """Give a path to write a batch to, and make an envelope of it when the block ends well.

    Args:
        path: The envelope; an older file of that name is replaced.
        references: The reference file that is written in the block; it goes again where the
            envelope can't be written, so that there are both or neither.
        identity: The society's.
        agreement: What the batch is encoded under.
        number: The envelope's number; see `write_envelope`.

    Yields:
        Where to write the batch. It does not stay.

    Raises:
        AgreementError: The agreement does not have this identity's public keys.
        OutputError: The envelope can't be written.
    """
    agreement.require_party(identity.public.name)
    require_own_keys(agreement, identity)
    batch = path.with_name(f".{path.name}.{secrets.token_hex(6)}.batch")
    try:
        yield batch
        try:
            write_envelope(batch, path, identity=identity, agreement=agreement, number=number)
        except BaseException:
            references.unlink(missing_ok=True)
            raise
    finally:
        batch.unlink(missing_ok=True)
