"""Encryption in chunks: written as a stream, read at any place, in memory for one chunk.

The STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015, section 7) over AES-256-GCM: the nonce of a
chunk is its number, in 11 bytes, and a byte that is 1 for the last one. A chunk that was altered,
moved or left out does not open, nor does one that was last and no longer is. The key must be new
for every file, since numbers begin at 0 in each.
"""

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matcher.formats.secret import Secret

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEY_BYTES: Final = 32
CHUNK_BYTES: Final = 1 << 16
TAG_BYTES: Final = 16


def encrypted_size(size: int) -> int:
    """Give how many bytes a content of `size` bytes has once it is encrypted."""
    return size + TAG_BYTES * _chunks(size)


def encrypt(key: Secret, source: BinaryIO, write: Callable[[bytes], object]) -> int:
    """Encrypt all that a source holds.

    Args:
        key: 32 random bytes that never encrypted anything before.
        source: Read from where it stands to its end.
        write: Told each encrypted chunk, in order.

    Returns:
        How many bytes the source held.
    """
    cipher = AESGCM(key.expose())
    chunk, number, size = _read_full(source), 0, 0
    while True:
        following = _read_full(source) if len(chunk) == CHUNK_BYTES else b""
        write(cipher.encrypt(_nonce(number, last=not following), chunk, None))
        size += len(chunk)
        if not following:
            return size
        chunk, number = following, number + 1


class Decrypted(io.RawIOBase):
    """A file that is decrypted where it is read, and never as a whole; closing it closes the file.

    Not for two threads at once; a Parquet reader locks it itself.
    """

    def __init__(
        self, file: BinaryIO, start: int, size: int, key: Secret, altered: Callable[[], Exception]
    ) -> None:
        """Read encrypted chunks out of a file.

        Args:
            file: The file.
            start: Where the first chunk begins in it.
            size: How many bytes were encrypted; the chunks must end where the file or a trailer
                that the caller knows of begins.
            key: The key.
            altered: Makes the error that is raised where a chunk does not open; the last one is
                opened at once.
        """
        self._file, self._start, self._size = file, start, size
        self._cipher = AESGCM(key.expose())
        self._altered = altered
        self._at, self._end = 0, size
        self._held = (-1, bytearray())
        # The last chunk says that nothing behind it was cut off, even where there is no content.
        try:
            self._part(_chunks(size) - 1, 0, 0)
        except BaseException:
            self.close()
            raise

    def end_at(self, place: int) -> None:
        """Let the content end before its last bytes: what is behind is not read any more."""
        self._end = min(place, self._size)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read at any place."""
        return True

    def tell(self) -> int:
        """Give the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill a buffer, or as much of it as there is content left."""
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._end - self._at))
        done = 0
        while done < wanted:
            number, within = divmod(self._at, CHUNK_BYTES)
            length = self._length(number)
            if not within and length <= wanted - done:
                self._open_chunk(number, view[done : done + length])
            else:
                length = min(length - within, wanted - done)
                view[done : done + length] = self._part(number, within, length)
            done += length
            self._at += length
        return done

    def close(self) -> None:
        """Close the file, and forget what was decrypted."""
        self._held = (-1, bytearray())
        self._file.close()
        super().close()

    def _length(self, number: int) -> int:
        return min(CHUNK_BYTES, self._size - number * CHUNK_BYTES)

    def _part(self, number: int, start: int, length: int) -> memoryview:
        """Give a part of a chunk, which is kept for whoever reads on in it."""
        if self._held[0] != number:
            chunk = bytearray(self._length(number))
            self._open_chunk(number, memoryview(chunk))
            self._held = (number, chunk)
        return memoryview(self._held[1])[start : start + length]

    def _open_chunk(self, number: int, into: memoryview) -> None:
        self._file.seek(self._start + number * (CHUNK_BYTES + TAG_BYTES))
        sealed = self._file.read(len(into) + TAG_BYTES)
        last = number == _chunks(self._size) - 1
        try:
            # A file that was cut meanwhile gives less than a tag, or than the buffer.
            self._cipher.decrypt_into(_nonce(number, last=last), sealed, None, into)
        except (InvalidTag, ValueError):
            raise self._altered() from None


def _chunks(size: int) -> int:
    """How many chunks there are; an empty content has one, so that its end is sealed too."""
    return max(1, -(-size // CHUNK_BYTES))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _read_full(source: BinaryIO) -> bytes:
    """Read a whole chunk, or what is left; a pipe or socket may give less at a time."""
    parts: list[bytes] = []
    missing = CHUNK_BYTES
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
