# ruff: noqa: RUF001 - letters that look alike are what these tables are about
"""From a name as written to its pieces: letters folded, particles gone, endings made alike.

A piece is what a person would call one name, in the script it was written in and in folded
letters. What differs between registrations of one name by habit, not by sound, is made alike
here: forms of a letter, articles, compounds written as one word or two, women's endings of Slavic
names. Everything else is left for `sounds` to learn.
"""

import re
import unicodedata
from dataclasses import dataclass

from encoders.letters import Letters
from encoders.names.first import PARTICLES as LATIN_PARTICLES
from encoders.names.first import without_optional_marks
from encoders.names.lookalikes import in_one_script
from encoders.names.unspaced import parted
from encoders.plain_words import PlainWords

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼʻʾʿ׳״"), None)

# Letters that one writer uses for another: Arabic carriers of hamza, Persian and Urdu forms,
# Hebrew final forms, Cyrillic yo and ge. Kana are folded to katakana.
_FOLDED = str.maketrans(
    "أإآٱؤئىیېےکگۀةہھەۃۇڈٹڑںׁךםןףץёґѝѐ",
    "ااااويييييكگههههههودترن" + "שכמנפצ" + "егие",
) | {ord("ء"): None} | {code: chr(code + 0x60) for code in range(0x3041, 0x3097)}  # fmt: skip

_PARTICLES = LATIN_PARTICLES | frozenset(
    (
        "bt", "binti", "ould", "oglu", "oglou", "kizi", "kyzy", "qizi",
        "ال", "بن", "ابن", "بنت", "ولد", "аль", "эль", "ель", "ибн", "ібн", "бин", "бін", "бен",
        "бинт", "оглы", "кызы", "בן", "בת", "אל",
    )
)  # fmt: skip
_ARTICLES = frozenset(("al", "el", "ul", "ar", "as", "ad", "an", "az", "ال", "аль", "эль", "ель"))

# What is no name alone: it is joined to what follows, without the article between them.
_OPENERS = frozenset(
    (
        "abd", "abdul", "abdel", "abdol", "abdal", "abdur", "عبد", "абд", "абдул", "абдель",
        "abu", "abou", "abo", "umm", "um", "oum", "ابو", "ابي", "ام", "абу", "умм",
    )
)  # fmt: skip
# What is no name alone either: it is joined to what precedes.
_CLOSERS = frozenset(
    (
        "allah", "ullah", "ollah", "الله", "уллах", "улла", "аллах",
        "aldin", "eldin", "uddin", "eddin", "eddine", "udin", "addin", "الدين", "эддин", "уддин",
    )
)  # fmt: skip
_NO_SYLLABLES = _PARTICLES | _OPENERS | _ARTICLES
_AL_DIN = frozenset(("din", "deen", "dine", "дин", "дін"))
_JOINED = _OPENERS | _CLOSERS | _AL_DIN

_ENDINGS = tuple(
    (re.compile(pattern), stem)
    for pattern, stem in (
        (r"(?<=\w\w)(ов|ев|ин|ін)а$", r"\1"),
        (r"(?<=\w\w)(с|ц)ь?к(ии|іи|ая|а|і|и)$", r"\1к"),
        (r"(?<=\w\w)([ое])вна$", r"\1вич"),
        (r"(?<=\w\w)івна$", "ович"),
        (r"(?<=\w\w)(ov|ev|yev|iev|in)(á|aya)$", r"\1"),
        (r"(?<=\w\w\w)(ov|ev)a$", r"\1"),
        (r"(?<=\w\w)s[jk]?k(ii|iy|ij|yj|yi|y|i|aya|aja|aia|a|á)$", "sk"),
        (r"(?<=\w\w)(o|e)vna$", r"\1vich"),
        (r"(?<=\w\w)ivna$", "ovych"),
        # the article inside Arabic compounds, written as one word
        (r"^عبدال(?=\w\w\w)(?!له$)", "عبد"),
        (r"^abd[aeou]l(?=[^l\W])", "abd"),
        (r"^abd[aeou](?=(rr|ss|nn|zz|sh))", "abd"),
        (r"^абд[уеэ]ль?(?=[^л\W])", "абд"),
    )
)
_SHORTEST_WITH_ENDING = 6
# How words begin or end that any of these changes; most words don't.
_BEGINNINGS_MEANT = ("abd", "абд", "عبد")
_ENDINGS_MEANT = (
    "ova", "eva", "vá", "ná", "aya", "vna", "ka", "ká", "ki", "kii", "kia", "kiy", "kij", "ky",
    "kyj", "kyi", "kaja", "kaia", "ова", "ева", "ина", "іна", "вна", "ка", "ки", "кі", "кии", "кіи",
    "кая",
)  # fmt: skip
PLAIN_WORDS = PlainWords(
    _JOINED | _PARTICLES,
    beginnings=_BEGINNINGS_MEANT,
    endings=_ENDINGS_MEANT,
    shortest=_SHORTEST_WITH_ENDING,
)
"""The words that are pieces as they stand."""

