"""Turning attributes of many records into tokens, each distinct value once for a whole run.

A value is parsed once, it is taken apart once, and each distinct part of it is read once, and
turned into tokens once under each view. All of these are numbered, so that what is done for every
record is done with numbers alone.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.birth_columns import BirthReader, Births, birth_of
from encoders.distinct import CellValues, KeyValues, Made, Numbering, Parts
from encoders.growing import Lists
from encoders.letter_pairs import LetterPairs
from encoders.views import ATTRIBUTES, VIEWS, Attribute, View
from encoders.words import MadeOfWords, WordByWord

Ids = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
ViewOf = tuple[str, str]
"""An attribute and one of its views, as schemes name them."""


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """The tokens of n records, under one view.

    Attributes:
        distinct: Distinct tokens, in order of first appearance: those of these records, and of all
            that the vocabulary met before.
        starts: Shape (n,), int64: record i has `ids[starts[i]:stops[i]]`; those of records that are
            alike may be the same place.
        stops: Shape (n,), int64.
        ids: Indices into `distinct`, int32; distinct within a record.
    """

    distinct: Sequence[str]
    starts: Offsets
    stops: Offsets
    ids: Ids

    @property
    def sizes(self) -> Offsets:
        """How many tokens each record has."""
        return self.stops - self.starts

    def end_to_end(self) -> tuple[Offsets, Ids]:
        """Give offsets of shape (n + 1,) and the ids of all records, one after the other."""
        sizes = self.sizes
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        places = np.repeat(self.starts - offsets[:-1], sizes)
        return offsets, self.ids[np.arange(len(places)) + places]

    def of(self, row: int) -> Ids:
        """Give one record's tokens, as indices into `distinct`."""
        return self.ids[self.starts[row] : self.stops[row]]


@dataclass(frozen=True, slots=True, repr=False)
class Tokenised:
    """What n records became.

    Attributes:
        tokens: Their tokens under each view that was wanted.
        failed: The columns in which a value could not be made into tokens, and for each of them
            which records have such a value: shape (n,), bool.
    """

    tokens: dict[ViewOf, Tokens]
    failed: dict[str, Mask]


class Vocabulary:
    """The distinct values that a run has met, and their tokens; shows nothing of them.

    Args:
        views: The attributes and views that are wanted.
    """

    def __init__(self, views: Iterable[ViewOf]) -> None:
        self._births = BirthReader()
        self._values: dict[object, CellValues | KeyValues] = {}
        self._distinct_parts: dict[object, Parts] = {}
        self._distinct_tokens: dict[object, Numbering | LetterPairs] = {}
        self._parts: dict[object, Made] = {}
        self._tokens: dict[object, Made] = {}
        self._by_value: dict[object, Lists] = {}
        self._ways = {(name, view): self._way(ATTRIBUTES[name], view) for name, view in views}

    def __len__(self) -> int:
        """How many distinct values are held."""
        return len(self._births) + sum(len(values) for values in self._values.values())

    def tokenise(self, table: pa.Table) -> Tokenised:
        """Give the tokens of records under the views that are wanted.

        A record's tokens are the union over its values; a value that is absent has none.

        Args:
            table: n records, with the columns of the record model that the attributes read.
        """
        with _uncollected():
            return self._tokenise(table)

    def _tokenise(self, table: pa.Table) -> Tokenised:
        coded = self._coded(table)
        for made in (*self._parts.values(), *self._tokens.values()):
            made.follow()
        for way in self._ways.values():
            way.follow()
        for values in self._values.values():
            values.forget_fresh()
        for parts in self._distinct_parts.values():
            parts.fresh.clear()
        tokens: dict[ViewOf, Tokens] = {}
        failed: dict[str, Mask] = {}
        for (name, view), way in self._ways.items():
            codes = coded[way.reading]
            tokens[name, view] = way.tokens(codes)
            for column, where in way.failed(codes):
                failed[column] = where | failed[column] if column in failed else where
        return Tokenised(tokens, failed)

    def _coded(self, table: pa.Table) -> dict[object, Ids]:
        """Number the values that each way reads: shape (columns, n), -1 where there is none."""
        coded: dict[object, Ids] = {}
        cells: dict[object, Ids] = {}  # an attribute may read some of the columns of another
        births = None
        for way in self._ways.values():
            if way.reading in coded:
                continue
            if isinstance(way.to_values, CellValues):
                for name in way.columns:
                    if (way.to_values, name) not in cells:
                        cells[way.to_values, name] = way.to_values.number(table.column(name))
                coded[way.reading] = np.stack([cells[way.to_values, name] for name in way.columns])
            else:
                births = births or self._births.read(table)
                coded[way.reading] = way.to_values.number(way.of_births(births).keys())
        return coded

    def _way(self, attribute: Attribute, label: str) -> "_Way":
        """Lay the way from cells to tokens; who goes the same way shares its tables."""
        view = VIEWS[label]
        of_births = partial(_seen, attribute.of_births or Births.all_of_it, view.of_births)
        reading = (attribute.reader, attribute.of_births, view.of_births)
        values = self._values.setdefault(
            reading, CellValues(attribute.reader()) if attribute.pooled else KeyValues(birth_of)
        )
        kind = (attribute.reader, view.parts, view.read)
        distinct_parts = self._distinct_parts.setdefault(kind, Parts(view.read))
        parts = self._parts.setdefault((reading, kind), _made_of(values, view, distinct_parts))
        distinct_tokens = self._distinct_tokens.setdefault(
            (kind, label), Numbering() if view.spelt is None else LetterPairs()
        )
        tokens = self._tokens.setdefault(
            (kind, label), Made(distinct_parts, view.spelt or view.tokens, distinct_tokens)
        )
        by_value = self._by_value.setdefault((reading, kind, label), Lists())
        return _Way(attribute.columns, of_births, values, parts, tokens, by_value)


