"""Names that people are called by in short, and the names that these stand for.

The table `diminutives-1.txt` has a line for each name: its usual forms, and what its bearers are
called. Every form of a line has the line's token, so that Sasha meets both Oleksandr and Alexandra;
other spellings of the usual forms have it by the lexicon. A common token is weak evidence, and is
meant to be a small part of a name's weight.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from encoders.names.known import lexicon
from encoders.names.pieces import pieces
from encoders.names.romanising import romanised

_Names = dict[str, None]
"""Names in order, each once."""


@dataclass(frozen=True, repr=False)
class _Table:
    """The names that a form stands for, by its romanised letters and by its lexicon entries."""

    of_letters: dict[str, _Names]
    of_entry: dict[str, _Names]


def called_for(piece: str) -> tuple[str, ...]:
    """Give the names that a piece can stand for, as tokens.

    None where neither table nor lexicon has it. A token is the first form of the table's line.
    """
    table = _table(1)
    names = dict(table.of_letters.get(romanised(piece), {}))
    for entry in lexicon(1).entries_of(piece):
        names |= table.of_entry.get(entry, {})
    return tuple(names)


@cache
def _table(version: int) -> _Table:
    text = (files("encoders.names") / f"diminutives-{version}.txt").read_text(encoding="utf-8")
    table = _Table(defaultdict(dict), defaultdict(dict))
    for line in text.splitlines():
        usual, _, short = line.partition("~")
        if not short or line.startswith("#"):
            continue
        name = usual.split()[0]
        # As a name in a record is: an ending that is made alike there is made alike here.
        for piece in pieces(usual):
            table.of_letters[romanised(piece)][name] = None
            for entry in lexicon(1).entries_of(piece):
                table.of_entry[entry][name] = None
        for piece in pieces(short):
            table.of_letters[romanised(piece)][name] = None
    return table
