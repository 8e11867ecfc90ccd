"""Marks: how the linkage unit knows a record again whose society asked for that, and no other.

Only the society can make a **record key** of a record's id. Every batch has a random nonce, and a
row's **mark** is a MAC of that nonce under its record key: without the key a mark says nothing, and
two batches of one society can't be laid side by side. A notice that suspends, withdraws or deletes
a record gives its record key away; with that the linkage unit finds the record in every batch that
it holds and will ever be sent, and keeps the key as the record's hold or tombstone.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

KEY_BYTES: Final = 16
"""Bytes of a record key."""

MARK_BYTES: Final = 16
"""Bytes of a mark, and of a batch's nonce."""

_PERSON = b"kinmatch-mark/1"


def marks_of(record_keys: Iterable[bytes], nonce: bytes) -> list[bytes]:
    """Give the marks that records have in a batch.

    Args:
        record_keys: Keys of `KEY_BYTES` bytes.
        nonce: The batch's, `MARK_BYTES` bytes.

    Returns:
        For each key `MARK_BYTES` bytes of keyed BLAKE2b (RFC 7693, section 2.5) of the nonce, in
        the same order.
    """
    return [
        hashlib.blake2b(nonce, digest_size=MARK_BYTES, key=key, person=_PERSON).digest()
        for key in record_keys
    ]
