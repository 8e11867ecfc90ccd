"""anonlink's filter files: what it reads and writes, and what is refused."""

import base64
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from encoders.interop import UnhardenedWarning
from encoders.interop.anonlink import read_binary, read_json, write_binary, write_json
from encoders.interop.filters import Clks
from matcher.formats.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::encoders.interop.UnhardenedWarning")

CLKS = Clks(np.random.default_rng(7).integers(0, 256, (5, 16), np.uint8), 128)


def test_json_is_as_anonlink_has_it(tmp_path: Path) -> None:
    path = tmp_path / "clks.json"
    write_json(CLKS, path)
    texts = json.loads(path.read_text())["clks"]
    assert [base64.b64decode(text) for text in texts] == [row.tobytes() for row in CLKS.packed]
    assert np.array_equal(read_json(path, bits=128).packed, CLKS.packed)


def test_binary_is_as_anonlink_has_it(tmp_path: Path) -> None:
    path = tmp_path / "clks.bin"
    write_binary(CLKS, path)
    expected = b"".join(
        struct.pack("!I16s", number, row.tobytes()) for number, row in enumerate(CLKS.packed)
    )
    assert path.read_bytes() == expected
    assert np.array_equal(read_binary(path, bits=128).packed, CLKS.packed)


def test_binary_filters_are_put_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "clks.bin"
    path.write_bytes(struct.pack("!I2sI2s", 1, b"bb", 0, b"aa"))
    assert read_binary(path, bits=16).packed.tobytes() == b"aabb"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"clks": 3}', b'{"clks": [3]}', b'{"clks": ["?"]}', b'{"clks": ["YQ=="]}'],
)
def test_json_of_another_form_or_length_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clks.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"clks\.json: "):
        read_json(path, bits=128)


@pytest.mark.parametrize(
    ("content", "bits"),
    [
        (b"\0\0\0\0ab", 8),  # cut short, or of another length
        (struct.pack("!I2sI2s", 0, b"aa", 2, b"bb"), 16),  # a gap
        (struct.pack("!I2sI2s", 0, b"aa", 0, b"bb"), 16),  # the same number twice
        (struct.pack("!I2s", 0, b"aa"), 15),  # bits beyond the length
    ],
)
def test_binary_of_another_length_or_numbering_is_refused(
    tmp_path: Path, content: bytes, bits: int
) -> None:
    path = tmp_path / "clks.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"clks\.bin: "):
        read_binary(path, bits=bits)


def test_reading_and_writing_say_that_filters_are_unhardened(tmp_path: Path) -> None:
    path = tmp_path / "clks"
    for write, read in ((write_json, read_json), (write_binary, read_binary)):
        with pytest.warns(UnhardenedWarning):
            write(CLKS, path)
        with pytest.warns(UnhardenedWarning):
            read(path, bits=128)
    with pytest.raises(InputError, match="No such file"):
        read_json(tmp_path / "missing", bits=128)
