"""The batch: fingerprints from one society under one agreement and key epoch, as one file.

A batch is a sealed file (see `matcher.formats.sealed`) with one row a person, and the columns

- `reference`: 16 random bytes that stand for the person in this batch alone; rows ascend by it,
  so their order says nothing of the order in the society's own file;
- `role` and `relation`: positions in the lists of `matcher.formats.vocabulary`; the relation may
  be null;
- `known`: how much the person's record can tell, a level of `matcher.formats.knowledge`;
- `case`: 16 random bytes that the persons of one case share in this batch; may be null;
- `mark`: the record's mark (see `matcher.formats.marks`); null where a row was emptied. The linkage
  unit's service takes no batch in that comes with a null there;
- `review_on`: the day from which the record may no longer be compared, unless its society reviewed
  it; null where nothing but the agreement ends it;
- one column for each pass of the scheme, named by it: the fingerprint's words, lowest byte
  first, or null where the person lacks what the pass needs.

Row groups hold `GROUP_ROWS` rows, the last one the rest.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, ValidationError

from matcher.formats.agreement import Agreement
from matcher.formats.cells import Mask, Octets, content_of
from matcher.formats.errors import MismatchError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.identity import Slug
from matcher.formats.knowledge import HIGHEST, Knowledge
from matcher.formats.marks import MARK_BYTES
from matcher.formats.rows import (
    GROUP_ROWS,
    REFERENCE_BYTES,
    Codes,
    Counting,
    Counts,
    Days,
    Part,
    Rows,
    Words,
    ascend,
    by_role,
    part_of,
    record_batch_of,
    schema_of,
    without_meaning,
)
from matcher.formats.scheme import Scheme
from matcher.formats.sealed import SealedFile, sealed_in_memory, write_sealed
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

__all__ = [
    "GROUP_ROWS",
    "KIND",
    "REFERENCE_BYTES",
    "VERSION",
    "Batch",
    "BatchHeader",
    "Codes",
    "Counts",
    "Days",
    "Rows",
    "Words",
    "read_batch",
    "write_batch",
    "written_batch",
]

KIND: Final = "kinmatch-batch"
VERSION: Final = 2

_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class BatchHeader(Part):
    """What a batch says of itself.

    Attributes:
        format: Format name and version.
        society: Whose records they are.
        agreement_id: The agreement they were encoded under.
        agreement_digest: Its digest.
        scheme: Name and version of its scheme.
        scheme_digest: The scheme's digest.
        key_epoch: The epoch of the keys.
        mark_nonce: What its marks are made of, 32 hexadecimal digits.
        counts: How many rows there are.
        seal: SHA-256 over the whole file (see `matcher.formats.sealed`).
    """

    format: Literal["kinmatch-batch/2"]
    society: Slug
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    agreement_digest: _Digest
    scheme: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}/[0-9]{1,9}$")]
    scheme_digest: _Digest
    key_epoch: int
    mark_nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    counts: Counts
    seal: _Digest


@contextmanager
def written_batch(
    path: Path,
    *,
    society: str,
    agreement: Agreement,
    groups: Iterable[Rows],
    mark_nonce: bytes = bytes(MARK_BYTES),
) -> Iterator[BatchHeader]:
    """Write a batch, and let it appear under its name when the block ends well.

    Args:
        path: The file; an older one of that name is replaced.
        society: Whose records they are; a party to the agreement.
        agreement: What they were encoded under.
        groups: The rows: `GROUP_ROWS` at a time, in ascending order of reference throughout.
        mark_nonce: What the rows' marks are made of, 16 random bytes; zeros where there are none.

    Yields:
        The header, seal included.

    Raises:
        AgreementError: The society is not a party, or a pass has the name of another column.
        ParameterError: Arrays differ in length, a code is unknown, or references do not ascend.
        OutputError: The file can't be written.
    """
    agreement.require_party(society)
    schema = schema_of(agreement.scheme)
    counting = Counting(agreement.scheme)
    fields: dict[str, object] = {
        "format": f"{KIND}/{VERSION}",
        "society": society,
        "agreement_id": agreement.agreement_id,
        "agreement_digest": agreement.digest,
        "scheme": agreement.scheme.label,
        "scheme_digest": agreement.scheme.digest,
        "key_epoch": agreement.key_epoch,
        "mark_nonce": mark_nonce.hex(),
    }

    def header() -> dict[str, object]:
        return {**fields, "counts": counting.counts().model_dump()}

    with written_whole(path) as aside:
        tables = (record_batch_of(counting.add(rows), schema) for rows in groups)
        seal = write_sealed(aside, schema, tables, header)
        yield BatchHeader.model_validate({**header(), "seal": seal})


def write_batch(
    path: Path,
    *,
    society: str,
    agreement: Agreement,
    groups: Iterable[Rows],
    mark_nonce: bytes = bytes(MARK_BYTES),
) -> BatchHeader:
    """Write a batch; arguments and errors are those of `written_batch`."""
    with written_batch(
        path, society=society, agreement=agreement, groups=groups, mark_nonce=mark_nonce
    ) as header:
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
        known: Shape (n,), uint8: how much each record can tell, 0 to `HIGHEST`.
        cases: Shape (n, 16), uint8; zeros where there is none.
        has_case: Shape (n,), bool.
        marks: Shape (n, 16), uint8; zeros where there is none.
        has_mark: Shape (n,), bool.
        review_on: Shape (n,), datetime64[D]; NaT where there is none.
    """

    def __init__(self, file: SealedFile, agreement: Agreement) -> None:
        try:
            self.header = BatchHeader.model_validate(file.header)
        except ValidationError:
            raise file.altered() from None
        _check_belongs(file.path, self.header, agreement)
        self._file = file
        self._scheme = agreement.scheme
        self._words = {part.name: part.output_bits // 64 for part in agreement.scheme.passes}
        file.require_schema(schema_of(agreement.scheme))
        if file.rows != len(self):
            raise file.altered()
        self.references, _ = self._bytes("reference", REFERENCE_BYTES)
        self.cases, self.has_case = self._bytes("case", REFERENCE_BYTES)
        self.marks, self.has_mark = self._bytes("mark", MARK_BYTES)
        self.review_on = self._days("review_on")
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

    def without(self, rows: npt.NDArray[np.int64]) -> io.BytesIO:
        """Write the batch anew without some of its people, in memory.

        The rows stay, so that all others keep their places, but nothing of the people does: no
        fingerprint, case, relation, mark or day, and a reference that stands for nobody.

        Args:
            rows: The rows that are emptied.

        Returns:
            The new batch's bytes; its header is the same but for counts and seal.
        """
        kept = np.ones(len(self), dtype=np.bool_)
        kept[rows] = False
        passes = {name: self.fingerprints(name) for name in self._words}
        whole = Rows(
            references=without_meaning(self.references, kept),
            roles=self.roles,
            relations=np.where(kept, self.relations, NO_RELATION).astype(np.int8),
            known=np.where(kept, self.known, 0).astype(np.uint8),
            cases=self.cases * kept[:, np.newaxis],
            has_case=self.has_case & kept,
            fingerprints={
                name: (bits * kept[:, np.newaxis], present & kept)
                for name, (bits, present) in passes.items()
            },
            marks=self.marks * kept[:, np.newaxis],
            review_on=np.where(kept, self.review_on, np.datetime64("NaT", "D")),
        )
        counting = Counting(self._scheme)
        schema, has_mark = schema_of(self._scheme), self.has_mark & kept
        groups = (
            record_batch_of(counting.add(part_of(whole, part)), schema, has_mark[part])
            for part in (
                slice(start, start + GROUP_ROWS) for start in range(0, len(self), GROUP_ROWS)
            )
        )
        fields = self.header.model_dump(exclude={"seal", "counts"})
        return sealed_in_memory(
            schema, groups, lambda: {**fields, "counts": counting.counts().model_dump()}
        )

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
        if np.any(known > HIGHEST):
            raise self._file.altered()
        return known

    def _days(self, name: str) -> Days:
        days = np.empty(len(self), dtype="datetime64[D]")
        for rows, cells in self._cells(name):
            days[rows] = cells.to_numpy(zero_copy_only=False)
        return days

    def _check_content(self, scheme: Scheme) -> None:
        present = {
            part.name: sum(len(cells) - cells.null_count for _, cells in self._cells(part.name))
            for part in scheme.passes
        }
        counts = Counts(rows=len(self), roles=by_role(self.roles), present=present)
        if counts != self.header.counts or not ascend(self.references):
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
