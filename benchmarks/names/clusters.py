"""Clusters of one personal name in many scripts, read from rigour's `persons.txt`, and split.

The file (rigour 1.3.0, `rigour/data/names/persons.txt`, MIT, from Wikidata) has a cluster a line:
`spelling, spelling, … => id`. The split is by cluster: a cluster is held out where the first four
bytes of its id's SHA-256, as a number, are divisible by five. Model and lexicon are made from the
others.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HELD_OUT_ONE_IN = 5
_SAME = {"Cjk": "Han", "Ideographic": "Han", "Katakana": "Kana", "Hiragana": "Kana"}


@dataclass(frozen=True)
class Cluster:
    """The spellings of one name.

    Attributes:
        name_id: Its id, of Wikidata.
        spellings: By script (`Latin`, `Cyrillic`, `Han`, `Kana` …), in the order of the file.
    """

    name_id: str
    spellings: dict[str, list[str]]

    @property
    def held_out(self) -> bool:
        """Whether it is kept for measuring."""
        digest = hashlib.sha256(self.name_id.encode()).digest()
        return int.from_bytes(digest[:4], "big") % _HELD_OUT_ONE_IN == 0


def read_clusters(path: Path) -> Iterator[Cluster]:
    """Read all clusters of a file, in its order."""
    for line in path.read_text(encoding="utf-8").splitlines():
        names, arrow, name_id = line.rpartition("=>")
        if not arrow:
            continue
        spellings: dict[str, list[str]] = {}
        for name in map(str.strip, names.split(",")):
            script = script_of(name)
            if script:
                spellings.setdefault(script, []).append(name)
        yield Cluster(name_id.strip(), spellings)


def script_of(name: str) -> str:
    """The script that most letters of a name are of; empty where it has no letters."""
    counts = Counter(_script(letter) for letter in name if letter.isalpha())
    return counts.most_common(1)[0][0] if counts else ""


@cache
def _script(letter: str) -> str:
    word = unicodedata.name(letter, "other").split()[0].capitalize()
    return _SAME.get(word, word)
