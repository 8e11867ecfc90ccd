"""One name as written, from which all views of it are made."""

from encoders.names.first import parts
from encoders.names.pieces import Words, pieces


class Name:
    """A name as written.

    Args:
        text: The name, in any script, of any Unicode characters.
        words: The words that were folded already.
    """

    __slots__ = ("_text", "_words")

    def __init__(self, text: str, words: Words | None = None) -> None:
        self._text = text
        self._words = words

    @property
    def parts(self) -> tuple[str, ...]:
        """Its romanised parts, as the first views want them."""
        return parts(self._text)

    @property
    def pieces(self) -> tuple[str, ...]:
        """Its pieces, in the script that it was written in."""
        return pieces(self._text, self._words)


class Reader:
    """Reads names, and remembers their words, which many names share; shows nothing of them."""

    def __init__(self) -> None:
        self._words = Words()

    def __call__(self, text: str) -> Name:
        """Give a name as written."""
        return Name(text, self._words)
