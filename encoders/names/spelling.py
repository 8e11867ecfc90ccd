"""How a piece of a name is spelt in Latin letters: worked out once for all views of spellings."""

from dataclasses import dataclass
from typing import Self

from encoders.names.first import skeleton
from encoders.names.romanising import romanised


@dataclass(frozen=True, slots=True, repr=False)
class Spelling:
    """A piece of a name in Latin letters.

    Attributes:
        letters: Its letters a to z; may be empty.
        consonants: Its consonants by sound class; may be empty.
    """

    letters: str
    consonants: str

    @classmethod
    def of(cls, piece: str) -> Self:
        """Spell a piece."""
        letters = romanised(piece)
        return cls(letters, skeleton(letters))
