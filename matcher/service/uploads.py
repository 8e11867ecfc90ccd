"""The parts of batches' files, from their arrival until the batch is validated.

They lie in the data folder's `uploads`, a folder for each batch. A part is written aside and
renamed to its number and digest before the database hears of it: what the database names is there,
whole; what a cut connection or a crash left is nobody's, and goes with the folder.
"""

import base64
import hashlib
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from sqlalchemy import select

from matcher.formats.errors import IntegrityError, ServiceError
from matcher.formats.files import written_whole
from matcher.store import Store, batches
from matcher.store.models import BatchRow

FOLDER: Final = "uploads"
"""The folder of the parts in the data folder."""

UNFINISHED: Final = ("registered", "receiving", "validating")
"""States of a batch whose upload is still needed."""

_WRITTEN_AT_ONCE: Final = 2**18
_COPIED_AT_ONCE: Final = 2**20
_CONTENT_DIGEST: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")


def digest_of(content_digest: str) -> str:
    """Read a `Content-Digest` header (RFC 9530).

    Returns:
        `sha256:` and 64 hexadecimal digits.

    Raises:
        ServiceError: It has no SHA-256.
    """
    found = _CONTENT_DIGEST.search(content_digest)
    if found is None:
        raise ServiceError(
            "invalid-request", "Send the content's SHA-256 as 'Content-Digest: sha-256=:…:'."
        )
    return "sha256:" + base64.b64decode(found[1]).hex()


def folder_of(store: Store, batch: UUID) -> Path:
    """The folder of a batch's parts; it need not be there."""
    return store.folder / FOLDER / str(batch)


def _place_of(store: Store, batch: UUID, number: int, digest: str) -> Path:
    return folder_of(store, batch) / f"{number:05}-{digest.removeprefix('sha256:')}"


async def receive(
    store: Store, batch: UUID, number: int, digest: str, content: AsyncIterator[bytes]
) -> int:
    """Write a part as it arrives; nothing is left of one that does not arrive whole.

    Args:
        store: The store.
        batch: Whose part.
        number: Its number.
        digest: What its SHA-256 must be, `sha256:` and 64 hexadecimal digits.
        content: Its bytes.

    Returns:
        Its size in bytes.

    Raises:
        ServiceError: It isn't what its digest says.
    """
    place = _place_of(store, batch, number, digest)
    await run_in_threadpool(_make_folder, place.parent)
    hasher, size = hashlib.sha256(), 0
    # Opening, flushing and renaming may wait for the disk, so they leave the event loop too.
    async with contextmanager_in_threadpool(written_whole(place, private=True)) as aside:

        def write(chunk: bytes) -> None:
            hasher.update(chunk)
            with aside.open("ab") as file:
                file.write(chunk)

        gathered = bytearray()
        async for chunk in content:
            gathered += chunk
            size += len(chunk)
            if len(gathered) >= _WRITTEN_AT_ONCE:
                await run_in_threadpool(write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(write, bytes(gathered))
        if "sha256:" + hasher.hexdigest() != digest:
            raise ServiceError(
                "altered", "The part is not what its Content-Digest says; send it again."
            )
    return size


def _make_folder(folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def drop_part(store: Store, batch: UUID, number: int, digest: str) -> None:
    """Remove a part that was received and not noted."""
    _place_of(store, batch, number, digest).unlink(missing_ok=True)


def assembled(store: Store, batch: UUID) -> Path:
    """Put a finished batch's parts together into one file.

    Done again, as after a crash, it gives the same file. `cleared` removes it with the parts.

    Args:
        store: The store.
        batch: In state `validating`.

    Returns:
        The file, in the folder of the batch's parts.

    Raises:
        IntegrityError: A part is missing, or the whole is not what the batch's digest says.
    """
    with store.as_unit() as session:
        wanted = batches.found(session, batch).digest
        parts = [(part.number, part.digest) for part in batches.parts_of(session, batch)]
    whole = folder_of(store, batch) / "whole"
    hasher = hashlib.sha256()
    with written_whole(whole, private=True) as aside, aside.open("wb") as file:
        for number, digest in parts:
            _append(_place_of(store, batch, number, digest), file, hasher)
        if "sha256:" + hasher.hexdigest() != wanted:
            raise IntegrityError(
                "The parts together are not what the batch's digest says; seal the batch anew and "
                "send that."
            )
    return whole


def _append(place: Path, file: BinaryIO, hasher: "hashlib._Hash") -> None:
    try:
        with place.open("rb") as part:
            while chunk := part.read(_COPIED_AT_ONCE):
                hasher.update(chunk)
                file.write(chunk)
    except FileNotFoundError:
        raise IntegrityError(
            "A part of the batch is gone; seal the batch anew and send that."
        ) from None


def clear(store: Store, batch: UUID) -> None:
    """Remove all that was uploaded of a batch, once it is stored or refused."""
    shutil.rmtree(folder_of(store, batch), ignore_errors=True)


def clear_leftovers(store: Store) -> int:
    """Remove the uploads of all batches that need them no more: withdrawn, expired, done.

    Returns:
        How many batches' uploads were removed.
    """
    # First what is there, then what is needed: a folder is made after its batch is known.
    folders = [one for one in (store.folder / FOLDER).glob("*") if one.is_dir()]
    with store.as_unit() as session:
        unfinished = session.scalars(select(BatchRow.id).where(BatchRow.state.in_(UNFINISHED)))
        needed = set(map(str, unfinished))
    left = [one for one in folders if one.name not in needed]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)
