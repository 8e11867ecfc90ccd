"""Which encoding a text file is in.

A byte order mark or valid UTF-8 settles it. What is left is a legacy encoding, which can only be
guessed: the guess is marked as one, and a mapping can name the encoding instead.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from matcher.formats.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In the order in which they are preferred where a sample fits several equally well.
_LEGACY = [
    *("cp1252", "cp1256", "cp1251", "cp1250", "cp1254", "cp1253", "cp1255", "cp1257", "cp1258"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
    *("koi8_r", "cp874", "cp850", "mac_roman"),
]
_BLOCK = 1 << 20
_SAMPLE = 1 << 17


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text file.

    Attributes:
        name: Python's name for it.
        guessed: Whether it was only guessed.
    """

    name: str
    guessed: bool = False


def find_encoding(path: Path, named: str | None = None) -> Encoding:
    """Find the encoding in which the whole of a file can be read.

    Args:
        path: A text file.
        named: The encoding that a person says it has.

    Raises:
        InputError: The file can't be read in the encoding that its mark or a person names, or in
            none that is likely.
    """
    if named is not None:
        return _certain(path, named)
    with path.open("rb") as file:
        start = file.read(1 << 12)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return _certain(path, name)
    wide = _utf16_without_mark(start)
    if wide is not None:
        return _certain(path, wide)
    if _decodes(path, "utf-8"):
        return Encoding("utf-8")
    return _guess(path)


def _certain(path: Path, name: str) -> Encoding:
    if _decodes(path, name):
        return Encoding(name)
    raise InputError(
        f"{path}: the file is not valid {name} throughout; it may be cut short. Export it again, "
        "as UTF-8 if you can."
    )


def _guess(path: Path) -> Encoding:
    matches = charset_normalizer.from_bytes(_telling_sample(path), cp_isolation=_LEGACY)
    likeliest_first = sorted(
        matches, key=lambda match: (match.chaos, -match.coherence, _LEGACY.index(match.encoding))
    )
    for match in likeliest_first:
        if _decodes(path, match.encoding):
            return Encoding(match.encoding, guessed=True)
    raise InputError(
        f"{path}: its text encoding can't be told. Export it as UTF-8, or name the encoding in a "
        'mapping file, as in encoding = "windows-1256".'
    )


def _telling_sample(path: Path) -> bytes:
    """Give lines that hold bytes beyond ASCII: the others say nothing of the encoding."""
    sample = bytearray()
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                sample += line
            if len(sample) > _SAMPLE:
                break
    return bytes(sample)


def _utf16_without_mark(start: bytes) -> str | None:
    """Recognise UTF-16 by its null bytes, which stand nearly all on one side of each pair."""
    high, low = start[0::2].count(0), start[1::2].count(0)
    if max(high, low) * 10 < len(start) or min(high, low) * 20 > max(high, low):
        return None
    return "utf-16-be" if high > low else "utf-16-le"


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:  # its message would show bytes of the file
            return False
    return True