def _made_of(values: CellValues | KeyValues, view: View, distinct_parts: Parts) -> Made:
    if isinstance(view.parts, WordByWord) and isinstance(values, CellValues):
        return MadeOfWords(values, view.parts, distinct_parts)
    return Made(values, view.parts, distinct_parts)


def _seen(
    of_attribute: Callable[[Births], Births], of_view: Callable[[Births], Births], births: Births
) -> Births:
    return of_view(of_attribute(births))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector away, which would walk all tables again and again as they grow."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True, repr=False)
class _Way:
    """The way of one attribute and view from cells to tokens.

    Attributes:
        columns: The columns that are read.
        of_births: What is looked at where these are births.
        by_value: The tokens of each value, each once.
    """

    columns: tuple[str, ...]
    of_births: Callable[[Births], Births]
    to_values: CellValues | KeyValues
    to_parts: Made
    to_tokens: Made
    by_value: Lists

    @property
    def reading(self) -> object:
        """What is read: ways that agree in it have the same codes."""
        return self.to_values, self.columns

    def follow(self) -> None:
        """Take in the tokens of values that are new."""
        offsets, parts = self.to_parts.lists.arrays()
        ends, tokens = self.to_tokens.lists.united(
            offsets[len(self.by_value) :], parts, len(self.to_tokens.into.distinct)
        )
        self.by_value.extend(np.diff(ends), tokens)

    def tokens(self, codes: Ids) -> Tokens:
        distinct = self.to_tokens.into.distinct
        filled = codes[codes.max(axis=1, initial=-1) >= 0]
        if len(filled) <= 1:  # no record has more than one value
            return Tokens(distinct, *self.by_value.places((filled if len(filled) else codes)[0]))
        offsets = np.arange(0, filled.size + 1, len(filled))
        ends, ids = self.by_value.united(offsets, filled.T.ravel(), len(distinct))
        return Tokens(distinct, ends[:-1], ends[1:], ids)

    def failed(self, codes: Ids) -> Iterator[tuple[str, Mask]]:
        """Give the columns with values that could not be made into tokens, and whose they are."""
        if not self.to_parts.broken and not self.to_tokens.broken:
            return
        offsets, parts = self.to_parts.lists.arrays()
        broken_parts = np.isin(parts, self.to_tokens.broken)
        broken = np.unique(np.searchsorted(offsets, np.flatnonzero(broken_parts), side="right") - 1)
        where = np.isin(codes, [*broken, *self.to_parts.broken])
        for column, failing in zip(self.columns, where, strict=False):
            if failing.any():
                yield column, failing
