"""One name as written, from which all views of it are made."""

from dataclasses import dataclass

from encoders.names.first import parts
from encoders.names.pieces import pieces


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """A name as written.

    Attributes:
        text: The name, in any script, of any Unicode characters.
    """

    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Its romanised parts, as the first views want them."""
        return parts(self.text)

    @property
    def pieces(self) -> tuple[str, ...]:
        """Its pieces, in the script that it was written in."""
        return pieces(self.text)
