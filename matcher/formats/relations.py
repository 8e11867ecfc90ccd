"""What relations mean: generation, line and sex, their inverses, and which can be one relation.

A relation says what one person is to another. Half-, step-, adoptive and foster relations are of
the line of their plain form, since one form writes `mother` where another writes `stepmother`.
What is not known of a relation contradicts nothing: `other`, a guardian, a ward.
"""

from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matcher.formats.vocabulary import NO_RELATION, RELATIONS

Codes = npt.NDArray[np.int8]

UNKNOWN: Final = 0
"""A line or sex that is not known."""

FEMALE, MALE = 1, 2
DIRECT, SIDE, COUSIN, SPOUSE, IN_LAW, SELF = 1, 2, 3, 4, 5, 6
"""Lines: forebears and descendants; siblings, their children, parents' siblings; and so on."""

NO_GENERATION: Final = 99
"""The generation of a relation whose generation is not known."""

_PLAIN: Final = {
    ("mother", "father", "parent"): (1, DIRECT),
    ("daughter", "son", "child"): (-1, DIRECT),
    ("sister", "brother", "sibling"): (0, SIDE),
    ("wife", "husband", "spouse"): (0, SPOUSE),
    ("grandmother", "grandfather", "grandparent"): (2, DIRECT),
    ("granddaughter", "grandson", "grandchild"): (-2, DIRECT),
    ("aunt", "uncle", None): (1, SIDE),
    ("niece", "nephew", None): (-1, SIDE),
    (None, None, "cousin"): (0, COUSIN),
    (None, None, "other"): (NO_GENERATION, UNKNOWN),
    (None, None, "guardian"): (NO_GENERATION, UNKNOWN),
    (None, None, "ward"): (NO_GENERATION, UNKNOWN),
}
"""Words for a woman, a man and either; how many generations above and in which line they are."""

_AFFIXES: Final = ("half_{}", "step{}", "adoptive_{}", "adopted_{}", "foster_{}")


def _meanings() -> dict[str, tuple[int, int, int]]:
    meanings = {}
    for words, (up, line) in _PLAIN.items():
        for word, sex in zip(words, (FEMALE, MALE, UNKNOWN), strict=True):
            if word is None:
                continue
            meanings[word] = (up, line, sex)
            meanings |= {affix.format(word): (up, line, sex) for affix in _AFFIXES}
            meanings[f"{word}_in_law"] = (up, IN_LAW, sex)
    return meanings


_MEANINGS: Final = _meanings()
_TABLE: Final = np.array(
    [*(_MEANINGS[code] for code in RELATIONS), (NO_GENERATION, UNKNOWN, UNKNOWN)], dtype=np.int8
)  # the last row is that of NO_RELATION


class Relations(NamedTuple):
    """n relations, each of one person to another.

    Attributes:
        up: How many generations the one is above the other, int8, below is negative;
            `NO_GENERATION` where not known.
        line: A line, or `UNKNOWN`.
        sex: The one person's sex, or `UNKNOWN`.
    """

    up: Codes
    line: Codes
    sex: Codes

    @classmethod
    def of(cls, codes: Codes) -> Self:
        """Give the relations of codes: positions in `RELATIONS`, or `NO_RELATION`."""
        rows = _TABLE[np.where(codes == NO_RELATION, len(RELATIONS), codes)]
        return cls(rows[..., 0], rows[..., 1], rows[..., 2])

    @classmethod
    def to_oneself(cls, count: int) -> Self:
        """Give what `count` persons are to themselves."""
        zeros = np.zeros(count, np.int8)
        return cls(zeros, zeros + np.int8(SELF), zeros)

    def inverse(self) -> "Relations":
        """Give what the other is to the one; that other's sex is not known."""
        known = self.up != NO_GENERATION
        return Relations(np.where(known, -self.up, self.up), self.line, np.zeros_like(self.sex))

    def then(self, other: "Relations") -> "Relations":
        """Give what each one is to a third: `self` is to a second, who is `other` to the third.

        Generations add up; the line is known only where one of the two is the same person.
        """
        known = (self.up != NO_GENERATION) & (other.up != NO_GENERATION)
        line = np.where(
            self.line == SELF, other.line, np.where(other.line == SELF, self.line, UNKNOWN)
        )
        up = np.where(known, self.up + np.where(known, other.up, 0), NO_GENERATION)
        return Relations(up.astype(np.int8), line.astype(np.int8), self.sex)

    def can_be(self, other: "Relations") -> npt.NDArray[np.bool_]:
        """Tell which pairs of relations can be one relation: nothing known contradicts."""
        up = (self.up == other.up) | (self.up == NO_GENERATION) | (other.up == NO_GENERATION)
        line = (self.line == other.line) | (self.line == UNKNOWN) | (other.line == UNKNOWN)
        sex = (self.sex == other.sex) | (self.sex == UNKNOWN) | (other.sex == UNKNOWN)
        answer: npt.NDArray[np.bool_] = up & line & sex
        return answer

    def where(self, rows: npt.NDArray[np.bool_], other: "Relations") -> "Relations":
        """Give `self` in these rows and `other` in the rest."""
        return Relations(*(np.where(rows, a, b) for a, b in zip(self, other, strict=True)))

    def take(self, rows: npt.NDArray[np.int64]) -> "Relations":
        """Give the relations of these rows."""
        return Relations(*(part[rows] for part in self))
