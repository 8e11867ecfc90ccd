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
        f"the file is not valid {name} throughout; it may be cut short. Export it again, "
        "as UTF-8 if you can."
    )


def _guess(path: Path) -> Encoding:
    sample = _telling_sample(path)
    matches = charset_normalizer.from_bytes(sample, cp_isolation=_LEGACY, threshold=0.5)

    def unlikeliness(match: charset_normalizer.CharsetMatch) -> tuple[float, float, float, int]:
        oddities = _share_of_non_letters(sample.decode(match.encoding))
        return oddities, match.chaos, -match.coherence, _LEGACY.index(match.encoding)

    for match in sorted(matches, key=unlikeliness):
        if _decodes(path, match.encoding):
            return Encoding(match.encoding, guessed=True)
    raise InputError(
        "the text encoding can't be told. Export it as UTF-8, or name the encoding in a "
        'mapping file, as in encoding = "windows-1256".'
    )


def _share_of_non_letters(text: str) -> float:
    """Give the share of signs among the characters beyond ASCII, to 0.01.

    Names have letters only, and a list of them is too little prose for models of languages to
    tell two encodings apart: that a wrong one makes signs of letters tells most. It is rounded so
    that the models decide between encodings that are nearly as good.
    """
    foreign = [letter for letter in text if not letter.isascii()]
    return round(sum(not letter.isalpha() for letter in foreign) / max(len(foreign), 1), 2)


def _telling_sample(path: Path) -> bytes:
    """Give lines that hold bytes beyond ASCII: the others say nothing of the encoding.

    Raises:
        InputError: Most of these lines are UTF-8: then the others are damaged, and a legacy
            encoding, in which nearly any bytes mean something, would garble them all.
    """
    sample = bytearray()
    fitting, unfitting = 0, []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.isascii():
                continue
            if len(sample) < _SAMPLE:
                sample += line
            if _is_utf8(line):
                fitting += 1
            else:
                unfitting.append(number)
    if fitting > len(unfitting):
        raise InputError(
            f"the file is UTF-8 but for {len(unfitting):,} lines, the first of them line "
            f"{unfitting[0]}. Correct these lines or export the file again, as UTF-8."
        )
    return bytes(sample)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


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
