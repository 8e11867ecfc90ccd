"""From a place as written to its parts and tokens.

Places are romanised like names but keep digits, so that house numbers and postcodes count, and
keep every part, since a place has no particles that come and go.
"""

import re

from anyascii import anyascii

from encoders.names import without_optional_marks

_NOT_LETTERS_OR_DIGITS = re.compile(r"[^a-z0-9]+")


def place_parts(place: str) -> tuple[str, ...]:
    """The romanised parts of a place, of letters a to z and digits, in the order written."""
    romanised = anyascii(without_optional_marks(place)).lower()
    return tuple(part for part in _NOT_LETTERS_OR_DIGITS.split(romanised) if part)
