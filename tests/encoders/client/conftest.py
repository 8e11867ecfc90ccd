"""What is sent in these tests."""

import random
from pathlib import Path

import pytest

from matcher.formats.chunks import encrypted_size
from matcher.formats.envelope import EnvelopeHeader
from matcher.formats.identity import SIGNATURE_BYTES, WRAPPED_KEY_BYTES

BYTES = 100_000


@pytest.fixture
def envelope(tmp_path: Path) -> Path:
    """A file that has the form of an envelope, which is all that is looked at to send it."""
    header = EnvelopeHeader(
        agreement_id="ab" * 16, agreement_digest="sha256:" + "1" * 64, key_epoch=1,
        scheme="standard/2", scheme_digest="sha256:" + "2" * 64, society="red-one",
        linkage_unit="hub", number=1, batch_seal="sha256:" + "3" * 64, batch_bytes=BYTES,
    )  # fmt: skip
    rest = WRAPPED_KEY_BYTES + encrypted_size(BYTES) + SIGNATURE_BYTES
    path = tmp_path / "envelope"
    path.write_bytes(header.line + random.Random(1).randbytes(rest))  # noqa: S311 - any bytes
    return path
