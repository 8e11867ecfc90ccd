"""Distinct things and what is made of them, each made once and numbered.

What can't be made is a defect of ours in one value, so it is noted and the others go on. The
exception is dropped, since its text may hold the value.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from encoders.columns import cells_of
from encoders.growing import Lists, Offsets
from encoders.letter_pairs import LetterPairs
from encoders.texts import Octets, Texts, strings

Ids = npt.NDArray[np.int32]

_BROKEN = object()


class _Numbers(dict[Any, int]):
    """Things and their numbers; one that is asked for and not there is given the next.

    Attributes:
        distinct: The things, in the order of their numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.distinct: list[Any] = []

    def __missing__(self, thing: Any) -> int:
        number = self[thing] = len(self.distinct)
        self.distinct.append(thing)
        return number


class Values(ABC):
    """The distinct values of attributes that are read alike; shows nothing of them.

    Args:
        read: Gives a value from a cell, or from the number that stands for one.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read
        self._taken_in = 0

    @abstractmethod
    def __len__(self) -> int:
        """How many values there are."""

    @abstractmethod
    def things(self, known: int) -> list[Any]:
        """Give what the values are read from, but the first ones."""

    @cached_property
    def fresh(self) -> list[Any]:
        """The values that were added since `forget_fresh`."""
        return [_made(self._read, thing) for thing in self.things(self._taken_in)]

    def forget_fresh(self) -> None:
        """Begin anew to tell what is fresh."""
        self._taken_in = len(self)
        self.__dict__.pop("fresh", None)


class CellValues(Values):
    """Values of which each is read from one cell."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__(read)
        self._cells = Texts()

    def __len__(self) -> int:
        return len(self._cells)

    def things(self, known: int) -> list[Any]:
        """Give the cells."""
        return self._cells.strings(known)

    def fresh_cells(self) -> tuple[Octets, Offsets, Offsets]:
        """Give the cells of the fresh values, as `Texts.number` takes them."""
        return self._cells.arrays(self._taken_in)

    def fresh_values(self, which: Offsets) -> list[Any]:
        """Give some of the fresh values, by their places among these."""
        octets, starts, stops = self.fresh_cells()
        return [_made(self._read, cell) for cell in strings(octets, starts[which], stops[which])]

    def number(self, column: pa.ChunkedArray) -> Ids:
        """Number the values of n cells: shape (n,), -1 where the cell is null."""
        octets, offsets = cells_of(column)
        return self._cells.number(octets, offsets[:-1], offsets[1:])


class KeyValues(Values):
    """Values of which each is read from a whole number."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__(read)
        self._numbers = _Numbers()

    def __len__(self) -> int:
        return len(self._numbers)

    def things(self, known: int) -> list[Any]:
        """Give the whole numbers."""
        return self._numbers.distinct[known:]

    def number(self, keys: npt.NDArray[np.int64]) -> Ids:
        """Number the values that n whole numbers stand for: shape (1, n)."""
        codes, distinct = pd.factorize(keys)
        things = distinct.tolist()
        numbers = np.fromiter(map(self._numbers.__getitem__, things), np.int32, len(things))
        return numbers[np.newaxis, codes]


def _made(make: Callable[[Any], Any], thing: Any) -> Any:
    """Give what is made of a thing, `_BROKEN` where it can't be made of it."""
    try:
        return _BROKEN if thing is _BROKEN else make(thing)
    except Exception:
        return _BROKEN


class Numbering:
    """Distinct things that can be keys of a dictionary, in order of first appearance.

    Attributes:
        made_as: What holds the things that are made at a time.
        distinct: All of them.
    """

    made_as = tuple

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self.distinct: list[Any] = self._numbers.distinct

    def number_lists(self, lists: Sequence[tuple[Any, ...]]) -> tuple[Offsets, Ids]:
        """Give how long lists are, and the positions of their things in `distinct`, end to end.

        It takes in what is new.
        """
        sizes = np.fromiter(map(len, lists), np.int64, len(lists))
        things = chain.from_iterable(lists)
        return sizes, np.fromiter(map(self._numbers.__getitem__, things), np.int32, sizes.sum())


@dataclass(frozen=True, slots=True)
class ManyAtOnce:
    """What reads parts: one, or many in less time.

    Attributes:
        one: Gives what is read in a part.
        many: Gives what is read in each of many.
    """

    one: Callable[[Any], Any]
    many: Callable[[Sequence[Any]], list[Any]]

    def __call__(self, part: Any) -> Any:
        """Give what is read in a part."""
        return self.one(part)


class Parts(Numbering):
    """Distinct parts of values, each of which is read once.

    Args:
        read: Gives what is read in a part.

    Attributes:
        fresh: What was read in the parts that were added since this was emptied.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self._read = read
        self.fresh: list[Any] = []

    def number_lists(self, lists: Sequence[tuple[Any, ...]]) -> tuple[Offsets, Ids]:
        """Give what `Numbering` gives; parts that are new are read."""
        known = len(self.distinct)
        numbered = super().number_lists(lists)
        self.fresh += self._read_all(self.distinct[known:])
        return numbered

    def _read_all(self, parts: list[Any]) -> list[Any]:
        if isinstance(self._read, ManyAtOnce):
            with suppress(Exception):  # it is found below which of them breaks
                return self._read.many(parts)
        return [_made(self._read, part) for part in parts]


class Made:
    """What is made of distinct things: of values their parts, of parts their tokens.

    Args:
        source: The things.
        make: Gives what is made of one of them.
        into: Numbers what is made, as its `made_as` holds it.

    Attributes:
        into: As given.
        lists: For each thing, the numbers of what was made of it, one perhaps more than once.
        broken: The numbers of the things that nothing could be made of.
    """

    def __init__(
        self,
        source: Values | Parts,
        make: Callable[[Any], Iterable[Any]],
        into: Numbering | LetterPairs,
    ) -> None:
        self._source = source
        self._make = make
        self.into = into
        self.lists = Lists()
        self.broken: list[int] = []

    def follow(self) -> None:
        """Take in what is fresh in the source."""
        things = self._source.fresh
        self.lists.extend(*self._numbered(things, len(self.lists) + np.arange(len(things))))

    def _numbered(self, things: Sequence[Any], numbers: Offsets) -> tuple[Offsets, Ids]:
        """Give what is made of things that have these numbers themselves."""
        return self.into.number_lists(
            self._made_at_once(things) or self._made_each(things, numbers)
        )

    def _made_at_once(self, things: Sequence[Any]) -> list[Any] | None:
        """Give what is made of things; None where it can't be made of one of them."""
        make, made_as = self._make, self.into.made_as
        if any(thing is _BROKEN for thing in things):
            return None
        try:
            return [made_as(make(thing)) for thing in things]
        except Exception:
            return None

    def _made_each(self, things: Sequence[Any], numbers: Offsets) -> list[Any]:
        """Do the same and note which of them nothing could be made of."""
        make, made_as = self._make, self.into.made_as
        made: list[Any] = []
        for thing in things:
            try:
                found = None if thing is _BROKEN else made_as(make(thing))
            except Exception:
                found = None
            if found is None:
                self.broken.append(int(numbers[len(made)]))
            made.append(found or made_as())
        return made