# Before letters are folded: an alef with hamza or madda is no article.
_ARABIC_ARTICLE = re.compile(r"(?<!\w)ال(?!له\b|د[يی]ن\b)(?=\w{3})")
# A hyphen between two syllables of a Korean or Chinese given name joins them.
_LONGEST_SYLLABLE = 5

# Letters that are folded one by one, and each into a letter. Others of that block are taken apart.
_LATIN = re.compile(
    "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u012f\u0131-\u013e\u0141-\u0148\u014a-\u024f]+"
)

_WORD = re.compile(r"[^\s-]+(?:-[^\s-]+)*")


@dataclass(slots=True, repr=False)
class _Word:
    """What stood between two spaces of a name; nothing reaches across a space when it is folded.

    Attributes:
        folded: Its folded words.
        pieces: The pieces that it gives to a name that has others; none where it is a particle.
        stands_alone: Whether these don't depend on the words beside it.
    """

    folded: tuple[str, ...]
    pieces: tuple[str, ...]
    stands_alone: bool


def pieces(name: str) -> tuple[str, ...]:
    """Give the pieces of a name, in the order they were written.

    Args:
        name: A name as written, in any script, of any Unicode characters.

    Returns:
        Pieces of folded letters, each once; without particles, unless the name has nothing else.
    """
    words = [_word(written) for written in name.split(" ")]
    if all(word.stands_alone for word in words):
        found = tuple(dict.fromkeys(piece for word in words for piece in word.pieces))
        if found:
            return found
    return _pieces_of([folded for word in words for folded in word.folded])


def pieces_of_word(written: str) -> tuple[str, ...] | None:
    """Give the pieces that a word gives to a name, in which it stands between spaces.

    Returns:
        None where that depends on the words beside it; nothing where it is a particle, which
        counts where the name has nothing else.
    """
    latin = _in_folded_latin(written)
    if latin is not None:
        return _plain_pieces(latin)
    word = _word(written)
    return word.pieces if word.stands_alone else None


def _word(written: str) -> _Word:
    latin = _in_folded_latin(written)
    if latin is not None:
        found = _plain_pieces(latin)
        return _Word((latin,), found or (), found is not None)
    text = folded(without_article(written))
    if "-" in text:
        words = [word for found in _WORD.findall(text) for word in _unhyphenated(found)]
    else:
        words = text.split()
    kept = tuple([_plain_ending(word) for word in words if word not in _PARTICLES])
    alone = _JOINED.isdisjoint(words) and all(len(parted(word)) == 1 for word in words)
    return _Word(tuple(words), kept, alone)


def _in_folded_latin(written: str) -> str | None:
    """Give a word of Latin letters as `folded` gives it, letter by letter; None for any other."""
    if written.isascii():
        return written.lower() if written.isalpha() else None
    return written.translate(_latin_folded) if _LATIN.fullmatch(written) else None


def _plain_pieces(word: str) -> tuple[str, ...] | None:
    """Do what `pieces_of_word` does to a word of folded Latin letters, as most are."""
    if word in _JOINED:
        return None
    return () if word in _PARTICLES else (_plain_ending(word),)


