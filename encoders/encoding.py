"""From records to fingerprints, under an agreement's scheme and keys.

Records are encoded some at a time, so that memory is bounded by the chunk. What is told of many
records at once, such as the distinct values and their tokens, is kept until there is much of it,
and then begun anew; no bit depends on that, nor on chunks, order or threads.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from encoders.bits import WORD, Filters
from encoders.keys import Keys
from encoders.passes import Chunk, PassEncoder, views_of
from encoders.records import Records
from encoders.rules import RULES, Finding, in_order
from encoders.tokens import Vocabulary
from encoders.views import ATTRIBUTES, VIEWS
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError, MismatchError
from matcher.formats.scheme import Scheme

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_Made = tuple[Rows, "Encoded", dict[str, Mask]]

CHUNK = 1 << 15
"""Records that are encoded together."""

_MOST_VALUES = 1 << 18  # distinct values that are kept, at some 500 bytes each with their tokens


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
    """The fingerprints of n persons.

    Attributes:
        passes: The fingerprints pass by pass, in the order of the scheme.
        findings: The records that could not be encoded, by field and rule; their rows are
            positions among the n. They have no fingerprint in any pass.
    """

    passes: dict[str, Fingerprints]
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return min((len(prints.present) for prints in self.passes.values()), default=0)

    def in_order(self, order: Rows) -> Iterator[tuple[Rows, "Encoded"]]:
        """Give the fingerprints in another order, as `Encoding.in_order` does."""
        left_out = [finding.rows for finding in self.findings]
        if left_out:
            order = order[~np.isin(order, np.concatenate(left_out))]
        for rows in _chunks(order):
            yield rows, self.rows(rows)

    def rows(self, which: slice | Rows | Mask) -> "Encoded":
        """Give the fingerprints of some of the n persons."""
        return Encoded(
            {
                name: Fingerprints(prints.bits[which], prints.present[which])
                for name, prints in self.passes.items()
            }
        )

    @classmethod
    def joined(cls, pieces: Sequence[Self]) -> Self:
        """Put the fingerprints of several sets of persons one after the other."""
        return cls(
            {
                name: Fingerprints(
                    np.concatenate([piece.passes[name].bits for piece in pieces]),
                    np.concatenate([piece.passes[name].present for piece in pieces]),
                )
                for name in pieces[0].passes
            }
        )


def encode(
    records: Records,
    agreement: Agreement,
    keys: Keys,
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Encoded:
    """Encode records as an agreement's scheme says, and hold all fingerprints in memory.

    Args:
        records: n records.
        agreement: Whose scheme is used.
        keys: The keys of this agreement and its key epoch.
        workers: Threads to use; the bits are the same for any number.
        progress: Told how many records are done, after every chunk.

    Returns:
        For each pass of the scheme n fingerprints, in the order of the records.

    Raises:
        MismatchError: The keys are of another agreement or key epoch.
        AgreementError: The scheme asks for an attribute or view that this version doesn't have.
    """
    encoding = Encoding(records, agreement, keys, workers=workers, progress=progress)
    passes = {
        part.name: Fingerprints(
            np.zeros((len(records), part.output_bits // WORD), dtype=np.uint64),
            np.zeros(len(records), dtype=np.bool_),
        )
        for part in agreement.scheme.passes
    }
    for rows, encoded in encoding.in_order(np.arange(len(records))):
        for name, prints in encoded.passes.items():
            passes[name].bits[rows] = prints.bits
            passes[name].present[rows] = prints.present
    return Encoded(passes, encoding.findings)


class Encoding:
    """Records on their way to fingerprints, which are made when they are asked for.

    Args:
        records: n records.
        agreement: Whose scheme is used.
        keys: The keys of this agreement and its key epoch; they may be wiped afterwards.
        workers: Threads to use; the bits are the same for any number.
        progress: Told how many records are done, after every chunk.

    Raises:
        MismatchError: The keys are of another agreement or key epoch.
        AgreementError: The scheme asks for an attribute or view that this version doesn't have.
    """

    def __init__(
        self,
        records: Records,
        agreement: Agreement,
        keys: Keys,
        *,
        workers: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        _check_keys(agreement, keys)
        check_scheme(agreement.scheme)
        self._records = records
        self._workers = workers
        self._progress = progress
        self._views = views_of(agreement.scheme.passes)
        self._passes = [PassEncoder(part, keys) for part in agreement.scheme.passes]
        self._vocabulary = Vocabulary(self._views)
        self._drawing = Lock()
        self._failed: dict[str, list[Rows]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The records so far that could not be encoded, by field and rule; rows are positions."""
        rule = RULES["value_not_encoded"]
        found = (
            Finding(rule, column, np.unique(np.concatenate(rows)))
            for column, rows in self._failed.items()
        )
        return tuple(in_order(found))

    def in_order(self, order: Rows) -> Iterator[tuple[Rows, Encoded]]:
        """Encode records in any order, chunk by chunk.

        Args:
            order: Shape (m,), int64: positions of records.

        Yields:
            Positions of records, in their order, and these records' fingerprints. A record that
            can't be encoded is left out, and is among the findings.
        """
        done = 0
        for rows, encoded, failed in _in_turn(self._encode, _chunks(order), self._workers):
            left_out = np.zeros(len(rows), dtype=np.bool_)
            for column, where in failed.items():
                self._failed[column].append(rows[where])
                left_out |= where
            done += len(rows)
            yield (rows[~left_out], encoded.rows(~left_out)) if failed else (rows, encoded)
            self._progress(done)

    def _encode(self, rows: Rows) -> _Made:
        table = _taken(self._records.table, rows)
        with self._drawing:
            if len(self._vocabulary) > _MOST_VALUES:
                self._begin_anew()
            made = self._vocabulary.tokenise(table)
            chunk = Chunk(table, made.tokens)
            drawn = [part.draw(chunk) for part in self._passes]
        prints = {
            part.name: Fingerprints(part.finish(chunk, of_pass), of_pass.present)
            for part, of_pass in zip(self._passes, drawn, strict=True)
        }
        return rows, Encoded(prints), made.failed

    def _begin_anew(self) -> None:
        self._vocabulary = Vocabulary(self._views)
        for part in self._passes:
            part.forget()


def _taken(table: pa.Table, rows: Rows) -> pa.Table:
    """Take rows; where they follow each other, nothing is copied."""
    if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
        return table.slice(int(rows[0]), len(rows))
    return table.take(pa.array(rows))


def _chunks(order: Rows) -> Iterator[Rows]:
    for start in range(0, len(order), CHUNK):
        yield order[start : start + CHUNK]


def _in_turn(
    work: Callable[[Rows], _Made], pieces: Iterator[Rows], workers: int
) -> Iterator[_Made]:
    """Do pieces of work on some threads, and give what they made in the order of the pieces.

    No more pieces are at work or wait to be taken than there are threads.
    """
    if workers == 1:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(workers) as pool:
        at_work: deque[Future[_Made]] = deque()
        for piece in pieces:
            if len(at_work) == workers:
                yield at_work.popleft().result()
            at_work.append(pool.submit(work, piece))
        while at_work:
            yield at_work.popleft().result()


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


def check_scheme(scheme: Scheme) -> None:
    """Refuse a scheme of which this version can't make every token.

    Raises:
        AgreementError: An attribute or a view is not known; the message names the scheme and both.
    """
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
