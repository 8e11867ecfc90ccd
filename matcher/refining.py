"""The linkage unit's part of refinement: what it asks the societies, and what it makes of answers.

Candidates are asked about in parts, each of two batches: one file of requests to either society,
with the same candidates in the same order. When both have answered a part, its candidates are
weighed attribute by attribute. What stays is the outcome of each attribute; the fingerprints go.
"""

import csv
import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matcher.decisions.refinement.comparison import Compared as Outcomes
from matcher.decisions.refinement.comparison import compare
from matcher.decisions.refinement.outcomes import NAMES, OUTCOMES
from matcher.decisions.refinement.weights import RefinementModel, levels_of
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch
from matcher.formats.candidates import CandidateList
from matcher.formats.cells import Mask, Octets
from matcher.formats.errors import MismatchError
from matcher.formats.files import written_whole
from matcher.formats.identity import Identity
from matcher.formats.letter import seal_file
from matcher.formats.refinement import NONCE_BYTES, REQUESTS_KIND, Answer, write_requests
from matcher.formats.vocabulary import BANDS, LEVELS
from matcher.matching import Compared, Run, candidate_identifiers

PART_ROWS: Final = 1 << 17
"""Candidates that are asked about in one part, so that answers stay small."""

Bits = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False, repr=False)
class Refined:
    """What n candidates come to after refinement.

    Attributes:
        answered: Shape (n,), bool: whether both societies released the records' attributes. The
            other candidates keep score and band.
        scores: Shape (n,), float64, in bits.
        bands: Shape (n,), int8: positions in `BANDS`, or `len(BANDS)` where there is none any more.
        levels: Shape (n, attributes), int8: positions in `LEVELS`, in the order of `OUTCOMES`.
        weights: Shape (n, attributes), float64, in bits.
        passes: Shape (n,), float64: what the passes weigh beside the attributes, in bits.
    """

    answered: Mask
    scores: Bits
    bands: Codes
    levels: Codes
    weights: Bits
    passes: Bits


def write_requests_of(
    run: Run, folder: Path, *, identity: Identity | None = None, seed: int | None = None
) -> list[tuple[Path, Path]]:
    """Write what the societies are asked about a run's candidates.

    Args:
        run: The run.
        folder: An existing folder.
        identity: The linkage unit's, to make each file a letter that its society alone can open;
            None leaves them as they are, for a rehearsal, where nothing travels.
        seed: Any whole number, to draw the same nonces again, for rehearsals and tests; without it
            they are random.

    Returns:
        For each part the files for the left and for the right society.

    Raises:
        OutputError: A file can't be written.
    """
    partners = pseudonyms(seed)
    return [
        _write_part(run, number, one, rows, folder, identity, partners, seed)
        for number, (one, rows) in enumerate(_parts(run), 1)
    ]


def _parts(run: Run) -> Iterator[tuple[Compared, slice]]:
    for one in run.compared:
        for start in range(0, len(one.candidates), PART_ROWS):
            yield one, slice(start, start + PART_ROWS)


def _write_part(
    run: Run,
    number: int,
    one: Compared,
    rows: slice,
    folder: Path,
    identity: Identity | None,
    partners: Mapping[tuple[str, str], str],
    seed: int | None,
) -> tuple[Path, Path]:
    references = {
        "left": one.left.references[one.left_rows[one.candidates.left[rows]]],
        "right": one.right.references[one.right_rows[one.candidates.right[rows]]],
    }
    identifiers = candidate_identifiers(run.agreement, references["left"], references["right"])
    nonces = nonces_of(len(identifiers), number, seed)

    def write(batch: Batch, other: Batch, own: Octets) -> Path:
        society = batch.header.society
        suffix = "letter" if identity else "parquet"
        path = folder / f"requests-{society}-{number:04}.{suffix}"
        write_requests(
            path,
            society=society,
            agreement=run.agreement,
            key_epoch=batch.header.key_epoch,
            run=run.digest,
            part=number,
            partner=partners[society, other.header.society],
            identifiers=identifiers,
            nonces=nonces,
            references=own,
        )
        if identity is not None:
            seal_file(
                path,
                identity=identity,
                recipient=society,
                agreement=run.agreement,
                holds=REQUESTS_KIND,
            )
        return path

    return (
        write(one.left, one.right, references["left"]),
        write(one.right, one.left, references["right"]),
    )


def pseudonyms(seed: int | None = None) -> Mapping[tuple[str, str], str]:
    """Give names of one run for partners: what a society, the first of two, is to call the second.

    They are drawn when first asked for.

    Args:
        seed: Any whole number, to draw the same again; without it they are random.
    """
    drawn = secrets.token_bytes if seed is None else np.random.default_rng(seed).bytes
    return defaultdict(lambda: drawn(8).hex())


def nonces_of(count: int, part: int, seed: int | None = None) -> Octets:
    """Draw a nonce for each of `count` candidates; random ones without a seed."""
    if seed is None:
        drawn = secrets.token_bytes(count * NONCE_BYTES)
    else:
        name = f"kinmatch nonces 1/{part}/{seed:d}"
        drawn = hashlib.shake_256(name.encode()).digest(count * NONCE_BYTES)
    return np.frombuffer(drawn, np.uint8).reshape(count, NONCE_BYTES)