def _pieces_of(words: list[str]) -> tuple[str, ...]:
    """Give the pieces of a name from all its folded words."""
    joined = [*parted(words[0])] if len(words) == 1 else _compounds(words)
    kept = [word for word in joined if word not in _PARTICLES] or joined
    return tuple(dict.fromkeys(map(_plain_ending, kept)))


def without_apostrophes(text: str) -> str:
    """Give a text without apostrophes and what is written for them.

    This comes before NFKC, which makes a space of the acute accent.
    """
    if text.isascii():
        return text.replace("'", "").replace("`", "")
    return text.translate(_APOSTROPHES)


def without_article(text: str) -> str:
    """Give a text without the Arabic article that is written as one word with what follows."""
    text = without_apostrophes(text)
    return text if text.isascii() else _ARABIC_ARTICLE.sub("", without_optional_marks(text))


def folded(name: str) -> str:
    """Give a name in NFC and in small letters, with one form for each letter.

    Folding what is folded changes nothing.
    """
    if name.isascii():
        return " ".join(_words(name.translate(_ASCII_FOLDED)))
    spread = without_optional_marks(without_apostrophes(name)).translate(_spread)
    letters = unicodedata.normalize("NFKC", spread).translate(_in_words)
    return in_one_script(" ".join(_words(letters)))


def _words(letters: str) -> list[str]:
    """Give the words; an accent that stands alone, as NFKC makes of a macron, is none."""
    return [word for word in letters.split(" ") if word.isalpha() or any(map(str.isalpha, word))]


def _spread_letter(letter: str) -> str:
    """Give a letter in small letters, taken apart and folded."""
    return "".join(map(_unaccented, letter.casefold())).translate(_FOLDED)


def _unaccented(letter: str) -> str:
    """A letter without its accent, from Greek on: й is и. Latin ones tell of a language.

    Vowel signs that Unicode takes apart into two are no letters with an accent.
    """
    if letter.isalpha() and "\u0370" <= letter <= "\u1fff":
        return unicodedata.normalize("NFD", letter)[0]
    return letter


def _letter_in_word(letter: str) -> str:
    """Give what belongs to a word: letters, hyphens, and the marks that Indic vowel signs are."""
    belongs = letter.isalpha() or letter == "-" or unicodedata.category(letter)[0] == "M"
    return letter if belongs else " "


_spread = Letters(_spread_letter)
_in_words = Letters(_letter_in_word)
_latin_folded = Letters(folded)
# What both of them make of a letter of ASCII, and no apostrophe.
_ASCII_FOLDED = {code: _letter_in_word(chr(code).lower()) for code in range(128)} | _APOSTROPHES


def _unhyphenated(word: str) -> list[str]:
    halves = word.split("-")
    if len(halves) == 2 and all(
        len(half) <= _LONGEST_SYLLABLE and half not in _NO_SYLLABLES for half in halves
    ):
        return ["".join(halves)]
    return halves


def _compounds(words: list[str]) -> list[str]:
    """Join what is one name in two or three words."""
    joined: list[str] = []
    opener = ""
    for number, word in enumerate(words):
        is_last = number == len(words) - 1
        if opener and word in _ARTICLES and not is_last:
            continue
        if opener:
            joined.append(opener + word)
            opener = ""
        elif word in _OPENERS and not is_last:
            opener = word
        elif joined and word in _CLOSERS:
            joined[-1] += word
        elif word in _AL_DIN and len(joined) > 1 and joined[-1] in _ARTICLES:
            del joined[-1]
            joined[-1] += "aldin"
        else:
            joined.append(word)
    return joined


def _plain_ending(word: str) -> str:
    if len(word) >= _SHORTEST_WITH_ENDING and (
        word.endswith(_ENDINGS_MEANT) or word.startswith(_BEGINNINGS_MEANT)
    ):
        for pattern, stem in _ENDINGS:
            word = pattern.sub(stem, word)
    return word
