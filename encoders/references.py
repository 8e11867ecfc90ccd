"""The local reference file: which record a batch's reference stands for; stays with the society.

A sealed file (see `matcher.formats.sealed`) with the columns `reference`, `record_id` and
`review_on`, in the order of the batch, readable by its owner alone. It holds no more of a record
than its id and the review date that the linkage unit was told.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from encoders.protection.tables import as_key
from matcher.formats.agreement import Agreement
from matcher.formats.batch import REFERENCE_BYTES, BatchHeader, Days
from matcher.formats.cells import Mask, Octets, content_of, fixed_size
from matcher.formats.errors import MismatchError, OutputError
from matcher.formats.files import written_whole
from matcher.formats.identity import Slug
from matcher.formats.sealed import SealedFile, write_sealed

KIND: Final = "kinmatch-references"
VERSION: Final = 1

_SCHEMA = pa.schema(
    [
        pa.field("reference", pa.binary(REFERENCE_BYTES), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("review_on", pa.date32()),
    ]
)
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class ReferencesHeader(BaseModel):
    """What a reference file says of itself.

    Attributes:
        format: Format name and version.
        society: Whose file it is.
        agreement_id: The agreement of the batch.
        key_epoch: The epoch of the keys.
        batch_seal: The seal of the batch.
        number: The number of its envelope, which grows from one to the next; 0 if it has none.
        seal: SHA-256 over the whole file (see `matcher.formats.sealed`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["kinmatch-references/1"]
    society: Slug
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    key_epoch: int
    batch_seal: _Digest
    number: Annotated[int, Field(ge=0)]
    seal: _Digest


class References:
    """The references of one batch and the records they stand for; shows how many there are.

    Attributes:
        header: What the file says of itself.
    """

    def __init__(
        self,
        header: ReferencesHeader,
        references: pa.Array,
        record_ids: pa.Array,
        review_on: pa.Array,
    ) -> None:
        self.header = header
        self._references = references
        self._record_ids = record_ids
        self._review_on = review_on

    def __len__(self) -> int:
        return len(self._references)

    @cached_property
    def _keys(self) -> pa.Array:
        return _as_keys(self._record_ids.to_pylist())

    def __repr__(self) -> str:
        return f"<{len(self)} references of {self.header.society}>"

    def record_ids(self, references: Octets) -> list[str]:
        """Give the records that references stand for.

        Args:
            references: Shape (m, 16), uint8, in any order and as often as wanted.

        Returns:
            The m record ids.

        Raises:
            MismatchError: A reference is not of this batch.
        """
        places = pc.index_in(fixed_size(references), value_set=self._references)
        if places.null_count:
            raise MismatchError(
                f"{places.null_count} of {len(references)} references are not of the batch "
                f"{self.header.batch_seal}, which this reference file belongs to. Take the "
                "reference file that was written with their batch."
            )
        found: list[str] = self._record_ids.take(places).to_pylist()
        return found

    def records_known(self, references: Octets) -> tuple[npt.NDArray[np.object_], Mask]:
        """Give the records that references stand for, where they are of this batch.

        Args:
            references: Shape (m, 16), uint8.

        Returns:
            The m record ids, None where there is none; and whether there is one, shape (m,), bool.
        """
        places = pc.index_in(fixed_size(references), value_set=self._references)
        known: Mask = places.is_valid().to_numpy(zero_copy_only=False)
        return self._record_ids.take(places).to_numpy(zero_copy_only=False), known

    def references_of(self, record_ids: pa.ChunkedArray) -> tuple[Octets, Mask]:
        """Give the references of records, and whether they have one.

        Args:
            record_ids: n record ids.

        Returns:
            Shape (n, 16), uint8, zeros where there is none; and shape (n,), bool.
        """
        places = pc.index_in(record_ids, value_set=self._record_ids).combine_chunks()
        found = self._references.take(places)
        known: Mask = places.is_valid().to_numpy(zero_copy_only=False)
        held = content_of(found, REFERENCE_BYTES).copy()
        held[~known] = 0
        return held, known

    def reviews_of(self, record_ids: Sequence[str]) -> dict[str, date | None]:
        """Give the review date that each record has in this batch; none for others.

        Args:
            record_ids: Record ids, each in any spelling that `as_key` takes for the same.
        """
        places = pc.index_in(_as_keys(record_ids), value_set=self._keys)
        days = self._review_on.take(places.drop_null()).to_pylist()
        held = [one for one, place in zip(record_ids, places.to_pylist(), strict=True)
                if place is not None]  # fmt: skip
        return dict(zip(held, days, strict=True))


def _as_keys(record_ids: Iterable[str]) -> pa.Array:
    return pa.array(map(as_key, record_ids), pa.string())


def refuse_to_replace(path: Path) -> None:
    """Refuse to write a reference file over another file.

    Raises:
        OutputError: There is a file already.
    """
    if path.exists():
        raise OutputError(
            f"{path}: there is a file already, and without its reference file a batch that was "
            "submitted can't be resolved any more; choose another name."
        )


def write_references(
    path: Path,
    rows: Iterable[tuple[Octets, pa.ChunkedArray, Days]],
    batch: BatchHeader,
    *,
    number: int = 0,
) -> None:
    """Write the reference file of a batch, with mode 0600.

    Args:
        path: The file; not there yet.
        rows: Group by group the references, shape (n, 16), uint8, all distinct, and in the same
            order the n record ids and review dates, shape (n,), datetime64[D].
        batch: The header of the batch.
        number: The number of its envelope; 0 if it has none.

    Raises:
        OutputError: There is a file already, or it can't be written.
    """
    refuse_to_replace(path)
    header: dict[str, object] = {
        "format": f"{KIND}/{VERSION}",
        "society": batch.society,
        "agreement_id": batch.agreement_id,
        "key_epoch": batch.key_epoch,
        "batch_seal": batch.seal,
        "number": number,
    }
    groups = (
        pa.record_batch(
            [fixed_size(references), record_ids.combine_chunks(), pa.array(review_on)],
            schema=_SCHEMA,
        )
        for references, record_ids, review_on in rows
    )
    with written_whole(path, private=True) as aside:
        write_sealed(aside, _SCHEMA, groups, lambda: header)


def read_references(path: Path, agreement: Agreement) -> References:
    """Read the reference file of a batch.

    Raises:
        InputError: The file can't be read, or is none of a version that this release knows.
        IntegrityError: The file was cut short or altered.
        MismatchError: It belongs to a batch of another agreement or key epoch.
    """
    file = SealedFile(path, KIND, VERSION)
    try:
        header = ReferencesHeader.model_validate(file.header)
    except ValidationError:
        raise file.altered() from None
    for what, found, given in (
        ("agreement", header.agreement_id, agreement.agreement_id),
        ("key epoch", header.key_epoch, agreement.epoch_like(header.key_epoch)),
    ):
        if found != given:
            raise MismatchError(
                f"{path}: the reference file is of {what} {found}, the agreement given has "
                f"{given}. Take the one that was written with the batch."
            )
    file.require_schema(_SCHEMA)
    columns = (pa.chunked_array(file.column(field.name), type=field.type) for field in _SCHEMA)
    return References(header, *(column.combine_chunks() for column in columns))
