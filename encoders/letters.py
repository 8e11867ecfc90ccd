"""Letter by letter through a text, each letter of Unicode worked out once for the process.

What is remembered are single letters and what becomes of each, never a text.
"""

import unicodedata
from collections.abc import Callable

from anyascii import anyascii


class Letters(dict[int, str | None]):
    """What becomes of each letter that was met, as `str.translate` wants it.

    Args:
        made_of: Gives what becomes of one letter; None or nothing where it goes.
    """

    def __init__(self, made_of: Callable[[str], str | None]) -> None:
        super().__init__()
        self._made_of = made_of

    def __missing__(self, code: int) -> str | None:
        made = self[code] = self._made_of(chr(code))
        return made


_visible = Letters(lambda letter: None if unicodedata.category(letter) == "Cf" else letter)
_in_ascii = Letters(anyascii)


def without_invisible(text: str) -> str:
    """Give a text without format characters: writing direction, zero width, soft hyphen."""
    return text if text.isascii() else text.translate(_visible)


def in_ascii(text: str) -> str:
    """Give a text as anyascii romanises it, letter by letter."""
    return text if text.isascii() else text.translate(_in_ascii)
