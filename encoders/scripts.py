"""Which scripts names are written in, by the names that Unicode gives their letters."""

import unicodedata
from collections import Counter
from typing import Any

import pyarrow.compute as pc

_HAN = {"CJK", "IDEOGRAPHIC"}
_NO_SCRIPT = {"MODIFIER", "COMBINING"}


def count_scripts(column: Any) -> dict[str, int]:
    """Count the cells of a text column by script.

    Args:
        column: A `pyarrow` column of n strings.

    Returns:
        For each script (`Latin`, `Arabic`, `Han` …) the number of cells with at least one letter
        of it, most frequent first, then by name. A cell of two scripts counts under both; a
        letter that Unicode does not name counts under `Other`.
    """
    counts: Counter[str] = Counter()
    of_letter: dict[str, str | None] = {}
    for cell in pc.value_counts(column).to_pylist():
        if cell["values"] is None:
            continue
        letters = set(cell["values"])
        for letter in letters - of_letter.keys():
            of_letter[letter] = _script(letter)
        for script in {of_letter[letter] for letter in letters}:
            if script is not None:
                counts[script] += cell["counts"]
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _script(letter: str) -> str | None:
    # Presentation forms and full-width letters are letters of the script they are forms of.
    plain = unicodedata.normalize("NFKC", letter).strip()[:1]
    if not plain.isalpha():
        return None
    word = unicodedata.name(plain, "OTHER").split()[0]
    if word in _NO_SCRIPT:
        return None
    return "Han" if word in _HAN else word.capitalize()
