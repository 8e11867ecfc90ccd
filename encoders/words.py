"""Parts of texts word by word: what a word gives to every text that has it is worked out once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from encoders.distinct import CellValues, Made, Parts
from encoders.growing import Growing, Ids, Lists, Offsets
from encoders.plain_words import PlainWords
from encoders.texts import Texts

Mask = npt.NDArray[np.bool_]

_SPACE = 0x20


@dataclass(frozen=True, slots=True)
class WordByWord:
    """From a value read from a text to its parts, which are those of the words between spaces.

    Attributes:
        whole: Gives the parts of a value.
        of_word: Gives the parts of a word; None where they depend on the words beside it. Where
            the words of a text have no parts, `whole` has the say.
        plain: Tells words whose only part are they themselves in small letters.
    """

    whole: Callable[[Any], Iterable[Any]]
    of_word: Callable[[str], tuple[Any, ...] | None]
    plain: PlainWords

    def __call__(self, value: Any) -> Iterable[Any]:
        """Give the parts of a value."""
        return self.whole(value)


class MadeOfWords(Made):
    """The parts of values, word by word.

    Args:
        source: Values of cells.
        parts: What gives their parts.
        into: Numbers the parts.
    """

    def __init__(self, source: CellValues, parts: WordByWord, into: Parts) -> None:
        super().__init__(source, parts.whole, into)
        self._parts = into
        self._cells = source
        self._of_word = parts.of_word
        self._plain = parts.plain
        self._words = Texts()
        self._by_word = Lists()
        self._stands_alone = Growing((), np.bool_)

    def follow(self) -> None:
        """Take in what is fresh in the source."""
        cells = self._cells.fresh_cells()
        offsets, *places = _split(*cells)
        known = len(self._words)
        words = self._words.number(cells[0], *places)
        self._take_in(known)
        ends, parts = self._by_word.united(offsets, words, len(self.into.distinct))
        sizes = np.diff(ends)
        rows = np.flatnonzero(_ask_whole(offsets, words, self._stands_alone.rows(), sizes))
        if len(rows):
            whole = self._numbered(self._cells.fresh_values(rows), len(self.lists) + rows)
            sizes, parts = _with_others(sizes, parts, rows, *whole)
        self.lists.extend(sizes, parts)

    def _take_in(self, known: int) -> None:
        words = zip(
            self._words.strings(known),
            self._plain.among(*self._words.arrays(known)).tolist(),
            strict=True,
        )
        found = [(word.lower(),) if plain else self._parts_of(word) for word, plain in words]
        self._stands_alone.extend([parts is not None for parts in found])
        self._by_word.extend(
            *self._parts.number_lists([() if parts is None else parts for parts in found])
        )

    def _parts_of(self, word: str) -> tuple[Any, ...] | None:
        try:
            return self._of_word(word)
        except Exception:  # `whole` has the say then, and it is told if that fails too
            return None


def _ask_whole(offsets: Offsets, words: Ids, stands_alone: Mask, sizes: Offsets) -> Mask:
    """Tell of which texts the words don't tell the parts."""
    depends = np.zeros(len(sizes), dtype=np.bool_)
    of_text = np.repeat(np.arange(len(sizes)), np.diff(offsets))
    depends[of_text[~stands_alone[words]]] = True
    depends |= sizes == 0
    return depends


def _with_others(
    sizes: Offsets, numbers: Ids, rows: Offsets, other_sizes: Offsets, others: Ids
) -> tuple[Offsets, Ids]:
    """Put other lists in the place of some rows' lists, which are as many numbers end to end."""
    is_other = np.zeros(len(sizes), dtype=np.bool_)
    is_other[rows] = True
    kept = numbers[~np.repeat(is_other, sizes)]
    sizes[rows] = other_sizes
    mixed = np.empty(sizes.sum(), dtype=np.int32)
    from_others = np.repeat(is_other, sizes)
    mixed[from_others], mixed[~from_others] = others, kept
    return sizes, mixed


@numba.njit(cache=True, nogil=True)
def _split(octets, starts, stops):  # type: ignore[no-untyped-def]
    """Give offsets of the texts' words, none of them empty, and where these start and stop."""
    offsets = np.zeros(len(starts) + 1, dtype=np.int64)
    most = (stops - starts).sum() // 2 + len(starts)  # a space between two words
    first = np.empty(most, dtype=np.int64)
    last = np.empty(most, dtype=np.int64)
    word = 0
    for row in range(len(starts)):
        begin = starts[row]
        for at in range(starts[row], stops[row] + 1):
            if at == stops[row] or octets[at] == _SPACE:
                if at > begin:
                    first[word], last[word] = begin, at
                    word += 1
                begin = at + 1
        offsets[row + 1] = word
    return offsets, first[:word], last[:word]
