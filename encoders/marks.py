"""Record keys: what this society alone can make of a record's id; see `matcher.formats.marks`.

They come from the society's identity, not from the agreement's root, which other societies have
too. Under another identity or agreement a record has another key.
"""

import hashlib
from collections.abc import Iterable

from encoders.protection.tables import as_key
from matcher.formats.identity import Identity
from matcher.formats.marks import KEY_BYTES

_PERSON = b"kinmatch-record"


def record_keys(identity: Identity, agreement_id: str, record_ids: Iterable[str]) -> list[bytes]:
    """Make the record keys of records.

    Args:
        identity: The society's own.
        agreement_id: The agreement under which the records are encoded.
        record_ids: The records' ids; those that `as_key` gives alike have one key, so that a notice
            does not miss its record for a blank that nobody sees.

    Returns:
        `KEY_BYTES` bytes of keyed BLAKE2b of each id, in the same order.
    """
    with_key = identity.derive(f"record keys {agreement_id}")
    key = bytes(with_key.expose())
    with_key.wipe()
    return _keys(key, record_ids)


def throwaway_record_keys(seed: int, record_ids: Iterable[str]) -> list[bytes]:
    """Make record keys of a seed, which anybody can make again: for rehearsals alone."""
    return _keys(hashlib.sha256(f"throwaway record keys {seed:d}".encode()).digest(), record_ids)


def _keys(key: bytes, record_ids: Iterable[str]) -> list[bytes]:
    return [
        hashlib.blake2b(
            as_key(record_id).encode(), digest_size=KEY_BYTES, key=key, person=_PERSON
        ).digest()
        for record_id in record_ids
    ]
