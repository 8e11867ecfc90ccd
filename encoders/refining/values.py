"""From records to the draws of their fields: each distinct value read once, each token hashed once.

Tokens are hashed under a key of the agreement before any candidate's key sees them; see
`encoders.refining.prf`.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from encoders.names.pieces import pieces
from encoders.records import NAME_COLUMNS, Records
from encoders.refining import reading
from encoders.refining.prf import Words
from encoders.refining.reading import Value
from matcher.formats.attributes import FIELDS, MOTHERS, PIECES, PLACES, Part

_DIGEST_BYTES = 16
_BIRTH_COLUMNS = ("birth_date", "age", "age_on", "calendar")
_ABSENT = -1
_GIVEN = ("given_1", "given_2", "father", "grandfather", "other_1", "other_2")

Column = tuple[Sequence[tuple[str | None, ...]], npt.NDArray[np.int64]]
"""The distinct cells of a field, and which of them each record has."""


@dataclass(frozen=True, slots=True, repr=False)
class FieldValues:
    """What n records hold in one field.

    Attributes:
        values: Shape (n,), int64: rows of `draws`; -1 where the field is absent.
        draws: Shape (distinct values, draws of the kind), int32: rows of the digests, -1 where a
            draw is filled at random.
        plain: Shape (distinct values,), uint8: the plain byte.
    """

    values: npt.NDArray[np.int64]
    draws: npt.NDArray[np.int32]
    plain: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, repr=False)
class Fields:
    """What n records hold in every field.

    Attributes:
        by_name: For each of `FIELDS` its values.
        digests: Shape (tokens, 2), uint64: what the draws stand for.
    """

    by_name: Mapping[str, FieldValues]
    digests: Words


def read_fields(records: Records, key: bytes) -> Fields:
    """Read every field of n records.

    Args:
        records: The records.
        key: What tokens are hashed under, up to 64 bytes.
    """
    digests = _Digests(key)
    own, mothers = _pieces_of(records)
    fields = {
        **_read(PIECES, own, reading.piece, digests),
        **_read(MOTHERS, mothers, reading.piece, digests),
        **_read(("birth",), [_cells(records, *_BIRTH_COLUMNS)], reading.birth, digests),
        **_read(("sex",), [_cells(records, "sex")], reading.sex, digests),
        **_read(("nationality",), [_cells(records, "nationality")], reading.nationality, digests),
        **_read(PLACES, [_cells(records, name) for name in PLACES], reading.place, digests),
        **_read(("separation",), [_cells(records, "last_seen_date")], reading.separation, digests),
    }
    return Fields({name: fields[name] for name in FIELDS}, digests.as_words())


def _cells(records: Records, *columns: str) -> Column:
    """Give the distinct cells of some columns, and which of them each record has."""
    return records.distinct(*columns)


def _pieces_of(records: Records) -> tuple[list[Column], list[Column]]:
    """Give the pieces of each record's names, field by field."""
    by_column = []
    for name in (*NAME_COLUMNS, "mother_name"):
        cells, which = records.distinct(name)
        distinct = [pieces(cell) if cell else () for (cell,) in cells]
        by_column.append([distinct[number] for number in which])
    *own, mothers = by_column
    rows = [reading.own_pieces(*names) for names in zip(*own, strict=True)]
    mother_rows = [reading.mothers_pieces(name) for name in mothers]
    return _by_field(rows, PIECES), _by_field(mother_rows, MOTHERS)


def _by_field(rows: Sequence[tuple[str, ...]], names: Sequence[str]) -> list[Column]:
    columns: list[Column] = []
    for number, name in enumerate(names):
        kind = "given" if name in _GIVEN else "family"
        numbers: dict[str, int] = {}
        which = [numbers.setdefault(row[number], len(numbers)) for row in rows]
        columns.append(([(text, kind) for text in numbers], np.array(which, dtype=np.int64)))
    return columns


def _read(
    names: Sequence[str],
    columns: Sequence[Column],
    read: Callable[..., Value | None],
    digests: "_Digests",
) -> dict[str, FieldValues]:
    """Read the fields of one group."""
    bank = _Bank(names[0], digests)
    values = [
        np.array([bank.row_of(cells, read) for cells in distinct], dtype=np.int64)[which]
        for distinct, which in columns
    ]
    draws, plain = bank.as_arrays()
    return {name: FieldValues(rows, draws, plain) for name, rows in zip(names, values, strict=True)}


class _Digests:
    """The digests of tokens, each made once."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._rows: dict[tuple[str, int], int] = {}
        self._content: list[bytes] = []

    def row_of(self, token: str, repeat: int = 0) -> int:
        """Give the row of a token's digest, or of one of its repeats, which differ from it."""
        row = self._rows.get((token, repeat))
        if row is None:
            row = self._rows[token, repeat] = len(self._content)
            text = f"{token}\x1f{repeat}".encode()
            made = hashlib.blake2b(text, digest_size=_DIGEST_BYTES, key=self._key)
            self._content.append(made.digest())
        return row

    def in_order(self, tokens: Iterable[str]) -> list[tuple[bytes, str, int]]:
        """Give distinct tokens in the order of their digests: digest, token and row."""
        rows = ((token, self.row_of(token)) for token in dict.fromkeys(tokens))
        return sorted((self._content[row], token, row) for token, row in rows)

    def as_words(self) -> Words:
        return np.frombuffer(b"".join(self._content), "<u8").reshape(-1, 2).astype(np.uint64)


class _Bank:
    """The distinct values of the fields of one group."""

    def __init__(self, field: str, digests: _Digests) -> None:
        self._group, self._kind = FIELDS[field]
        self._digests = digests
        self._rows: dict[Hashable, int] = {}
        self._draws: list[list[int]] = []
        self._plain: list[int] = []

    def row_of(self, cells: tuple[str | None, ...], read: Callable[..., Value | None]) -> int:
        """Give the row of what some cells say, -1 where that is nothing."""
        if cells not in self._rows:
            value = read(*cells)
            self._rows[cells] = _ABSENT if value is None else len(self._draws)
            if value is not None:
                self._plain.append(value.plain)
                self._draws.append(
                    [row for part in self._kind.parts for row in self._drawn(part, value)]
                )
        return self._rows[cells]

    def _drawn(self, part: Part, value: Value) -> list[int]:
        """Give the rows of a part's draws.

        Tokens stand in the order of their digests, which both societies share. Of too many the
        first are taken; in a filter they share the draws evenly, the first of them one more.
        """
        name = f"{self._group}\x1f{part.name}\x1f"
        ordered = self._digests.in_order([name + token for token in value.tokens[part.name]])
        del ordered[part.draws :]
        rows = [row for _, _, row in ordered]
        if part.bits and rows:
            for draw in range(len(ordered), part.draws):
                repeat, place = divmod(draw, len(ordered))
                rows.append(self._digests.row_of(ordered[place][1], repeat))
        return rows + [_ABSENT] * (part.draws - len(rows))

    def as_arrays(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        draws = np.array(self._draws, dtype=np.int32).reshape(-1, self._kind.draws)
        return draws, np.array(self._plain, dtype=np.uint8)
