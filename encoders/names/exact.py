"""One token for a name: what to salt or to key a composite with, since it agrees or doesn't.

The key of a piece is short and coarse, so that it survives scripts and spellings: its first four
consonants, each as its sound class. Of two spellings of one name (held-out clusters of the
benchmark, Latin and another script) the share with one key is 0.93 in Georgian, 0.85 in Arabic,
0.81 in Hebrew, 0.79 in Cyrillic, 0.64 in Hangul; two different names have one by chance once in
430.
"""

import re

from encoders.names.first import skeleton
from encoders.names.name import Name
from encoders.names.romanising import romanised

_CONSONANTS = 4
_NO_CONSONANT = "-"
# The letter j stands for y, zh, h and g; Hebrew writes b and v, p and f alike.
_COARSER = str.maketrans({"J": "", "F": "B"})
_REPEATED = re.compile(r"(.)\1+")


def given_key(given: Name) -> tuple[str, ...]:
    """Give the key of the first piece of a given name, as the only token; none where it is absent.

    What follows the first piece (a second given name, a father's) comes and goes.
    """
    return _keys(given)[:1]


def family_key(family: Name) -> tuple[str, ...]:
    """Give the key of the last piece of a family name, as the only token; none where absent."""
    return _keys(family)[-1:]


def whole_key(first_and_last: Name) -> tuple[str, ...]:
    """Give the keys of two pieces, or more, as one token, in whatever order they were written.

    None where the name has one piece: it would be another kind of name.
    """
    keys = _keys(first_and_last)
    return (" ".join(sorted(keys)),) if len(keys) > 1 else ()


def family_name(
    given: str | None, father: str | None, grandfather: str | None, family: str | None
) -> Name:
    """Give what is passed on: the family name, or else the last name of the chain.

    Args:
        given: The given name, or a full name of several words, whose last counts.
        father: The father's name.
        grandfather: The grandfather's name.
        family: The family name.
    """
    last_of_given = Name(given or "").pieces[1:][-1:]
    return Name(family or grandfather or father or "".join(last_of_given))


def first_and_last(
    given: str | None, father: str | None, grandfather: str | None, family: str | None
) -> Name:
    """Give the first piece of the given name and the last of the family name, as one name."""
    first = Name(given or "").pieces[:1]
    last = family_name(given, father, grandfather, family).pieces[-1:]
    return Name(" ".join(first + last))


def _keys(name: Name) -> tuple[str, ...]:
    letters = (romanised(piece) for piece in name.pieces)
    return tuple(_key(of_piece) for of_piece in letters if of_piece)


def _key(letters: str) -> str:
    classes = _REPEATED.sub(r"\1", skeleton(letters).translate(_COARSER))
    return classes[:_CONSONANTS] or _NO_CONSONANT
