# ruff: noqa: RUF001 - letters that look alike are what these tables are about
"""From a piece in any script to the letters a to z.

anyascii romanises letter by letter. Where a language reads letters together, its own rules come
first: Greek digraphs, the Armenian u, the vowel that Indic consonants carry unwritten, Hebrew
letters that change their sound at the beginning of a word.
"""

import re

from anyascii import anyascii

Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*rules: tuple[str, str]) -> Rules:
    return tuple((re.compile(pattern), letters) for pattern, letters in rules)


_INDIC = _rules(
    # the vowel that is not written, sibilants, the nasal
    (r"([क-हক-হ]़?)(?=[क-हক-হंং])", r"\1a"), (r"[शषশষ]", "sh"), (r"ं", "n"), (r"ং", "ng"),
)  # fmt: skip
# By the block of a piece's first letter: its first and last character, and its rules in order.
_BLOCKS: tuple[tuple[str, str, Rules], ...] = (
    ("\u0370", "\u03ff", _rules(  # Greek
        (r"ου", "u"), (r"^μπ", "b"), (r"^ντ", "d"), (r"γκ", "g"), (r"γγ", "ng"), (r"γχ", "nch"),
        (r"([αεη])υ(?=[βγδζλμνραεηιουω])", r"\1v"), (r"([αεη])υ", r"\1f"),
        (r"τζ", "tz"), (r"χ", "ch"), (r"υ", "y"), (r"η", "i"),
    )),
    ("\u0530", "\u058f", _rules(  # Armenian
        (r"ու", "u"), (r"եւ|և", "ev"), (r"^ե", "ye"), (r"^ո", "vo"), (r"ռ", "r"), (r"ը", "e"),
    )),
    ("\u0590", "\u05ff", _rules(  # Hebrew
        (r"^ב", "b"), (r"^פ", "p"), (r"^כ", "k"), (r"ש", "sh"), (r"^יי?", "y"), (r"^ו", "v"),
        (r"וו", "v"), (r"ו$", "o"), (r"(?<=\w)ו(?=\w)", "o"), (r"(?<=\w\w)ה$", "a"),
        (r"(?<=\w)י(?=\w)", "i"), (r"י$", "i"), (r"^[אע]", "a"),
    )),
    ("\u0600", "\u06ff", _rules(  # Arabic: long vowels between consonants
        (r"(?<=\w)و(?=\w)", "u"), (r"و$", "u"), (r"(?<=\w)ي(?=\w)", "i"), (r"ي$", "i"),
        (r"(?<=\w)ه$", "a"), (r"ا", "a"),
    )),
    ("\u0900", "\u09ff", _INDIC),  # Devanagari and Bengali
)  # fmt: skip
_NOT_LETTERS = re.compile(r"[^a-z]+")


def romanised(piece: str) -> str:
    """Give the letters a to z of a piece; may be empty."""
    if not piece.isascii():
        rules = next((r for first, last, r in _BLOCKS if first <= piece[0] <= last), ())
        for pattern, letters in rules:
            piece = pattern.sub(letters, piece)
        piece = anyascii(piece).lower()
    return _NOT_LETTERS.sub("", piece)
