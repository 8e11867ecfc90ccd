# ruff: noqa: RUF001 - letters that look alike are what these tables are about
"""From a piece in any script to the letters a to z.

anyascii romanises letter by letter. Where a language reads letters together, its own rules come
first: Greek digraphs, the Armenian u, the vowel that Indic consonants carry unwritten, Hebrew
letters that change their sound at the beginning of a word, Thai vowels that stand before their
consonant, Burmese rhymes, small and long kana.
"""

import re

from encoders.letters import in_ascii

Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*rules: tuple[str, str]) -> Rules:
    return tuple((re.compile(pattern), letters) for pattern, letters in rules)


def _indic(block: str) -> tuple[str, str, Rules]:
    """A block of an Indic script, all laid out alike: the vowel that is not written, the nasal."""
    first = ord(block)
    consonants = f"{chr(first + 0x15)}-{chr(first + 0x39)}"
    nasal, nukta = chr(first + 0x02), chr(first + 0x3C)
    unwritten = rf"([{consonants}]{nukta}?)(?=[{consonants}{nasal}])"
    sibilants = f"[{chr(first + 0x36)}{chr(first + 0x37)}]"
    return block, chr(first + 0x7F), _rules((unwritten, r"\1a"), (sibilants, "sh"), (nasal, "n"))


_SMALL_KANA = {"ャ": "a", "ュ": "u", "ョ": "o"}
_BEFORE_SMALL_KANA = {
    "キ": "ky", "シ": "sh", "チ": "ch", "ニ": "ny", "ヒ": "hy", "ミ": "my", "リ": "ry", "ギ": "gy",
    "ジ": "j", "ビ": "by", "ピ": "py",
}  # fmt: skip
_KANA = _rules(
    *((first + small, letters + vowel)
      for first, letters in _BEFORE_SMALL_KANA.items()
      for small, vowel in _SMALL_KANA.items()),
    (r"ティ", "ti"), (r"ディ", "di"), (r"シェ", "she"), (r"ジェ", "je"), (r"チェ", "che"),
    (r"ファ", "fa"), (r"フィ", "fi"), (r"フェ", "fe"), (r"フォ", "fo"), (r"ウィ", "wi"),
    (r"ウェ", "we"), (r"ヴァ", "va"), (r"ヴィ", "vi"), (r"ヴェ", "ve"), (r"ヴォ", "vo"),
    (r"ヴ", "v"), (r"ー", ""), (r"(?<=[ou])ウ", ""),
    # o and u that are long
    (r"(?<=[オコソトノホモヨロゴゾドボポウクスツヌフムユルグズブプ])ウ", ""),
)  # fmt: skip
_BURMESE = _rules(
    (r"[့း]", ""), (r"္", "်"), (r"ောင်", "aung"), (r"ိုင်", "aing"), (r"ောက်", "auk"), (r"ိုက်", "aik"),
    (r"ော်?", "aw"), (r"ို", "o"), (r"ုန်|ုံ", "on"), (r"ိန်|ိမ်", "ein"), (r"ဉ်|င်", "in"),
    (r"ည်", "i"), (r"က်", "ek"), (r"လျှ|ရှ", "sh"), (r"ချ", "ch"), (r"ှ", "h"),
    (r"ွ", "w"), (r"[ျြ]", "y"), (r"သ", "th"), (r"[စဆ]", "s"), (r"ရ", "y"), (r"ဝ", "w"),
    (r"အ(?=[a-zါ-ူဲ]|ေ)", ""), (r"အ", "a"),
    (r"ေ", "e"), (r"ံ|န်|မ်", "an"), (r"[တပ]်", "at"),
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
    # Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam
    *map(_indic, "\u0900\u0980\u0a00\u0a80\u0b00\u0b80\u0c00\u0c80\u0d00"),
    ("\u0e00", "\u0e7f", _rules(  # Thai: vowels written first, letters that are silent
        (r"([เแโใไ])([ก-ฮ])", r"\2\1"), (r"[ก-ฮ][ิุ]?์", ""),
    )),
    ("\u0e80", "\u0eff", _rules((r"([ເແໂໃໄ])([ກ-ຮ])", r"\2\1"))),  # Lao
    ("\u1000", "\u109f", _BURMESE),
    ("\u30a0", "\u30ff", _KANA),
    ("\u4e00", "\u9fff", _rules((r"(.)々", r"\1\1"))),  # the sign of repetition in Han
)  # fmt: skip
_NOT_LETTERS = re.compile(r"[^a-z]+")


def romanised(piece: str) -> str:
    """Give the letters a to z of a piece; may be empty."""
    if piece.isascii():
        return piece if piece.isalpha() and piece.islower() else _NOT_LETTERS.sub("", piece)
    if piece[0] >= _BLOCKS[0][0]:
        rules = next((r for first, last, r in _BLOCKS if first <= piece[0] <= last), ())
        for pattern, letters in rules:
            piece = pattern.sub(letters, piece)
    return _NOT_LETTERS.sub("", in_ascii(piece).lower())
