"""The rows of a batch on their way into a file: their columns, and the checks that they pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from matcher.formats.cells import Mask, Octets, fixed_size
from matcher.formats.errors import AgreementError, ParameterError
from matcher.formats.knowledge import HIGHEST, Knowledge
from matcher.formats.marks import MARK_BYTES
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

REFERENCE_BYTES: Final = 16
GROUP_ROWS: Final = 1 << 16

Codes = npt.NDArray[np.int8]
Words = npt.NDArray[np.uint64]
Days = npt.NDArray[np.datetime64]

_Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """A part of a batch's header."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Counts(Part):
    """How many rows a batch has: in all, of each role, and present under each pass."""

    rows: _Count
    roles: dict[str, _Count]
    present: dict[str, _Count]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rows:
    """n rows of a batch to be written.

    Attributes:
        references: Shape (n, 16), uint8; rows ascend by it, read as a number of 16 bytes.
        roles: Shape (n,), int8: positions in `ROLES`.
        relations: Shape (n,), int8: positions in `RELATIONS`, or `NO_RELATION`.
        known: Shape (n,), uint8: how much each record can tell, 0 to `HIGHEST`.
        cases: Shape (n, 16), uint8.
        has_case: Shape (n,), bool: where false, the case is null.
        fingerprints: For each pass of the scheme the words, shape (n, words) and uint64, and
            where they are present, shape (n,) and bool.
        marks: Shape (n, 16), uint8; None where no row has one.
        review_on: Shape (n,), datetime64[D], NaT where there is none; None where no row has one.
    """

    references: Octets
    roles: Codes
    relations: Codes
    known: Knowledge
    cases: Octets
    has_case: Mask
    fingerprints: Mapping[str, tuple[Words, Mask]]
    marks: Octets | None = None
    review_on: Days | None = None


