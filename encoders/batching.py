"""From fingerprints to a batch, under fresh pseudonyms that only this society can resolve.

Every batch gives its persons and cases new random references, so that two batches of one society
can't be laid side by side. Rows stand in the order of those references, which shuffles them. The
reference file, which leads from reference to record, stays with the society.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from encoders.codes import normalise_relation, normalise_role
from encoders.encoding import Encoded, Encoding
from encoders.knowledge import knowledge_of
from encoders.records import Records
from encoders.references import References, refuse_to_replace, write_references
from encoders.rules import Problem
from matcher.formats.agreement import Agreement
from matcher.formats.batch import (
    GROUP_ROWS,
    REFERENCE_BYTES,
    BatchHeader,
    Codes,
    Days,
    Rows,
    written_batch,
)
from matcher.formats.cells import Mask, Octets
from matcher.formats.errors import ParameterError
from matcher.formats.marks import MARK_BYTES, marks_of
from matcher.formats.scheme import Scheme
from matcher.formats.vocabulary import NO_RELATION, RELATIONS, ROLES

Positions = npt.NDArray[np.int64]
_Draw = Callable[[str, int], Octets]


def write_batch_of(
    encoded: Encoded | Encoding,
    records: Records,
    *,
    society: str,
    agreement: Agreement,
    path: Path,
    references_path: Path,
    seed: int | None = None,
    keep: References | None = None,
    keys: Sequence[bytes] | None = None,
    review_on: Days | None = None,
    number: int = 0,
) -> BatchHeader:
    """Write a batch and its local reference file: both, or neither.

    Args:
        encoded: The fingerprints of n records; an `Encoding` makes them on the way into the
            batch, so that no more than a group of them is in memory. Records that could not be
            encoded are left out; its findings say which.
        records: The same n records, in the same order; those that a check found usable.
        society: Whose records they are; a party to the agreement.
        agreement: What they were encoded under.
        path: The batch; an older file of that name is replaced.
        references_path: The reference file, for this society alone; must not be there yet, since
            a batch whose reference file is lost can't be resolved.
        seed: Any whole number, to draw the same references for the same society and agreement
            again. Whoever knows it can undo the shuffle, so it is for tests and rehearsals; without
            it they are random.
        keep: References of an earlier batch: records that stand in it keep theirs, as when they
            are encoded under a new key epoch. Only then can the two batches be laid side by side.
        keys: The records' keys (`encoders.marks`), n of them, by which the linkage unit can be
            told to hold or delete a record. Without them the batch has no marks, and the linkage
            unit's service does not take it in.
        review_on: Shape (n,), datetime64[D]: the day on which each record leaves matching unless
            it was reviewed; by default the day after the agreement's last.
        number: The number of the envelope that the batch goes into; 0 if it goes into none.

    Returns:
        The batch's header.

    Raises:
        AgreementError: The society is not a party.
        ParameterError: Fingerprints and records differ in number, or a record has no id or role.
        OutputError: A file can't be written, or the reference file is there already.
    """
    if path.resolve() == references_path.resolve():
        raise ParameterError("The batch and its reference file need two names.")
    agreement.require_party(society)
    refuse_to_replace(references_path)
    _check(encoded, records)
    draw = _drawing(society, agreement, seed)
    references = draw("reference", len(records))
    (nonce,) = draw("mark nonce", 1)
    if keep is not None:
        held, is_held = keep.references_of(records.column("record_id"))
        references = np.where(is_held[:, np.newaxis], held, references)
    order = np.lexsort(references.T[::-1])
    written: list[Positions] = []
    marks = None if keys is None else _marks(keys, nonce)
    if review_on is None:
        review_on = np.full(len(records), np.datetime64(agreement.valid_until) + 1)
    people = _People(records, agreement.scheme, references, draw, marks, review_on)
    groups = _groups(encoded, people, order, written)
    with written_batch(
        path, society=society, agreement=agreement, groups=groups, mark_nonce=nonce.tobytes()
    ) as header:
        record_ids = records.column("record_id")
        rows = ((references[part], record_ids.take(part), review_on[part]) for part in written)
        write_references(references_path, rows, header, number=number)
    return header


class _People:
    """What a batch says of n persons beside their fingerprints, in the order of the records."""

    def __init__(
        self,
        records: Records,
        scheme: Scheme,
        references: Octets,
        draw: _Draw,
        marks: Octets | None,
        review_on: Days,
    ) -> None:
        self.references = references
        self.marks = marks
        self.review_on = review_on
        self.roles = _codes(records, "role", ROLES, normalise_role)
        if np.any(self.roles < 0):
            raise ParameterError(
                f"Record {_first(self.roles < 0)} has no role or an unknown one; check the records "
                "and encode those that are usable."
            )
        self.relations = _codes(records, "relation", RELATIONS, normalise_relation)
        self.known = knowledge_of(records, scheme)
        cases, which = records.distinct("case_id")
        self.has_case: Mask = np.array([case is not None for (case,) in cases], np.bool_)[which]
        self.cases = draw("case", len(cases))[which] * self.has_case[:, np.newaxis]


def _groups(
    encoded: Encoded | Encoding, people: _People, order: Positions, written: list[Positions]
) -> Iterator[Rows]:
    """Give the rows of the batch, and tell which records stand in each group."""
    for part, made in _regrouped(encoded.in_order(order)):
        written.append(part)
        yield Rows(
            references=people.references[part],
            roles=people.roles[part],
            relations=people.relations[part],
            known=people.known[part],
            cases=people.cases[part],
            has_case=people.has_case[part],
            fingerprints={
                name: (prints.bits, prints.present) for name, prints in made.passes.items()
            },
            marks=None if people.marks is None else people.marks[part],
            review_on=people.review_on[part],
        )


def _regrouped(
    pieces: Iterator[tuple[Positions, Encoded]],
) -> Iterator[tuple[Positions, Encoded]]:
    """Give groups of `GROUP_ROWS` records and the rest, whatever pieces they come in."""
    held: list[tuple[Positions, Encoded]] = []
    for piece in pieces:
        held.append(piece)
        while sum(len(rows) for rows, _ in held) >= GROUP_ROWS:
            rows, encoded = _joined(held)
            yield rows[:GROUP_ROWS], encoded.rows(slice(GROUP_ROWS))
            held = [(rows[GROUP_ROWS:], encoded.rows(slice(GROUP_ROWS, None)))]
    if held:
        yield _joined(held)


def _joined(pieces: Sequence[tuple[Positions, Encoded]]) -> tuple[Positions, Encoded]:
    rows = np.concatenate([rows for rows, _ in pieces])
    return rows, Encoded.joined([encoded for _, encoded in pieces])


def _check(encoded: Encoded | Encoding, records: Records) -> None:
    if len(encoded) != len(records):
        raise ParameterError("Fingerprints and records differ in number; encode these records.")
    nameless = records.column("record_id").is_null().to_numpy()
    if nameless.any():
        raise ParameterError(
            f"Record {_first(nameless)} has no record_id; check the records and encode those that "
            "are usable."
        )


def _marks(keys: Sequence[bytes], nonce: Octets) -> Octets:
    content = b"".join(marks_of(keys, nonce.tobytes()))
    return np.frombuffer(content, np.uint8).reshape(-1, MARK_BYTES)


def _first(where: Mask) -> int:
    """The number of the first record that is meant, counting from 1."""
    return int(np.flatnonzero(where)[0]) + 1


def _codes(
    records: Records,
    column: str,
    known: Sequence[str],
    normalise: Callable[[str | None], tuple[str | None, Problem | None]],
) -> Codes:
    """Give the positions of a column's cells among the known codes; -1 for what is not known."""
    cells, which = records.distinct(column)
    codes = [normalise(cell)[0] for (cell,) in cells]
    by_cell = [NO_RELATION if code is None else known.index(code) for code in codes]
    positions: Codes = np.array(by_cell, np.int8)[which]
    return positions


def _drawing(society: str, agreement: Agreement, seed: int | None) -> _Draw:
    """Give a function that draws references, each of 16 bytes.

    Seeded, they are a SHAKE-256 stream of the seed, the agreement and the society: two societies
    with one seed must not order their rows alike, or their order would tell who is whom.
    """

    def draw(what: str, count: int) -> Octets:
        if seed is None:
            drawn = secrets.token_bytes(count * REFERENCE_BYTES)
        else:
            name = f"kinmatch references 1/{agreement.agreement_id}/{society}/{what}/{seed:d}"
            drawn = hashlib.shake_256(name.encode()).digest(count * REFERENCE_BYTES)
        return np.frombuffer(drawn, np.uint8).reshape(count, REFERENCE_BYTES)

    return draw
