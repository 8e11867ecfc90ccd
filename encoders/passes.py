"""One pass of a scheme at work: from the tokens of some records to their fingerprints."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.bits import WORD, BitSetter, Filters, Positions, PositionTable, Rows
from encoders.contents import Cells, Contents
from encoders.filling import fill_up
from encoders.hardening import Hardening
from encoders.keys import Keys
from encoders.salting import SaltedTokens, Salts, salts_of
from encoders.tokens import Tokens, ViewOf
from matcher.formats.scheme import Attribute, Pass, Salt, View

Mask = npt.NDArray[np.bool_]

_AT_ONCE = 1 << 12  # filters that are worked on together; near memory holds them
_MOST_SALTED = 1 << 19  # salted tokens of a view that are kept, at some 300 bytes each


class Chunk:
    """Some records with their tokens, from which every pass is made.

    Args:
        table: n records.
        tokens: Their tokens under the views that the passes ask for.
    """

    def __init__(self, table: pa.Table, tokens: dict[ViewOf, Tokens]) -> None:
        self.size: int = table.num_rows
        self._cells = Cells(table)
        self._tokens = tokens
        self._salts: dict[tuple[Salt, ...], Salts] = {}

    def tokens(self, attribute: str, view: str) -> Tokens:
        """Give the records' tokens under a view."""
        return self._tokens[attribute, view]

    def salts(self, salt: tuple[Salt, ...]) -> Salts:
        """Give the records' salts."""
        if salt not in self._salts:
            self._salts[salt] = salts_of(
                [(one.view, self.tokens(one.attribute, one.view)) for one in salt]
            )
        return self._salts[salt]

    def contents(self, rows: Rows, which: Rows) -> Contents:
        """Give the contents of some of some records: of `rows[which]`."""
        return self._cells.contents(rows[which])


@dataclass(frozen=True, slots=True, repr=False)
class Drawn:
    """What is left to do with numbers alone for the records of a chunk in one pass.

    Attributes:
        present: Shape (n,): whether the record has what the pass needs.
        setters: For each view, what sets the bits of the records' tokens.
    """

    present: Mask
    setters: list[BitSetter]


class PassEncoder:
    """One pass with its keys drawn: what does not depend on the records is made once.

    Args:
        part: The pass.
        keys: The keys; they may be wiped afterwards.
    """

    def __init__(self, part: Pass, keys: Keys) -> None:
        self.name = part.name
        self._pass = part
        self._keys = {
            attribute.name: keys.derive("bits", pass_name=part.name, attribute=attribute.name)
            for attribute in part.attributes
        }
        self._filling = []
        for nth, (bits, floor) in enumerate(part.filled, 1):
            number = "" if nth == 1 else str(nth)  # as steps of hardening are numbered
            key = keys.derive("filling", pass_name=part.name, attribute=number)
            self._filling.append((slice(bits.start // WORD, bits.stop // WORD), floor, key))
        self._hardening = Hardening(part, keys)
        self.forget()

    def forget(self) -> None:
        """Forget the positions of all tokens; call it when the vocabulary begins anew."""
        self._positions = {
            (attribute.name, view.name): self._table(attribute, view)
            for attribute in self._pass.attributes
            for view in attribute.views
        }
        self._salted = {
            (attribute.name, view.name): SaltedTokens()
            for attribute in self._pass.attributes
            for view in attribute.views
            if attribute.salt
        }

    def draw(self, chunk: Chunk) -> Drawn:
        """Draw the positions of tokens that were not met before; one thread at a time.

        Chunks come from one vocabulary, until `forget` is called.
        """
        if any(len(salted) > _MOST_SALTED for salted in self._salted.values()):
            self.forget()
        present = np.ones(chunk.size, dtype=np.bool_)
        has: dict[str, Mask] = {}
        setters = []
        for attribute in self._pass.attributes:
            has[attribute.name] = np.zeros(chunk.size, dtype=np.bool_)
            if attribute.salt:
                present &= chunk.salts(attribute.salt).codes >= 0
            own = _range(self._pass.filters[attribute.name])
            for view, tokens, positions in self._drawn(chunk, attribute):
                has[attribute.name] |= tokens.sizes > 0
                setters.append(
                    BitSetter(tokens.starts, tokens.stops, tokens.ids, positions, view.most, own)
                )
        for group in self._pass.needs:
            present &= np.logical_or.reduce([has[name] for name in group])
        return Drawn(present, setters)

    def finish(self, chunk: Chunk, drawn: Drawn) -> Filters:
        """Make the fingerprints; zeros where absent. Any number of threads at a time."""
        words = self._pass.bits // WORD
        made = np.empty((chunk.size, self._pass.output_bits // WORD), dtype=np.uint64)
        made[~drawn.present] = 0
        present = np.flatnonzero(drawn.present)
        for start in range(0, len(present), _AT_ONCE):
            rows = present[start : start + _AT_ONCE]
            filters = np.zeros((len(rows), words), dtype=np.uint64)
            for setter in drawn.setters:
                setter.set_bits(filters, rows)
            contents = partial(chunk.contents, rows)
            self._fill_up(filters, contents)
            self._hardening.harden(filters, contents, made, rows)
        return made

    def _fill_up(self, filters: Filters, contents: Callable[[Rows], Contents]) -> None:
        for words, floor, key in self._filling:
            own = np.ascontiguousarray(filters[:, words])
            fill_up(own, key, WORD * own.shape[1], floor, contents)
            if not np.may_share_memory(own, filters):
                filters[:, words] = own

    def _drawn(
        self, chunk: Chunk, attribute: Attribute
    ) -> Iterator[tuple[View, Tokens, Positions]]:
        for view in attribute.views:
            tokens = chunk.tokens(attribute.name, view.name)
            if attribute.salt:
                salted = self._salted[attribute.name, view.name]
                tokens = salted.of(tokens, chunk.salts(attribute.salt))
            positions = self._positions[attribute.name, view.name]
            yield view, tokens, positions.of(tokens.distinct)

    def _table(self, attribute: Attribute, view: View) -> PositionTable:
        own = _range(self._pass.filters[attribute.name])
        return PositionTable(view.name, self._keys[attribute.name], own, view.each)


def _range(bits: slice) -> range:
    return range(bits.start, bits.stop)


def views_of(passes: Sequence[Pass]) -> dict[ViewOf, None]:
    """Give the views that passes ask for, those that salt among them, each once."""
    return dict.fromkeys(
        view
        for part in passes
        for attribute in part.attributes
        for view in (
            *((attribute.name, view.name) for view in attribute.views),
            *((salt.attribute, salt.view) for salt in attribute.salt),
        )
    )