class Refinement:
    """The outcomes of all candidates that both societies answered for, as they come in.

    Attributes:
        model: What the outcomes mean.
    """

    def __init__(self, model: RefinementModel) -> None:
        self.model = model
        self._rows: dict[bytes, int] = {}
        self._outcomes = [np.zeros((1, len(OUTCOMES)), np.int8)]  # of what nobody answered
        self._classes = [np.full((1, len(NAMES)), -1, np.int8)]

    def add(self, left: Answer, right: Answer) -> None:
        """Compare the two societies' answers of one part; the answers may be dropped then.

        Raises:
            MismatchError: They are not of one part.
        """
        names = f"{left.header.society} and {right.header.society}"
        for what, one, other in (
            ("run", left.header.run, right.header.run),
            ("part", left.header.part, right.header.part),
            ("key epoch", left.header.key_epoch, right.header.key_epoch),
        ):
            if one != other:
                raise MismatchError(
                    f"The answers of {names} are of {what} {one} and {other}; give both societies' "
                    "answers of one part."
                )
        if not np.array_equal(left.identifiers, right.identifiers):
            raise MismatchError(
                f"The answers of {names} to part {left.header.part} are about other candidates; "
                "have both answered anew."
            )
        found = compare(self.model.pieces, left.cells, right.cells)
        both = np.flatnonzero(_released(left) & _released(right))
        first = sum(map(len, self._outcomes))
        for at, row in enumerate(both.tolist()):
            self._rows[left.identifiers[row].tobytes()] = first + at
        self._outcomes.append(found.outcomes[both])
        self._classes.append(found.classes[both])

    def outcomes_of(self, identifiers: Octets) -> tuple[Mask, Outcomes]:
        """Give what candidates, shape (n, 16), came to, and for which both societies answered."""
        rows = np.array([self._rows.get(one.tobytes(), 0) for one in identifiers], dtype=np.int64)
        known = Outcomes(np.concatenate(self._outcomes)[rows], np.concatenate(self._classes)[rows])
        return rows > 0, known

    def refine(
        self, identifiers: Octets, scores: Bits, bands: Codes, kin: Bits, register: int
    ) -> Refined:
        """Give candidates their refined scores and bands.

        Args:
            identifiers: The candidates, shape (n, 16), uint8.
            scores: What they scored before, the people around them counted in.
            bands: Their bands before.
            kin: What the people around them weigh, in bits, which counts as before.
            register: With how many persons each request was compared.
        """
        answered, known = self.outcomes_of(identifiers)
        model, passes = self.model, scores - kin
        refined = model.bands_of(known, passes, kin, register)
        return Refined(
            answered,
            np.where(answered, model.scores(known, passes, kin), scores),
            np.where(answered, refined, bands).astype(np.int8),
            np.where(answered[:, None], levels_of(known), LEVELS.index("absent")).astype(np.int8),
            model.weights(known),
            np.where(answered, model.weights_of_passes(passes), 0.0),
        )


def _released(answer: Answer) -> Mask:
    released: Mask = np.logical_or.reduce([present for _, present in answer.cells.values()])
    return released


def pairs_of_answers(
    paths: Sequence[Path], agreement: Agreement, run: str, read: Callable[[Path], Answer]
) -> Iterator[tuple[Path, Path]]:
    """Put the two societies' answers to each part together, in the order of the parts.

    Args:
        paths: All answers.
        agreement: Under which the run was.
        run: Digest of the run's manifest.
        read: Reads an answer.

    Raises:
        MismatchError: An answer is of another run, or a part has not exactly one answer of either
            society.
    """
    parts: dict[int, dict[str, Path]] = {}
    for path in paths:
        header = read(path).header
        if header.run != run:
            raise MismatchError(
                f"{path}: the answer is of run {header.run}, the folder given is of run {run}. "
                "Give the folder of the run that it answers."
            )
        if header.society in parts.setdefault(header.part, {}):
            raise MismatchError(
                f"{path}: '{header.society}' answered part {header.part} twice; give one answer."
            )
        parts[header.part][header.society] = path
    for part, found in sorted(parts.items()):
        if len(found) != 2:
            raise MismatchError(
                f"Part {part} was answered by {', '.join(found)} alone; wait for the other answer, "
                "or leave the part out."
            )
        first, second = sorted(found, key=agreement.parties.index)
        yield found[first], found[second]


def in_refined_order(candidates: CandidateList, refined: Refined) -> tuple[CandidateList, Refined]:
    """Give candidates their refined scores and bands: best first, without those that have no band.

    Of equal scores the order stays.
    """
    order = np.argsort(-refined.scores, kind="stable")
    order = order[refined.bands[order] < len(BANDS)]
    kept = Refined(**{f.name: getattr(refined, f.name)[order] for f in fields(Refined)})
    return replace(_taken(candidates, order), scores=kept.scores, bands=kept.bands), kept


def _taken(candidates: CandidateList, rows: npt.NDArray[np.int64]) -> CandidateList:
    """Give these rows of a list."""

    def take(value: Any) -> Any:
        return {k: v[rows] for k, v in value.items()} if isinstance(value, Mapping) else value[rows]

    return CandidateList(
        **{f.name: take(getattr(candidates, f.name)) for f in fields(CandidateList)}
    )


def write_attributes(path: Path, identifiers: Octets, refined: Refined) -> None:
    """Write what each attribute says of a society's candidates, as CSV for it alone.

    Raises:
        OutputError: The file can't be written.
    """
    with (
        written_whole(path, private=True) as aside,
        aside.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        names = [name for attribute in OUTCOMES for name in (attribute, f"{attribute}_bits")]
        writer.writerow(["candidate_id", "refined", "score", "band", "passes_bits", *names])
        for row, identifier in enumerate(identifiers):
            cells = (
                cell
                for level, bits in zip(refined.levels[row], refined.weights[row], strict=True)
                for cell in (LEVELS[level], f"{bits:.1f}")
            )
            answered = "yes" if refined.answered[row] else "no"
            band = BANDS[refined.bands[row]]
            score = f"{refined.scores[row]:.3f}"
            passes = f"{refined.passes[row]:.1f}"
            writer.writerow([identifier.tobytes().hex(), answered, score, band, passes, *cells])
