"""From a place as written to its parts and tokens.

Places are romanised like names but keep digits, so that house numbers and postcodes count, and
keep every part, since a place has no particles that come and go.

`place_parts` is what `place.bigrams/1` published. `place_words` keeps a word together where an
apostrophe or a soft sign stands in it (Sana'a, Донецьк), and keeps its script, so that each view
can read it in its own way.
"""

import re
import unicodedata

from encoders.letters import in_ascii
from encoders.names import romanised, without_optional_marks
from encoders.names.pieces import folded, without_apostrophes, without_article
from encoders.plain_words import PlainWords

_NOT_LETTERS_OR_DIGITS = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"(\d+)")
_ASCII_WORD = re.compile(r"[a-z]+|[0-9]+")
_ARTICLES = frozenset(("al", "el", "ال", "аль", "эль", "ель"))
PLAIN_WORDS = PlainWords(_ARTICLES, or_digits=True)
"""The words between spaces that are words of a place as they stand."""


def place_parts(place: str) -> tuple[str, ...]:
    """The romanised parts of a place, of letters a to z and digits, in the order written."""
    romanised = in_ascii(without_optional_marks(place)).lower()
    return tuple(part for part in _NOT_LETTERS_OR_DIGITS.split(romanised) if part)


def place_words(place: str) -> tuple[str, ...]:
    """Give the words of a place, of folded letters in their script or of digits 0 to 9.

    The words stand in the order written.
    """
    if place.isascii():
        if place.isalpha() or place.isdigit():
            return (place.lower(),)
        # All that the long way does to such a place.
        return tuple(_ASCII_WORD.findall(without_apostrophes(place).lower()))
    found: list[str] = []
    for number, text in enumerate(
        _NUMBER.split(without_optional_marks(without_apostrophes(place)))
    ):
        if number % 2:
            found.append("".join(str(unicodedata.decimal(digit)) for digit in text))
        else:
            found += folded(text).replace("-", " ").split()
    return tuple(found)


def words_without_article(place: str) -> tuple[str, ...]:
    """Give the words of a place without the Arabic article, which comes and goes.

    Where nothing else remains, the article does.
    """
    words = place_words(without_article(place))
    if _ARTICLES.isdisjoint(words):
        return words
    return tuple(word for word in words if word not in _ARTICLES) or words


def words_of_word(written: str) -> tuple[str, ...] | None:
    """Give the words that something between spaces gives to a place, without the article.

    Returns:
        None where that depends on what stands beside it.
    """
    if not written.isascii():
        return None
    words = place_words(written)
    if _ARTICLES.isdisjoint(words):
        return words
    return tuple(word for word in words if word not in _ARTICLES)


def plain_word(word: str) -> str:
    """Give a word of `place_words` in the letters a to z, or its digits; may be empty."""
    return word if word.isdecimal() else romanised(word)