class Counting:
    """Checks rows on their way into a batch, and counts them."""

    def __init__(self, scheme: Scheme) -> None:
        self._words = {part.name: part.output_bits // 64 for part in scheme.passes}
        self._rows = 0
        self._roles = dict.fromkeys(ROLES, 0)
        self._present = dict.fromkeys(self._words, 0)
        self._last = np.empty((0, REFERENCE_BYTES), dtype=np.uint8)

    def add(self, rows: Rows) -> Rows:
        """Check and count rows, and give them back.

        Raises:
            ParameterError: Arrays differ in length, a code is unknown, or references do not ascend.
        """
        count = len(rows.references)
        _check_shapes(rows, count, self._words)
        if not ascend(np.concatenate([self._last, rows.references])):
            raise ParameterError("References must ascend throughout a batch, each only once.")
        self._last = rows.references[-1:]
        self._rows += count
        for role, number in by_role(rows.roles).items():
            self._roles[role] += number
        for name, (_, present) in rows.fingerprints.items():
            self._present[name] += int(np.count_nonzero(present))
        return rows

    def counts(self) -> Counts:
        """Give what was counted so far."""
        return Counts(rows=self._rows, roles=self._roles, present=self._present)


def _check_shapes(rows: Rows, count: int, words: Mapping[str, int]) -> None:
    shapes: list[tuple[Any, tuple[int, ...], Any]] = [
        (rows.references, (count, REFERENCE_BYTES), np.uint8),
        (rows.roles, (count,), np.int8),
        (rows.relations, (count,), np.int8),
        (rows.known, (count,), np.uint8),
        (rows.cases, (count, REFERENCE_BYTES), np.uint8),
        (rows.has_case, (count,), np.bool_),
    ]
    if rows.marks is not None:
        shapes.append((rows.marks, (count, MARK_BYTES), np.uint8))
    if rows.review_on is not None:
        shapes.append((rows.review_on, (count,), np.dtype("datetime64[D]")))
    if rows.fingerprints.keys() != words.keys():
        raise ParameterError(f"A batch of this scheme needs the passes {', '.join(words)}.")
    for name, (bits, present) in rows.fingerprints.items():
        shapes += [(bits, (count, words[name]), np.uint64), (present, (count,), np.bool_)]
    if any(array.shape != shape or array.dtype != dtype for array, shape, dtype in shapes):
        raise ParameterError("The rows of a batch need arrays of one length, shaped as in `Rows`.")
    known = ((rows.roles, 0, len(ROLES)), (rows.relations, NO_RELATION, len(RELATIONS)))
    if any(np.any((codes < least) | (codes >= end)) for codes, least, end in known):
        raise ParameterError("Roles and relations must be positions in their lists of codes.")
    if np.any(rows.known > HIGHEST):
        raise ParameterError(f"What is known of a person must be a level up to {HIGHEST}.")


def by_role(roles: Codes) -> dict[str, int]:
    """Count rows by role."""
    counts = np.bincount(roles, minlength=len(ROLES))
    return {role: int(count) for role, count in zip(ROLES, counts, strict=True)}


def ascend(references: Octets) -> bool:
    """Tell whether references, shape (n, 16), ascend strictly, read as numbers of 16 bytes."""
    high, low = np.ascontiguousarray(references).view(">u8").astype(np.uint64).T
    above = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    return bool(np.all(above))


def schema_of(scheme: Scheme) -> pa.Schema:
    """Give the columns of batches under a scheme.

    Raises:
        AgreementError: A pass has the name of another column.
    """
    names = [part.name for part in scheme.passes]
    own = {"reference", "role", "relation", "known", "case", "mark", "review_on"}
    taken = sorted(own.intersection(names))
    if taken:
        raise AgreementError(
            f"Scheme {scheme.label}: a pass can't be named '{taken[0]}', as a column of every "
            "batch is; name it otherwise."
        )
    return pa.schema(
        [
            pa.field("reference", pa.binary(REFERENCE_BYTES), nullable=False),
            pa.field("role", pa.int8(), nullable=False),
            pa.field("relation", pa.int8()),
            pa.field("known", pa.uint8(), nullable=False),
            pa.field("case", pa.binary(REFERENCE_BYTES)),
            pa.field("mark", pa.binary(MARK_BYTES)),
            pa.field("review_on", pa.date32()),
            *(pa.field(part.name, pa.binary(part.output_bits // 8)) for part in scheme.passes),
        ]
    )


def without_meaning(references: Octets, kept: Mask) -> Octets:
    """Give the rows that go the number after the reference before them, so that all ascend."""
    given = references.copy()
    for row in np.flatnonzero(~kept).tolist():
        before = int.from_bytes(given[row - 1].tobytes(), "big") + 1 if row else 0
        given[row] = np.frombuffer(before.to_bytes(REFERENCE_BYTES, "big"), np.uint8)
    return given


def part_of(rows: Rows, part: slice) -> Rows:
    """Give some of the rows."""
    return Rows(
        references=rows.references[part],
        roles=rows.roles[part],
        relations=rows.relations[part],
        known=rows.known[part],
        cases=rows.cases[part],
        has_case=rows.has_case[part],
        fingerprints={
            name: (bits[part], has[part]) for name, (bits, has) in rows.fingerprints.items()
        },
        marks=None if rows.marks is None else rows.marks[part],
        review_on=None if rows.review_on is None else rows.review_on[part],
    )


def record_batch_of(rows: Rows, schema: pa.Schema, has_mark: Mask | None = None) -> pa.RecordBatch:
    """Give rows as Arrow has them; where `has_mark` is false, the mark is null."""
    count = len(rows.references)
    columns = {
        "mark": pa.nulls(count, pa.binary(MARK_BYTES))
        if rows.marks is None
        else fixed_size(rows.marks, has_mark),
        "review_on": pa.nulls(count, pa.date32())
        if rows.review_on is None
        else pa.array(rows.review_on),
        "reference": fixed_size(rows.references, None),
        "role": pa.array(rows.roles),
        "relation": pa.array(rows.relations, mask=rows.relations == NO_RELATION),
        "known": pa.array(rows.known),
        "case": fixed_size(rows.cases, rows.has_case),
    }
    for name, (bits, present) in rows.fingerprints.items():
        columns[name] = fixed_size(bits.astype("<u8", copy=False).view(np.uint8), present)
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)
