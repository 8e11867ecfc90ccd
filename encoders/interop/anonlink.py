"""anonlink's filter files: JSON with base64, and binary with a number before each filter.

Source: anonlink-entity-service's `serialization.py`: a binary filter is the record's number, big-
endian in four bytes, and then the filter's bytes.
"""

import base64
import binascii
import json
from pathlib import Path

import numpy as np

from encoders.interop import say_unhardened
from encoders.interop.filters import Clks
from matcher.formats.errors import InputError
from matcher.formats.files import written_whole

_NUMBER = 4
"""Bytes of a record's number."""


def write_json(clks: Clks, path: Path) -> None:
    """Write filters as `{"clks": [...]}`; warns that they are unhardened.

    Raises:
        OutputError: The file can't be written.
    """
    say_unhardened()
    texts = [base64.b64encode(row.tobytes()).decode("ascii") for row in clks.packed]
    with written_whole(path, private=True) as aside:
        aside.write_text(json.dumps({"clks": texts}), encoding="ascii")


def read_json(path: Path, *, bits: int) -> Clks:
    """Read filters written as `{"clks": [...]}`; warns that they are unhardened.

    Args:
        path: The file.
        bits: The length of a filter, which the file does not tell.

    Raises:
        InputError: The file can't be read, is of another form, or its filters of another length.
    """
    say_unhardened()
    size = -(-bits // 8)
    try:
        content = json.loads(_bytes_of(path))
        filters = [base64.b64decode(text, validate=True) for text in content["clks"]]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise InputError(
            f'{path}: the file must be JSON: an object with a list "clks" of texts in base64.'
        ) from None
    if any(len(row) != size for row in filters):
        raise InputError(f"{path}: not every filter has {bits} bits; name the length they have.")
    return _clks(path, b"".join(filters), bits)


def write_binary(clks: Clks, path: Path) -> None:
    """Write filters in binary, numbered from 0; warns that they are unhardened.

    Raises:
        OutputError: The file can't be written.
    """
    say_unhardened()
    numbers = np.arange(len(clks.packed), dtype=">u4").view(np.uint8).reshape(-1, _NUMBER)
    with written_whole(path, private=True) as aside:
        aside.write_bytes(np.hstack([numbers, clks.packed]).tobytes())


def read_binary(path: Path, *, bits: int) -> Clks:
    """Read binary filters, in the order of their numbers; warns that they are unhardened.

    Args:
        path: The file.
        bits: The length of a filter, which the file does not tell.

    Raises:
        InputError: The file can't be read, is of another length than whole filters, or its
            numbers are not 0 to n - 1.
    """
    say_unhardened()
    content = _bytes_of(path)
    width = _NUMBER + -(-bits // 8)
    if len(content) % width:
        raise InputError(
            f"{path}: the file does not divide into filters of {bits} bits; it was cut short, or "
            "they have another length."
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, width)
    numbers = rows[:, :_NUMBER].copy().view(">u4").ravel()
    order = np.argsort(numbers, kind="stable")
    if not np.array_equal(numbers[order], np.arange(len(rows))):
        raise InputError(
            f"{path}: the filters are not numbered from 0 without gaps; they may have another "
            f"length than {bits} bits."
        )
    return _clks(path, rows[order, _NUMBER:].tobytes(), bits)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}).") from None


def _clks(path: Path, content: bytes, bits: int) -> Clks:
    packed = np.frombuffer(content, np.uint8).reshape(-1, -(-bits // 8))
    if bits % 8 and (packed[:, -1] & (0xFF >> bits % 8)).any():
        raise InputError(f"{path}: bits are set beyond the length of {bits}; name the right one.")
    return Clks(packed, bits)
