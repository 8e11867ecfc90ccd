"""Buckets that fill at a steady pace and empty by one a request, shared by all processes.

They lie in a file that every process of the service on this machine maps into its memory: a write
in the database would cost more than most requests do, and what each process counted by itself
would let a caller have as much again of every further one. Nor does a restart fill them.

No lock is taken: every process would wait for whichever holds it, and one that waits for its
processor meanwhile would stop them all. So one that is stopped between reading and writing forgets
what others counted for that key in that moment. What a process counted itself nobody makes it
forget: it has buckets of its own besides, so that of several each lets no more through than it
would alone.
"""

import hashlib
import math
import mmap
import os
import struct
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Final

from matcher.formats.errors import OutputError
from matcher.formats.files import make_folder

# A key's place is one of a few that follow from its digest; of those the one that was touched
# longest ago gives way.
_PLACE: Final = struct.Struct("=16sdd")  # digest of the key, level, when that was
_SIDE_BY_SIDE: Final = 8
_GROUPS: Final = 1 << 13
_GROUP_BYTES: Final = _SIDE_BY_SIDE * _PLACE.size
_BYTES: Final = _GROUPS * _GROUP_BYTES


class Buckets:
    """A bucket for each key, all alike; full when first asked for.

    Args:
        path: The file; it and its folder are made when they are not there and first needed.
        a_second: What comes into each.
        most: What each holds.
        clock: Tells seconds, alike in all processes, from the machine's start on.
    """

    def __init__(
        self, path: Path, a_second: float, most: float, clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._a_second = a_second
        self._most = most
        self._clock = clock

    def wait(self, key: str) -> float:
        """Seconds until one can be taken; 0.0 if it can be now.

        Raises:
            OutputError: The file can't be made.
        """
        digest = _digest(key)
        level = min(self._found(kept, digest)[1] for kept in self._kept)
        return max(0.0, (1.0 - level) / self._a_second)

    def take(self, key: str) -> None:
        """Take one, even if there is none left: the wait is longer then, up to twice as long.

        Raises:
            OutputError: The file can't be made.
        """
        digest = _digest(key)
        for kept in self._kept:
            place, level = self._found(kept, digest)
            _PLACE.pack_into(kept, place, digest, max(level - 1.0, -self._most), self._clock())

    @cached_property
    def _kept(self) -> tuple[mmap.mmap, mmap.mmap]:
        """What all processes share, and what is this one's own."""
        make_folder(self._path.parent, private=True)
        return _mapped(self._path), mmap.mmap(-1, _BYTES)

    def _found(self, kept: mmap.mmap, digest: bytes) -> tuple[int, float]:
        """Give a key's place, or the one that it may have, and what is in its bucket now."""
        first = int.from_bytes(digest[:4], "big") % _GROUPS * _GROUP_BYTES
        group = kept[first : first + _GROUP_BYTES]
        # The clock is read last: what another process wrote meanwhile is never of the future.
        now = self._clock()
        oldest, oldest_since = first, math.inf
        for number, (known, level, since) in enumerate(_PLACE.iter_unpack(group)):
            place = first + number * _PLACE.size
            # Of before the machine was started anew, or what a crash left: such a bucket is full.
            is_sound = 0.0 <= since <= now and -self._most <= level <= self._most
            if known == digest:
                filled = level + (now - since) * self._a_second if is_sound else self._most
                return place, min(self._most, filled)
            touched = since if is_sound else 0.0
            if touched < oldest_since:
                oldest, oldest_since = place, touched
        return oldest, self._most


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _mapped(path: Path) -> mmap.mmap:
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:
            # With its room on the disk: without, a write into memory ends the process once that is
            # full.
            size = file.seek(0, os.SEEK_END)
            file.write(bytes(max(0, _BYTES - size)))
            file.truncate(_BYTES)
            return mmap.mmap(file.fileno(), _BYTES)
    except OSError as error:
        raise OutputError(
            f"{path}: can't be made ({error.strerror}). See that the data folder can be written to."
        ) from None
