"""From the words that sources write for a role, a relation or a sex to the codes of the model.

Only words that mean one thing everywhere are known. Numbers are not: 1 and 2 are man and woman in
one country's forms and the other way round in another's.
"""

import unicodedata

from encoders.rules import Problem
from matcher.formats.vocabulary import RELATIONS, ROLES

_SEX_WORDS = {
    "m": (
        "m male man boy masculine masculin homme garçon masculino hombre varón niño homem menino "
        "männlich mann junge maschio maschile uomo mannelijk чоловік чоловіча хлопчик мужской муж "
        "мужчина мальчик ذكر رجل مرد پسر erkek"
    ),
    "f": (
        "f female woman girl feminine féminin femme fille femenino mujer niña feminino mulher "
        "menina weiblich frau mädchen femmina femminile donna vrouwelijk жінка жіноча дівчинка "
        "женский жен женщина девочка أنثى انثى امرأة زن دختر kadin kiz"
    ),
    None: "x other unknown unspecified undisclosed u n/a na none - ?",
}
_SEXES = {word: code for code, words in _SEX_WORDS.items() for word in words.split()}


def normalise_sex(text: str | None) -> tuple[str | None, Problem | None]:
    """Give the code of a sex, one of `SEXES`.

    Args:
        text: A cell of the column `sex`, in any case.

    Returns:
        `f`, `m` or None, and a problem when the word is not known. Words for another or an
        unknown sex are known, and give None: they are no evidence for or against.
    """
    if text is None:
        return None, None
    word = _folded(text)
    if word in _SEXES:
        return _SEXES[word], None
    return None, Problem("sex", "sex_unknown")


def normalise_relation(text: str | None) -> tuple[str | None, Problem | None]:
    """Give the code of a relation, one of `RELATIONS`, in any case.

    Returns:
        The code or None, and a problem when the relation is not known.
    """
    if text is None:
        return None, None
    word = _folded(text)
    return (word, None) if word in RELATIONS else (None, Problem("relation", "relation_unknown"))


def normalise_role(text: str | None) -> tuple[str | None, Problem | None]:
    """Give the code of a role, one of `ROLES`, in any case.

    Returns:
        The code or None, and a problem when the role is not known.
    """
    if text is None:
        return None, None
    word = _folded(text)
    return (word, None) if word in ROLES else (None, Problem("role", "role_unknown"))


def _folded(text: str) -> str:
    visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    folded = unicodedata.normalize("NFC", visible.strip().casefold())
    return folded.replace("\u0131", "i").replace("\u0307", "")  # Turkish has i without a dot
