"""The batch: fingerprints from one society under one agreement and key epoch, as one file.

A batch is a sealed file (see `matcher.formats.sealed`) with one row a person, and the columns

- `reference`: 16 random bytes that stand for the person in this batch alone; rows ascend by it,
  so their order says nothing of the order in the society's own file;
- `role` and `relation`: positions in the lists of `matcher.formats.vocabulary`; the relation may
  be null;
- `known`: how much is known of the person, as `matcher.formats.knowledge` draws it;
- `case`: 16 random bytes that the persons of one case share in this batch; may be null;
- one column for each pass of the scheme, named by it: the fingerprint's words, lowest byte
  first, or null where the person lacks what the pass needs.

Row groups hold `GROUP_ROWS` rows, the last one the rest.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.agreement import Agreement
from matcher.formats.cells import Mask, Octets, content_of, fixed_size
from matcher.formats.errors import AgreementError, MismatchError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.identity import Slug
from matcher.formats.knowledge import Knowledge
from matcher.formats.scheme import Scheme
from matcher.formats.sealed import SealedFile, write_sealed
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

KIND: Final = "kinmatch-batch"
VERSION: Final = 1

REFERENCE_BYTES: Final = 16
GROUP_ROWS: Final = 1 << 16


Codes = npt.NDArray[np.int8]
Words = npt.NDArray[np.uint64]

_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Counts(_Part):
    """How many rows a batch has: in all, of each role, and present under each pass."""

    rows: _Count
    roles: dict[str, _Count]
    present: dict[str, _Count]


class BatchHeader(_Part):
    """What a batch says of itself.

    Attributes:
        format: Format name and version.
        society: Whose records they are.
        agreement_id: The agreement they were encoded under.
        agreement_digest: Its digest.
        scheme: Name and version of its scheme.
        scheme_digest: The scheme's digest.
        key_epoch: The epoch of the keys.
        counts: How many rows there are.
        seal: SHA-256 over the whole file (see `matcher.formats.sealed`).
    """

    format: Literal["kinmatch-batch/1"]
    society: Slug
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    agreement_digest: _Digest
    scheme: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}/[0-9]{1,9}$")]
    scheme_digest: _Digest
    key_epoch: int
    counts: Counts
    seal: _Digest


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rows:
    """n rows of a batch to be written.

    Attributes:
        references: Shape (n, 16), uint8; rows ascend by it, read as a number of 16 bytes.
        roles: Shape (n,), int8: positions in `ROLES`.
        relations: Shape (n,), int8: positions in `RELATIONS`, or `NO_RELATION`.
        known: Shape (n,), uint8: how much is known of each person.
        cases: Shape (n, 16), uint8.
        has_case: Shape (n,), bool: where false, the case is null.
        fingerprints: For each pass of the scheme the words, shape (n, words) and uint64, and
            where they are present, shape (n,) and bool.
    """

    references: Octets
    roles: Codes
    relations: Codes
    known: Knowledge
    cases: Octets
    has_case: Mask
    fingerprints: Mapping[str, tuple[Words, Mask]]


@contextmanager
def written_batch(
    path: Path, *, society: str, agreement: Agreement, groups: Iterable[Rows]
) -> Iterator[BatchHeader]:
    """Write a batch, and let it appear under its name when the block ends well.

    Args:
        path: The file; an older one of that name is replaced.
        society: Whose records they are; a party to the agreement.
        agreement: What they were encoded under.
        groups: The rows: `GROUP_ROWS` at a time, in ascending order of reference throughout.

    Yields:
        The header, seal included.

    Raises:
        AgreementError: The society is not a party, or a pass has the name of another column.
        ParameterError: Arrays differ in length, a code is unknown, or references do not ascend.
        OutputError: The file can't be written.
    """
    agreement.require_party(society)
    schema = _schema(agreement.scheme)
    counting = _Counting(agreement.scheme)
    fields: dict[str, object] = {
        "format": f"{KIND}/{VERSION}",
        "society": society,
        "agreement_id": agreement.agreement_id,
        "agreement_digest": agreement.digest,
        "scheme": agreement.scheme.label,
        "scheme_digest": agreement.scheme.digest,
        "key_epoch": agreement.key_epoch,
    }

    def header() -> dict[str, object]:
        return {**fields, "counts": counting.counts().model_dump()}

    with written_whole(path) as aside:
        tables = (_record_batch(counting.add(rows), schema) for rows in groups)
        seal = write_sealed(aside, schema, tables, header)
        yield BatchHeader.model_validate({**header(), "seal": seal})


def write_batch(
    path: Path, *, society: str, agreement: Agreement, groups: Iterable[Rows]
) -> BatchHeader:
    """Write a batch; arguments and errors are those of `written_batch`."""
    with written_batch(path, society=society, agreement=agreement, groups=groups) as header:
        return header


def read_batch(path: Path, agreement: Agreement) -> "Batch":
    """Read a batch of an agreement, and check all of it.

    Raises:
        InputError: The file can't be read, or is no batch of a version that this release knows.
        IntegrityError: The file was cut short or altered, or its counts or order are wrong.
        MismatchError: It was encoded under another agreement, key epoch or scheme.
        AgreementError: Its society is not a party to the agreement.
    """
    return Batch(SealedFile(path, KIND, VERSION), agreement)


class Batch:
    """A batch that was found whole and in order; shows its society and counts alone.

    Attributes:
        header: What the batch says of itself.
        references: Shape (n, 16), uint8, ascending.
        roles: Shape (n,), int8: positions in `ROLES`.
        relations: Shape (n,), int8: positions in `RELATIONS`, or `NO_RELATION`.
        known: Shape (n,), uint8: how much is known of each person.
        cases: Shape (n, 16), uint8; zeros where there is none.
        has_case: Shape (n,), bool.
    """

    def __init__(self, file: SealedFile, agreement: Agreement) -> None:
        try:
            self.header = BatchHeader.model_validate(file.header)
        except ValidationError:
            raise file.altered() from None
        _check_belongs(file.path, self.header, agreement)
        self._file = file
        self._words = {part.name: part.output_bits // 64 for part in agreement.scheme.passes}
        file.require_schema(_schema(agreement.scheme))
        if file.rows != len(self):
            raise file.altered()
        self.references, _ = self._bytes("reference", REFERENCE_BYTES)
        self.cases, self.has_case = self._bytes("case", REFERENCE_BYTES)
        self.roles = self._codes("role", len(ROLES))
        self.relations = self._codes("relation", len(RELATIONS))
        self.known = self._known()
        self._check_content(agreement.scheme)

    def __len__(self) -> int:
        return self.header.counts.rows

    def __repr__(self) -> str:
        return f"<batch of {len(self)} rows from {self.header.society}>"

    def fingerprints(self, pass_name: str) -> tuple[Words, Mask]:
        """Read the fingerprints of one pass.

        Returns:
            The words, shape (n, words), uint64, C-contiguous: bit i of a fingerprint is bit
            `i % 64` of word `i // 64`; zeros where absent. And whether they are present, shape
            (n,), bool.

        Raises:
            ParameterError: The scheme has no such pass.
            IntegrityError: The file was altered after it was opened.
        """
        if pass_name not in self._words:
            raise ParameterError(f"The pass must be one of {', '.join(self._words)}.")
        content, present = self._bytes(pass_name, 8 * self._words[pass_name])
        return content.view("<u8").astype(np.uint64, copy=False), present

    def _cells(self, name: str) -> Iterator[tuple[slice, pa.Array]]:
        """Give the cells of a column, with the rows that they stand in."""
        start = 0
        for array in self._file.column(name):
            yield slice(start, start + len(array)), array
            start += len(array)

    def _bytes(self, name: str, width: int) -> tuple[Octets, Mask]:
        """Read cells of `width` bytes: shape (n, width), zeros where null; and where not null."""
        content = np.empty((len(self), width), dtype=np.uint8)
        present = np.empty(len(self), dtype=np.bool_)
        for rows, cells in self._cells(name):
            content[rows] = content_of(cells, width)
            present[rows] = cells.is_valid().to_numpy(zero_copy_only=False)
        content[~present] = 0
        return content, present

    def _codes(self, name: str, known: int) -> Codes:
        codes = np.empty(len(self), dtype=np.int8)
        for rows, cells in self._cells(name):
            given = cells.drop_null().to_numpy()
            if np.any((given < 0) | (given >= known)):
                raise self._file.altered()
            codes[rows] = cells.fill_null(NO_RELATION).to_numpy(zero_copy_only=False)
        return codes

    def _known(self) -> Knowledge:
        known = np.empty(len(self), dtype=np.uint8)
        for rows, cells in self._cells("known"):
            known[rows] = cells.to_numpy()
        return known

    def _check_content(self, scheme: Scheme) -> None:
        present = {
            part.name: sum(len(cells) - cells.null_count for _, cells in self._cells(part.name))
            for part in scheme.passes
        }
        counts = Counts(rows=len(self), roles=_by_role(self.roles), present=present)
        if counts != self.header.counts or not _ascend(self.references):
            raise self._file.altered()


def _check_belongs(path: Path, header: BatchHeader, agreement: Agreement) -> None:
    """Compare what the batch and the agreement say, the most telling difference first."""
    for what, batch, ours in (
        ("agreement", header.agreement_id, agreement.agreement_id),
        ("key epoch", header.key_epoch, agreement.epoch_like(header.key_epoch)),
        ("scheme", header.scheme, agreement.scheme.label),
        ("scheme digest", header.scheme_digest, agreement.scheme.digest),
        (
            "agreement digest",
            header.agreement_digest,
            agreement.version_like(header.agreement_digest),
        ),
    ):
        if batch != ours:
            raise MismatchError(
                f"{path}: the batch was encoded under {what} {batch}, the agreement given has "
                f"{ours}. Give the agreement of the batch, or encode the records anew."
            )
    agreement.require_party(header.society)


class _Counting:
    """Checks rows on their way into a batch, and counts them."""

    def __init__(self, scheme: Scheme) -> None:
        self._words = {part.name: part.output_bits // 64 for part in scheme.passes}
        self._rows = 0
        self._roles = dict.fromkeys(ROLES, 0)
        self._present = dict.fromkeys(self._words, 0)
        self._last = np.empty((0, REFERENCE_BYTES), dtype=np.uint8)

    def add(self, rows: Rows) -> Rows:
        count = len(rows.references)
        _check_shapes(rows, count, self._words)
        if not _ascend(np.concatenate([self._last, rows.references])):
            raise ParameterError("References must ascend throughout a batch, each only once.")
        self._last = rows.references[-1:]
        self._rows += count
        for role, number in _by_role(rows.roles).items():
            self._roles[role] += number
        for name, (_, present) in rows.fingerprints.items():
            self._present[name] += int(np.count_nonzero(present))
        return rows

    def counts(self) -> Counts:
        return Counts(rows=self._rows, roles=self._roles, present=self._present)


def _check_shapes(rows: Rows, count: int, words: Mapping[str, int]) -> None:
    shapes = [
        (rows.references, (count, REFERENCE_BYTES), np.uint8),
        (rows.roles, (count,), np.int8),
        (rows.relations, (count,), np.int8),
        (rows.known, (count,), np.uint8),
        (rows.cases, (count, REFERENCE_BYTES), np.uint8),
        (rows.has_case, (count,), np.bool_),
    ]
    if rows.fingerprints.keys() != words.keys():
        raise ParameterError(f"A batch of this scheme needs the passes {', '.join(words)}.")
    for name, (bits, present) in rows.fingerprints.items():
        shapes += [(bits, (count, words[name]), np.uint64), (present, (count,), np.bool_)]
    if any(array.shape != shape or array.dtype != dtype for array, shape, dtype in shapes):
        raise ParameterError("The rows of a batch need arrays of one length, shaped as in `Rows`.")
    known = ((rows.roles, 0, len(ROLES)), (rows.relations, NO_RELATION, len(RELATIONS)))
    if any(np.any((codes < least) | (codes >= end)) for codes, least, end in known):
        raise ParameterError("Roles and relations must be positions in their lists of codes.")


def _by_role(roles: Codes) -> dict[str, int]:
    counts = np.bincount(roles, minlength=len(ROLES))
    return {role: int(count) for role, count in zip(ROLES, counts, strict=True)}


def _ascend(references: Octets) -> bool:
    high, low = np.ascontiguousarray(references).view(">u8").astype(np.uint64).T
    above = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    return bool(np.all(above))


def _schema(scheme: Scheme) -> pa.Schema:
    names = [part.name for part in scheme.passes]
    taken = sorted({"reference", "role", "relation", "known", "case"}.intersection(names))
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
            *(pa.field(part.name, pa.binary(part.output_bits // 8)) for part in scheme.passes),
        ]
    )


def _record_batch(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    columns = {
        "reference": fixed_size(rows.references, None),
        "role": pa.array(rows.roles),
        "relation": pa.array(rows.relations, mask=rows.relations == NO_RELATION),
        "known": pa.array(rows.known),
        "case": fixed_size(rows.cases, rows.has_case),
    }
    for name, (bits, present) in rows.fingerprints.items():
        columns[name] = fixed_size(bits.astype("<u8", copy=False).view(np.uint8), present)
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)
