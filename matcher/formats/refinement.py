"""What linkage unit and society send each other to refine candidates: requests and answers.

Both are sealed files (see `matcher.formats.sealed`), and travel in letters, signed and encrypted
(`matcher.formats.letter`). A request file is for one society, and has a row for each candidate: its
identifier, a random nonce, and the society's own record by its reference. All its candidates are
with one partner, whom it names by a pseudonym of this run alone: who that is, is told once both
confirm. Nothing of the other record is in it.

An answer has the same candidates in the same order, and for each field of
`matcher.formats.attributes` a cell, or null where the field is absent. A record that was withdrawn,
is not known or may not be released now has no cells at all: the linkage unit is not told which.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.agreement import Agreement
from matcher.formats.attributes import FIELDS
from matcher.formats.cells import Mask, Octets, content_of, fixed_size
from matcher.formats.errors import MismatchError
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity, Slug
from matcher.formats.letter import Letter
from matcher.formats.sealed import SealedFile, write_sealed

REQUESTS_KIND: Final = "kinmatch-requests"
ANSWER_KIND: Final = "kinmatch-answer"
VERSION: Final = 1
NONCE_BYTES: Final = 16

_GROUP_ROWS = 1 << 16
_FRAME_BYTES = 1 << 14  # header and footer, and what each page of a column begins with
_IDENTIFIER = pa.binary(16)
_REQUESTS = pa.schema(
    [
        pa.field("candidate", _IDENTIFIER, nullable=False),
        pa.field("nonce", pa.binary(NONCE_BYTES), nullable=False),
        pa.field("reference", _IDENTIFIER, nullable=False),
    ]
)
_ANSWER = pa.schema(
    [
        pa.field("candidate", _IDENTIFIER, nullable=False),
        *(pa.field(name, pa.binary(kind.width)) for name, (_, kind) in FIELDS.items()),
    ]
)
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    society: Slug
    agreement_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    key_epoch: int
    run: _Digest
    part: int = Field(ge=1)
    seal: _Digest


class RequestsHeader(_Header):
    """What a request file says of itself.

    Attributes:
        format: Format name and version.
        society: Whom it asks.
        agreement_id: The agreement of the run.
        key_epoch: The epoch of the keys that its records were encoded under.
        run: Digest of the run's manifest or plan.
        part: Number of the part of its candidates.
        partner: A pseudonym of the society whose records the others are, the same in all parts of
            a run, by which limits are counted.
        seal: SHA-256 over the whole file.
    """

    format: Literal["kinmatch-requests/1"]
    partner: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class AnswerHeader(_Header):
    """What an answer says of itself.

    Attributes:
        format: Format name and version.
        society: Whose answer it is.
        agreement_id: The agreement of the run.
        key_epoch: The epoch of the keys that it was made under.
        run: Digest of the run's manifest or plan.
        part: Number of the part of its candidates.
        requests_seal: The seal of the requests that it answers.
        seal: SHA-256 over the whole file.
    """

    format: Literal["kinmatch-answer/1"]
    requests_seal: _Digest


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Requests:
    """n candidates that a society is asked about.

    Attributes:
        header: What the file says of itself.
        identifiers: Shape (n, 16), uint8: the candidates, each once.
        nonces: Shape (n, 16), uint8: what the one-time keys are drawn from beside them.
        references: Shape (n, 16), uint8: the society's own record.
    """

    header: RequestsHeader
    identifiers: Octets
    nonces: Octets
    references: Octets

    def __len__(self) -> int:
        return len(self.identifiers)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answer:
    """What a society released.

    Attributes:
        header: What the file says of itself.
        identifiers: Shape (n, 16), uint8: the candidates.
        cells: For each field n cells, uint8, and whether each is present, bool.
    """

    header: AnswerHeader
    identifiers: Octets
    cells: Mapping[str, tuple[Octets, Mask]]

    def __len__(self) -> int:
        return len(self.identifiers)


def write_requests(
    path: Path,
    *,
    society: str,
    agreement: Agreement,
    key_epoch: int,
    run: str,
    part: int,
    partner: str,
    identifiers: Octets,
    nonces: Octets,
    references: Octets,
) -> None:
    """Write what a society is asked about; the arrays are those of `Requests`.

    Raises:
        AgreementError: The society is not a party.
        OutputError: The file can't be written.
    """
    agreement.require_party(society)
    header = {
        "format": f"{REQUESTS_KIND}/{VERSION}",
        "society": society,
        "agreement_id": agreement.agreement_id,
        "key_epoch": key_epoch,
        "run": run,
        "part": part,
        "partner": partner,
    }
    columns = list(map(fixed_size, (identifiers, nonces, references)))
    _write(path, pa.table(columns, schema=_REQUESTS), header)


def read_requests(path: Path, agreement: Agreement, opened: io.RawIOBase | None = None) -> Requests:
    """Read what a society is asked about, and check all that can be checked without its records.

    Args:
        path: The file.
        agreement: The agreement that it must be under.
        opened: What gives the file's content, if it is in a letter; `path` is then a mere name.

    Raises:
        InputError: The file can't be read, or is no request file of a known version.
        IntegrityError: It was cut short or altered, or asks about a candidate twice.
        MismatchError: It belongs to another agreement.
        AgreementError: Its society is not a party.
    """
    file = SealedFile(path, REQUESTS_KIND, VERSION, opened)
    header = _checked(file, RequestsHeader, agreement)
    file.require_schema(_REQUESTS)
    found = Requests(
        header,
        identifiers=_octets(file, "candidate", 16)[0],
        nonces=_octets(file, "nonce", NONCE_BYTES)[0],
        references=_octets(file, "reference", 16)[0],
    )
    if _repeats(found.identifiers):
        raise file.altered()
    return found


def write_answer(
    path: Path,
    *,
    requests: Requests,
    cells: Mapping[str, tuple[Octets, Mask]],
) -> None:
    """Write what a society releases for the requests; the cells are those of `Answer`.

    Raises:
        OutputError: The file can't be written.
    """
    asked = requests.header
    header = {
        "format": f"{ANSWER_KIND}/{VERSION}",
        "society": asked.society,
        "agreement_id": asked.agreement_id,
        "key_epoch": asked.key_epoch,
        "run": asked.run,
        "part": asked.part,
        "requests_seal": asked.seal,
    }
    columns = [
        fixed_size(requests.identifiers),
        *(fixed_size(content, present) for content, present in cells.values()),
    ]
    _write(path, pa.table(columns, schema=_ANSWER), header)


def answer_room(rows: int) -> int:
    """Give how many bytes an answer about so many candidates has at most, all fields present.

    A letter of that room tells by its size nothing of what is absent or withheld.
    """
    return _FRAME_BYTES + rows * (16 + sum(1 + kind.width for _, kind in FIELDS.values()))


def read_answer(path: Path, agreement: Agreement, opened: io.RawIOBase | None = None) -> Answer:
    """Read what a society released; the arguments are those of `read_requests`.

    Raises:
        InputError: The file can't be read, or is no answer of a known version.
        IntegrityError: It was cut short or altered, or a plain byte is out of its range.
        MismatchError: It belongs to another agreement.
        AgreementError: Its society is not a party.
    """
    file = SealedFile(path, ANSWER_KIND, VERSION, opened)
    header = _checked(file, AnswerHeader, agreement)
    file.require_schema(_ANSWER)
    identifiers, _ = _octets(file, "candidate", 16)
    cells = {}
    for name, (_, kind) in FIELDS.items():
        content, present = _octets(file, name, kind.width)
        if np.any(content[present, 0] >= kind.plain):
            raise file.altered()
        cells[name] = (content, present)
    if _repeats(identifiers):
        raise file.altered()
    return Answer(header, identifiers, cells)


def open_requests(letter: Letter, agreement: Agreement, identity: Identity) -> Requests:
    """Open a letter of the linkage unit's to a society, and read what it asks.

    Raises:
        IntegrityError, InputError, AgreementError: As `read_requests`.
        MismatchError: The letter is from or for somebody else, or asks another society.
    """
    content = letter.open(identity, sender=agreement.linkage_unit, holds=REQUESTS_KIND)
    requests = read_requests(letter.path, agreement, content)
    if requests.header.society != identity.public.name:
        raise MismatchError(
            f"{letter.path}: asks '{requests.header.society}', the identity is "
            f"'{identity.public.name}'. Give the requests that are yours."
        )
    return requests


def open_answer(letter: Letter, agreement: Agreement, identity: Identity) -> Answer:
    """Open a letter of a society's to the linkage unit, and read what it released.

    Raises:
        IntegrityError, InputError, AgreementError: As `read_answer`.
        MismatchError: The letter is for somebody else, or its answer is another society's or to
            other requests than the letter says.
    """
    society = letter.header.sender
    content = letter.open(identity, sender=society, holds=ANSWER_KIND)
    answer = read_answer(letter.path, agreement, content)
    if (answer.header.society, answer.header.requests_seal) != (society, letter.header.answers):
        raise MismatchError(
            f"{letter.path}: the answer inside is not the one that its letter says. Have "
            f"'{society}' answer anew."
        )
    return answer


def _write(path: Path, table: pa.Table, header: dict[str, object]) -> None:
    groups = table.to_batches(max_chunksize=_GROUP_ROWS)
    with written_whole(path, private=True) as aside:
        write_sealed(aside, table.schema, groups, lambda: header)


def _checked(file: SealedFile, model: type[Any], agreement: Agreement) -> Any:
    try:
        header = model.model_validate(file.header)
    except ValidationError:
        raise file.altered() from None
    if header.agreement_id != agreement.agreement_id:
        raise MismatchError(
            f"{file.path}: the file belongs to agreement {header.agreement_id}, the agreement "
            f"given is {agreement.agreement_id}. Give the agreement of the file."
        )
    agreement.require_party(header.society)
    return header


def _octets(file: SealedFile, name: str, width: int) -> tuple[Octets, Mask]:
    content, present = [np.empty((0, width), np.uint8)], [np.empty(0, np.bool_)]
    for array in file.column(name):
        content.append(content_of(array, width))
        present.append(array.is_valid().to_numpy(zero_copy_only=False))
    return np.concatenate(content), np.concatenate(present)


def _repeats(identifiers: Octets) -> bool:
    as_text = np.ascontiguousarray(identifiers).view("V16").ravel()
    return len(np.unique(as_text)) < len(as_text)
