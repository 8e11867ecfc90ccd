"""Letters of another script that look right: a Latin a in a Cyrillic word, as keyboards leave.

A word of two scripts is put into the one in which all its letters have a likeness, capital or
small; where both have one for all, into the one of most letters; where neither has, it stays.
"""

import re

_MIXED = re.compile(r"(?<!\w)(?=\w*[a-z])(?=\w*[\u0370-\u052f])\w+")
_LATIN = re.compile("[a-z]")
_FOREIGN = re.compile("[\u0370-\u052f]")
# In small letters; each pair is alike in capitals or in small letters.
_CYRILLIC = ("авсенікмортхуѕј", "abcehikmoptxysj")
_GREEK = ("αβεζηικμνορτυχ", "abezhikmnoptyx")
_TO_LATIN = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])
_TO_CYRILLIC = str.maketrans(*reversed(_CYRILLIC))
_TO_GREEK = str.maketrans(*reversed(_GREEK))


def in_one_script(text: str) -> str:
    """Put right the letters of another script in every word of a text in small letters."""
    return text if text.isascii() else _MIXED.sub(lambda word: _put_right(word[0]), text)


def _put_right(word: str) -> str:
    is_greek = any("\u0370" <= letter <= "\u03ff" for letter in word)
    native = word.translate(_TO_GREEK if is_greek else _TO_CYRILLIC)
    latin = word.translate(_TO_LATIN)
    if _LATIN.search(native):
        return word if _FOREIGN.search(latin) else latin
    mostly_latin = 2 * len(_LATIN.findall(word)) > len(word)
    return latin if mostly_latin and not _FOREIGN.search(latin) else native
