"""From a name as written to romanised parts, and from a part to its tokens.

A name is NFKC-normalised, freed of marks that carry no sound, romanised by anyascii, and split
into parts of the letters a to z. Particles that come and go between registrations (al-, bin,
de la …) are dropped, unless nothing else is left. Three views of a part follow:

- `bigrams`: letter pairs with the part's ends marked, which survive a typing error;
- `skeleton`: pairs of consonants by sound class, which survive another romanisation;
- `phonetic`: the part's Metaphone code, which survives another spelling.

The views of a part do not depend on its place in the name, so swapped given and family names
still meet. Each function is pure; callers run it once per distinct value.
"""

import re
import unicodedata
from collections.abc import Sequence
from operator import add

import jellyfish

from encoders.letters import in_ascii, without_invisible

_NOT_LETTERS = re.compile(r"[^a-z]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼʻʾʿ"), None)  # noqa: RUF001 - these are the point
# Marks that a writer may leave out: vowel points of Arabic and Hebrew, and the tatweel.
_OPTIONAL_MARKS = re.compile("[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_ARABIC_ARTICLE = re.compile(r"(?<!\w)ال(?=\w{3})")
_REPEATED = re.compile(r"(.)\1+")

PARTICLES = frozenset(
    (
        "al", "el", "ul", "ibn", "bin", "ben", "bint", "de", "del", "della", "da", "dos", "das",
        "do", "di", "du", "la", "las", "le", "los", "van", "von", "der", "den", "y",
    )
)  # fmt: skip

# Sound classes: letters that change places between romanisations of one name share a class.
_DIGRAPHS_WITH_H = (("sch", "s"), ("tch", "s"), ("sh", "s"), ("ch", "s"), ("zh", "s"),
                    ("kh", "h"), ("gh", "k"), ("ph", "f"), ("th", "t"), ("dh", "d"))  # fmt: skip
_DIGRAPHS = (("ck", "k"), ("dj", "j"), ("ts", "s"), ("tz", "s"))
_CLASSES = str.maketrans(
    {
        "b": "B", "p": "B", "f": "F", "v": "F", "c": "K", "k": "K", "q": "K", "g": "K", "x": "K",
        "d": "T", "t": "T", "s": "S", "z": "S", "j": "J", "l": "L", "m": "M", "n": "N", "r": "R",
        "h": None, "a": None, "e": None, "i": None, "o": None, "u": None, "y": None, "w": None,
    }
)  # fmt: skip


def parts(name: str) -> tuple[str, ...]:
    """The romanised parts of a name, in the order they were written.

    Args:
        name: A name as written, in any script, of any Unicode characters.

    Returns:
        Parts of letters a to z; without particles, unless the name has nothing else. Empty
        where nothing of the name can be romanised.
    """
    if name.isascii():
        # Nothing of what follows changes such a name.
        romanised = name.lower().replace("'", "").replace("`", "")
        if romanised.isalpha():
            return (romanised,)
        return _without_particles(romanised)
    # NFKC makes a space of the acute accent that stands for an apostrophe: it goes before.
    text = without_optional_marks(name.translate(_APOSTROPHES))
    romanised = in_ascii(_ARABIC_ARTICLE.sub("", text)).lower().translate(_APOSTROPHES)
    return _without_particles(romanised)


def _without_particles(romanised: str) -> tuple[str, ...]:
    found = tuple(part for part in _NOT_LETTERS.split(romanised) if part)
    return tuple(part for part in found if part not in PARTICLES) or found


def without_optional_marks(text: str) -> str:
    """A text in NFKC, without what a writer may leave out: invisible characters, vowel points."""
    if text.isascii():
        return text
    return _OPTIONAL_MARKS.sub("", unicodedata.normalize("NFKC", without_invisible(text)))


def bigrams(part: str) -> tuple[str, ...]:
    """Letter pairs of a part, its ends marked with `_`; of `ana`: `_a an na a_`."""
    marked = f"_{part}_"
    return tuple(dict.fromkeys(map(add, marked, marked[1:])))


def skeleton(part: str) -> str:
    """The consonants of a part by sound class, repeated ones once; may be empty."""
    if "h" in part:
        for digraph, sound in _DIGRAPHS_WITH_H:
            part = part.replace(digraph, sound)
    for digraph, sound in _DIGRAPHS:
        part = part.replace(digraph, sound)
    sounds = part.translate(_CLASSES)
    # To look for a repeated one first is quicker, since most have none.
    return _REPEATED.sub(r"\1", sounds) if _REPEATED.search(sounds) else sounds


def skeletons(found: Sequence[str]) -> list[str]:
    """The skeletons of many parts of the letters a to z: no rule reaches beyond a line."""
    return skeleton("\n".join(found)).split("\n") if found else []


def skeleton_pairs(part: str) -> tuple[str, ...]:
    """Pairs of the part's consonant skeleton, its ends marked."""
    sounds = skeleton(part)
    return bigrams(sounds) if sounds else ()


def phonetic(part: str) -> tuple[str, ...]:
    """The part's Metaphone code (Philips, Computer Language 7(12), 1990), where it has one."""
    code = jellyfish.metaphone(part)
    return (code,) if code else ()
