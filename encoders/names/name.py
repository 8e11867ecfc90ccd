"""One name as written, from which all views of it are made."""

from encoders.names.first import parts
from encoders.names.pieces import pieces


class Name:
    """A name as written.

    Args:
        text: The name, in any script, of any Unicode characters.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def parts(self) -> tuple[str, ...]:
        """Its romanised parts, as the first views want them."""
        return parts(self._text)

    @property
    def pieces(self) -> tuple[str, ...]:
        """Its pieces, in the script that it was written in."""
        return pieces(self._text)
