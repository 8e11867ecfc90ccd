"""From records to fingerprints, under an agreement's scheme and keys."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from encoders.bits import WORD, Filters, fill_up, set_bits, token_positions
from encoders.hardening import Hardening
from encoders.keys import Keys
from encoders.records import Records
from encoders.salting import Salts, salted, salts_of
from encoders.tokens import Tokens, Values, tokens_of, values_of
from encoders.views import ATTRIBUTES, VIEWS
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, MismatchError
from matcher.formats.scheme import Attribute, Pass, Salt, Scheme

Mask = npt.NDArray[np.bool_]

# Records that are encoded together: their token tables are freed before the next chunk.
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, repr=False)
class Fingerprints:
    """The fingerprints of n persons under one pass.

    Attributes:
        bits: Shape (n, words), uint64, C-contiguous: bit i of a fingerprint is bit `i % 64` of
            word `i // 64`. All zero where absent.
        present: Shape (n,), bool: whether the person has what the pass needs.
    """

    bits: Filters
    present: Mask


@dataclass(frozen=True, slots=True, repr=False)
class Encoded:
    """The fingerprints of n persons, pass by pass, in the order of the scheme."""

    passes: dict[str, Fingerprints]


def encode(
    records: Records,
    agreement: Agreement,
    keys: Keys,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Encoded:
    """Encode records as an agreement's scheme says.

    Args:
        records: n records.
        agreement: Whose scheme is used.
        keys: The keys of this agreement and its key epoch.
        progress: Told how many records are done, after every chunk.

    Returns:
        For each pass of the scheme n fingerprints, in the order of the records.

    Raises:
        MismatchError: The keys are of another agreement or key epoch.
        AgreementError: The scheme asks for an attribute or view that this version doesn't have.
    """
    _check_keys(agreement, keys)
    _check_scheme(agreement.scheme)
    encoders = [_PassEncoder(part, keys) for part in agreement.scheme.passes]
    passes = {
        part.name: Fingerprints(
            np.zeros((len(records), part.output_bits // WORD), dtype=np.uint64),
            np.zeros(len(records), dtype=np.bool_),
        )
        for part in agreement.scheme.passes
    }
    for start in range(0, len(records), CHUNK):
        chunk = _Chunk(records.table.slice(start, CHUNK))
        rows = slice(start, start + chunk.size)
        for encoder in encoders:
            into = passes[encoder.name]
            into.bits[rows], into.present[rows] = encoder.encode(chunk)
        progress(start + chunk.size)
    return Encoded(passes)


def _check_keys(agreement: Agreement, keys: Keys) -> None:
    for what, of_keys, ours in (
        ("agreement", keys.agreement_id, agreement.agreement_id),
        ("key epoch", keys.key_epoch, agreement.key_epoch),
        ("scheme", keys.scheme_label, agreement.scheme.label),
    ):
        if of_keys != ours:
            raise MismatchError(
                f"The keys are for {what} {of_keys}, the agreement has {ours}. Open the key file "
                "of this agreement with this agreement."
            )


def _check_scheme(scheme: Scheme) -> None:
    for part in scheme.passes:
        for attribute in part.attributes:
            views = [view.name for view in attribute.views] + [one.view for one in attribute.salt]
            unknown = [name for name in views if name not in VIEWS]
            names = {attribute.name, *(one.attribute for one in attribute.salt)}
            if unknown or not names <= ATTRIBUTES.keys():
                raise AgreementError(
                    f"Scheme {scheme.label}, pass {part.name}: attribute {attribute.name} with "
                    f"{', '.join(unknown) or 'its views'} is not known to this version. Install "
                    "the version that the agreement was made with, or a later one."
                )


class _Chunk:
    """Some records, whose values and tokens are made once for all passes."""

    def __init__(self, table: pa.Table) -> None:
        self.size: int = table.num_rows
        self._table = table
        self._values: dict[str, Values] = {}
        self._tokens: dict[tuple[str, str], Tokens] = {}
        self._salts: dict[tuple[Salt, ...], Salts] = {}
        self._joined: pa.ChunkedArray | None = None

    def tokens(self, attribute: str, view: str) -> Tokens:
        if attribute not in self._values:
            self._values[attribute] = values_of(self._table, attribute)
        if (attribute, view) not in self._tokens:
            self._tokens[attribute, view] = tokens_of(self._values[attribute], view)
        return self._tokens[attribute, view]

    def salts(self, salt: tuple[Salt, ...]) -> Salts:
        if salt not in self._salts:
            self._salts[salt] = salts_of(
                [(one.view, self.tokens(one.attribute, one.view)) for one in salt]
            )
        return self._salts[salt]

    def rows(self, rows: npt.NDArray[np.int64]) -> list[bytes]:
        """Give all cells of some records as one text each, which no two records share by chance."""
        if self._joined is None:
            self._joined = pc.binary_join_element_wise(
                *self._table.columns, "\x1f", null_handling="replace", null_replacement="\x1e"
            )
        return [row.encode() for row in self._joined.take(rows).to_pylist()]


class _PassEncoder:
    """One pass with its keys drawn: what does not depend on the records is made once."""

    def __init__(self, part: Pass, keys: Keys) -> None:
        self.name = part.name
        self._pass = part
        self._keys = {
            attribute.name: keys.derive("bits", pass_name=part.name, attribute=attribute.name)
            for attribute in part.attributes
        }
        self._filling_key = keys.derive("filling", pass_name=part.name)
        self._hardening = Hardening(part, keys)

    def encode(self, chunk: _Chunk) -> tuple[Filters, Mask]:
        filters = np.zeros((chunk.size, self._pass.bits // WORD), dtype=np.uint64)
        has = dict(self._set_attributes(chunk, filters))
        present = np.ones(chunk.size, dtype=np.bool_)
        for group in self._pass.needs:
            present &= np.logical_or.reduce([has[name] for name in group])
        for attribute in self._pass.attributes:
            if attribute.salt:
                present &= chunk.salts(attribute.salt).codes >= 0
        self._fill_up(chunk, filters, present)
        filters = self._hardening.harden(filters, present, chunk.rows)
        filters[~present] = 0
        return filters, present

    def _fill_up(self, chunk: _Chunk, filters: Filters, present: Mask) -> None:
        floor = self._pass.floor
        weights = np.bitwise_count(filters).sum(axis=1, dtype=np.int64)
        rows = np.flatnonzero(present & (weights < floor))
        seeds = [self._filling_key + row for row in chunk.rows(rows)]
        fill_up(filters, rows, seeds, self._pass.bits, floor)

    def _set_attributes(self, chunk: _Chunk, filters: Filters) -> Iterator[tuple[str, Mask]]:
        """Set every attribute's bits; give each attribute's name and which records have it."""
        for attribute in self._pass.attributes:
            own = self._pass.filters[attribute.name]
            has = np.zeros(chunk.size, dtype=np.bool_)
            for view in attribute.views:
                tokens = _tokens(chunk, attribute, view.name)
                has |= np.diff(tokens.offsets) > 0
                positions = token_positions(
                    [f"{view.name} {token}" for token in tokens.distinct],
                    self._keys[attribute.name],
                    own.stop - own.start,
                    view.each,
                )
                positions = positions + np.uint16(own.start)
                set_bits(filters, tokens.offsets, tokens.ids, positions, view.each, view.most)
            yield attribute.name, has


def _tokens(chunk: _Chunk, attribute: Attribute, view: str) -> Tokens:
    tokens = chunk.tokens(attribute.name, view)
    return salted(tokens, chunk.salts(attribute.salt)) if attribute.salt else tokens
