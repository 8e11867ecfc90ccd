"""How a piece of a name is spelt in Latin letters: worked out once for all views of spellings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from encoders.names.first import skeletons
from encoders.names.romanising import romanised


@dataclass(slots=True, repr=False)
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
        return cls.of_many([piece])[0]

    @classmethod
    def of_many(cls, pieces: Sequence[str]) -> list[Self]:
        """Spell pieces, which takes a part of the time."""
        letters = [*map(romanised, pieces)]
        return [*map(cls, letters, skeletons(letters))]
