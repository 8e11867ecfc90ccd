"""The candidates that one society is told of, as a sealed file and as CSV.

Each row names a record of this society alone, by its reference in the batch; the other side shows
in nothing but the candidate's identifier, which both sides are given. Rows are in the order of the
run: best score first, then by the references of the pair.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from matcher.formats.agreement import Agreement
from matcher.formats.cells import Octets, content_of, fixed_size
from matcher.formats.errors import MismatchError
from matcher.formats.files import written_whole
from matcher.formats.sealed import SealedFile, write_sealed
from matcher.formats.vocabulary import BANDS, LEVELS, ROLES

KIND: Final = "kinmatch-candidates"
VERSION: Final = 1
_GROUP_ROWS: Final = 1 << 16
_IDENTIFIER = pa.binary(16)

Codes = npt.NDArray[np.int8]
Bits = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CandidateList:
    """n candidates as one society sees them.

    Attributes:
        identifiers: Shape (n, 16), uint8: the same for both sides of a candidate.
        references: Shape (n, 16), uint8: the society's own record, by its batch's reference.
        roles: Shape (n,), int8: the record's role, as a position in `ROLES`.
        other_roles: Shape (n,), int8: the role of the other side's record.
        scores: Shape (n,), float64: weight of all evidence, in bits.
        bands: Shape (n,), int8: positions in `BANDS`.
        levels: For each pass shape (n,), int8: positions in `LEVELS`.
        weights: For each pass shape (n,), float64: its weight in bits, 0 where absent.
        kin_levels: Shape (n,), int8: what the people of both cases say, as a position in `LEVELS`.
        kin_weights: Shape (n,), float64: its weight in bits.
    """

    identifiers: Octets
    references: Octets
    roles: Codes
    other_roles: Codes
    scores: Bits
    bands: Codes
    levels: Mapping[str, Codes]
    weights: Mapping[str, Bits]
    kin_levels: Codes
    kin_weights: Bits

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def joined(cls, lists: Sequence["CandidateList"]) -> Self:
        """Put lists together: best score first; of equal scores in the order of the lists."""
        order = np.argsort(-np.concatenate([one.scores for one in lists]), kind="stable")

        def together(arrays: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
            return np.concatenate(list(arrays))[order]

        return cls(
            identifiers=together(one.identifiers for one in lists),
            references=together(one.references for one in lists),
            roles=together(one.roles for one in lists),
            other_roles=together(one.other_roles for one in lists),
            scores=together(one.scores for one in lists),
            bands=together(one.bands for one in lists),
            levels={p: together(one.levels[p] for one in lists) for p in lists[0].levels},
            weights={p: together(one.weights[p] for one in lists) for p in lists[0].weights},
            kin_levels=together(one.kin_levels for one in lists),
            kin_weights=together(one.kin_weights for one in lists),
        )


def write_candidates(
    path: Path, candidates: CandidateList, *, society: str, agreement: Agreement, run: str
) -> None:
    """Write a society's candidates as `path`, and beside it as CSV under the same stem.

    Args:
        path: The sealed file, which `read_candidates` reads.
        candidates: What the society is told.
        society: Whom it is for.
        agreement: Under which it was found.
        run: Digest of the run's manifest.

    Raises:
        OutputError: A file can't be written.
    """
    table = _table(candidates)
    header = {
        "format": f"{KIND}/{VERSION}",
        "society": society,
        "agreement_id": agreement.agreement_id,
        "agreement_digest": agreement.digest,
        "run": run,
    }
    groups = table.to_batches(max_chunksize=_GROUP_ROWS)
    with (
        written_whole(path, private=True) as aside,
        written_whole(path.with_suffix(".csv"), private=True) as aside_csv,
    ):
        write_sealed(aside, table.schema, groups, lambda: dict(header))
        _write_csv(aside_csv, candidates)


def read_candidates(path: Path, *, agreement: Agreement) -> CandidateList:
    """Read a society's candidates.

    Raises:
        InputError: The file can't be read, or is no list of candidates of a known version.
        IntegrityError: It was cut short or altered.
        MismatchError: It was found under another agreement.
    """
    file = SealedFile(path, KIND, VERSION)
    if file.header.get("agreement_id") != agreement.agreement_id:
        raise MismatchError(
            f"{path}: the candidates were found under agreement "
            f"{file.header.get('agreement_id')}, the agreement given is {agreement.agreement_id}. "
            "Give the agreement of the candidates."
        )
    passes = [part.name for part in agreement.scheme.passes]
    file.require_schema(_schema(passes))
    return CandidateList(
        identifiers=_bytes(file, "candidate"),
        references=_bytes(file, "reference"),
        roles=_numbers(file, "role", len(ROLES)),
        other_roles=_numbers(file, "other_role", len(ROLES)),
        scores=_numbers(file, "score"),
        bands=_numbers(file, "band", len(BANDS)),
        levels={name: _numbers(file, f"{name}_level", len(LEVELS)) for name in passes},
        weights={name: _numbers(file, f"{name}_bits") for name in passes},
        kin_levels=_numbers(file, "kin_level", len(LEVELS)),
        kin_weights=_numbers(file, "kin_bits"),
    )


def _schema(passes: list[str]) -> pa.Schema:
    return pa.schema(
        [
            pa.field("candidate", _IDENTIFIER, nullable=False),
            pa.field("reference", _IDENTIFIER, nullable=False),
            pa.field("role", pa.int8(), nullable=False),
            pa.field("other_role", pa.int8(), nullable=False),
            pa.field("score", pa.float64(), nullable=False),
            pa.field("band", pa.int8(), nullable=False),
            *(pa.field(f"{name}_level", pa.int8(), nullable=False) for name in passes),
            *(pa.field(f"{name}_bits", pa.float64(), nullable=False) for name in passes),
            pa.field("kin_level", pa.int8(), nullable=False),
            pa.field("kin_bits", pa.float64(), nullable=False),
        ]
    )


def _table(candidates: CandidateList) -> pa.Table:
    columns = [
        fixed_size(candidates.identifiers),
        fixed_size(candidates.references),
        pa.array(candidates.roles),
        pa.array(candidates.other_roles),
        pa.array(candidates.scores),
        pa.array(candidates.bands),
        *(pa.array(array) for array in candidates.levels.values()),
        *(pa.array(array) for array in candidates.weights.values()),
        pa.array(candidates.kin_levels),
        pa.array(candidates.kin_weights),
    ]  # fmt: skip
    return pa.table(columns, schema=_schema(list(candidates.levels)))


def _write_csv(path: Path, candidates: CandidateList) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["candidate_id", "reference", "role", "other_role", "score", "band",
             *candidates.levels, "kin"]
        )  # fmt: skip
        writer.writerows(_csv_rows(candidates))


def _csv_rows(candidates: CandidateList) -> Iterator[list[Any]]:
    levels = np.stack([*candidates.levels.values(), candidates.kin_levels], axis=1)
    for row in range(len(candidates)):
        yield [
            candidates.identifiers[row].tobytes().hex(),
            candidates.references[row].tobytes().hex(),
            ROLES[candidates.roles[row]],
            ROLES[candidates.other_roles[row]],
            f"{candidates.scores[row]:.3f}",
            BANDS[candidates.bands[row]],
            *(LEVELS[level] for level in levels[row]),
        ]


def _bytes(file: SealedFile, name: str) -> Octets:
    parts = [content_of(array, 16) for array in file.column(name)]
    return np.concatenate([np.empty((0, 16), dtype=np.uint8), *parts])


def _numbers(file: SealedFile, name: str, known: int | None = None) -> npt.NDArray[Any]:
    parts = [array.to_numpy() for array in file.column(name)]
    numbers = np.concatenate(parts) if parts else np.empty(0)
    if known is not None and np.any((numbers < 0) | (numbers >= known)):
        raise file.altered()
    return numbers
