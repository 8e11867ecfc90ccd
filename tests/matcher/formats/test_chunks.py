"""Encrypted chunks: what a plain implementation of their description writes and reads."""

import io

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matcher.formats.chunks import CHUNK_BYTES, Decrypted, encrypt, encrypted_size
from matcher.formats.errors import IntegrityError
from matcher.formats.secret import Secret

KEY = bytes(range(32))
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 150_001]


def plainly(content: bytes) -> bytes:
    """Each 65,536 bytes under their number in 11 bytes and a byte that says whether they end it."""
    parts = [content[at : at + 65_536] for at in range(0, max(1, len(content)), 65_536)]
    return b"".join(
        AESGCM(KEY).encrypt(
            number.to_bytes(11, "big") + (b"\1" if number == len(parts) - 1 else b"\0"), part, None
        )
        for number, part in enumerate(parts)
    )


def content(size: int) -> bytes:
    return bytes(at * at % 251 for at in range(size))


def decrypted(sealed: bytes, size: int) -> Decrypted:
    return Decrypted(io.BytesIO(sealed), 0, size, Secret(KEY), lambda: IntegrityError("altered"))


@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_plain_implementation(size: int) -> None:
    sealed = bytearray()
    assert encrypt(Secret(KEY), io.BytesIO(content(size)), sealed.extend) == size
    assert sealed == plainly(content(size))
    assert len(sealed) == encrypted_size(size)
    assert decrypted(bytes(sealed), size).read() == content(size)


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_shorter_content_is_none(size: int) -> None:
    """Cut at a chunk's end and said to be shorter: what is last now was not last."""
    whole = plainly(content(size + CHUNK_BYTES))
    shorter = len(plainly(content(size)))
    with pytest.raises(IntegrityError):
        decrypted(whole[:shorter], size).read()


def test_it_is_read_as_files_are() -> None:
    file = decrypted(plainly(content(100_000)), 100_000)
    assert file.readable()
    assert file.seekable()
    assert not file.writable()
    assert file.seek(-10, io.SEEK_END) == 99_990
    assert file.read(100) == content(100_000)[-10:]
    assert file.tell() == 100_000
    assert file.read(1) == b""
    file.seek(200_000)
    assert file.read(1) == b""
    file.seek(65_530)
    file.seek(3, io.SEEK_CUR)
    assert file.read(10) == content(100_000)[65_533:65_543]
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.read(1)
