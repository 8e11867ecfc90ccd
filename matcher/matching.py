"""A run: batches of one agreement in, candidates for each society out."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.decisions.candidates import Candidates, find_candidates
from matcher.decisions.evidence import EvidenceModel, levels_of
from matcher.decisions.kin import KinModel, support_of
from matcher.decisions.people import People
from matcher.decisions.roles import COMPARED, is_mutual
from matcher.decisions.selection import Links, Select
from matcher.decisions.selection import select as select_links
from matcher.formats.agreement import Agreement
from matcher.formats.barred import kept_rows
from matcher.formats.batch import Batch
from matcher.formats.candidates import Bits, CandidateList, write_candidates
from matcher.formats.cells import Mask
from matcher.formats.errors import AgreementError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.notices import Notice
from matcher.formats.rulebook import refuse
from matcher.formats.vocabulary import BANDS, ROLES

DEFAULT_TOP = 10
"""How many candidates a record may have, unless the caller says otherwise."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Compared:
    """One direction of a corridor, done: the rows of two batches that were compared.

    Attributes:
        left: The batch whose rows have candidates, such as sought persons.
        right: The other batch.
        roles: The role of the left rows, and that of the right.
        left_rows: Rows of `left` that took part, ascending, int64.
        right_rows: Rows of `right` that took part.
        candidates: What was found; its rows index `left_rows` and `right_rows`.
    """

    left: Batch
    right: Batch
    roles: tuple[str, str]
    left_rows: Rows
    right_rows: Rows
    candidates: Candidates

    @property
    def pairs(self) -> int:
        """How many pairs of records were compared."""
        return len(self.left_rows) * len(self.right_rows)


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """All that was found between the batches of one agreement.

    Attributes:
        agreement: Under which the batches were encoded.
        model: What the distances were taken to mean.
        kin: What the people around a pair were taken to mean.
        batches: What was compared, in the order given.
        compared: Every direction of every corridor, in the order of the batches.
        top: How many candidates a record may have for each direction.
        select: How candidates were selected.
    """

    agreement: Agreement
    model: EvidenceModel
    kin: KinModel
    batches: tuple[Batch, ...]
    compared: tuple[Compared, ...]
    top: int
    select: Select

    @property
    def pairs(self) -> int:
        """How many pairs of records were compared."""
        return sum(one.pairs for one in self.compared)

    @property
    def bands(self) -> dict[str, int]:
        """How many candidates there are in each band."""
        counts = Counter(BANDS[band] for one in self.compared for band in one.candidates.bands)
        return {band: counts[band] for band in BANDS}

    def manifest(self) -> dict[str, Any]:
        """What the run was made of; the same inputs give the same manifest."""
        return {
            "format": "kinmatch-run/1",
            "kinmatch": version("kinmatch"),
            "agreement_id": self.agreement.agreement_id,
            "agreement_digest": self.agreement.digest,
            "scheme": self.agreement.scheme.label,
            "model_digest": self.model.digest,
            "kin_model_digest": self.kin.digest,
            "top": self.top,
            "select": str(self.select),
            "batches": [
                {"society": batch.header.society, "rows": len(batch), "seal": batch.header.seal}
                for batch in self.batches
            ],
            "pairs": self.pairs,
            "candidates": self.bands,
        }

    def manifest_text(self) -> str:
        """The manifest as it is written to a file."""
        return json.dumps(self.manifest(), indent=2, sort_keys=True) + "\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest's text, as `sha256:` and 64 hexadecimal digits."""
        return "sha256:" + hashlib.sha256(self.manifest_text().encode()).hexdigest()


def match(
    batches: Sequence[Batch],
    agreement: Agreement,
    *,
    on: date,
    notices: Sequence[Notice] = (),
    top: int = DEFAULT_TOP,
    select: Select = Select.TOP,
    threads: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Run:
    """Compare the batches of different societies in every corridor between them.

    Args:
        batches: At least two, of at least two societies.
        agreement: Under which they were encoded.
        on: The day of the run; the agreement must be valid on it, and who is due for review takes
            no part.
        notices: What societies say of their records; who is taken back takes no part.
        top: Candidates kept for each record that is sought, in each direction.
        select: Which of these are kept.
        threads: How many threads to use; all processors if None. The result is the same.
        progress: Told what is compared next.

    Raises:
        AgreementError: The agreement or a batch's key epoch is not valid on that day, all batches
            of two societies are of different epochs.
        GateError: There is no corridor between the societies that is open that day.
        ParameterError: `top` is less than 1, a batch was given twice, or the batches are all of
            one society.
    """
    if top < 1:
        raise ParameterError("'top' must be at least 1: it is how many candidates are kept.")
    if not agreement.valid_from <= on <= agreement.valid_until:
        raise AgreementError(
            f"Agreement {agreement.agreement_id} is valid from {agreement.valid_from} to "
            f"{agreement.valid_until}, not on {on}. Nothing is compared without a valid agreement."
        )
    for batch in batches:
        agreement.require_epoch(batch.header.key_epoch, on)
    if len({batch.header.seal for batch in batches}) < len(batches):
        raise ParameterError("One batch was given twice; give each batch once.")
    model, kin = EvidenceModel.under(agreement), KinModel.published()
    directions = list(_directions(batches, agreement, on))
    compared = []
    people: dict[str, People] = {}  # of the two batches that are being compared
    for left, right, roles in directions:
        progress(f"{left.header.society} {roles[0]} with {right.header.society} {roles[1]}")
        people = {
            batch.header.seal: people.get(batch.header.seal)
            or People.of(batch, model.passes, kept_rows(batch, notices, on))
            for batch in (left, right)
        }
        register = sum(
            other.header.counts.roles[roles[1]]
            for one, other, others_roles in directions
            if one is left and others_roles == roles
        )
        compared.append(_compare(left, right, people, roles, model, kin, top, register, threads))
    chosen = _selected(compared, select)
    return Run(agreement, model, kin, tuple(batches), chosen, top, select)


def _selected(compared: Sequence[Compared], how: Select) -> tuple[Compared, ...]:
    """Keep the candidates that a rule selects over all directions together."""
    batches = {one.header.seal: one for done in compared for one in (done.left, done.right)}
    ends = np.cumsum([len(batch) for batch in batches.values()])
    first = dict(zip(batches, (ends - [len(b) for b in batches.values()]).tolist(), strict=True))
    societies = sorted({batch.header.society for batch in batches.values()})
    society = [societies.index(batch.header.society) for batch in batches.values()]
    strata = [(d.left.header.society, d.right.header.society, d.roles) for d in compared]
    numbers = list(dict.fromkeys(strata))
    sizes = [len(done.candidates) for done in compared]
    links = Links(
        np.concatenate(
            [first[d.left.header.seal] + d.left_rows[d.candidates.left] for d in compared]
        ),
        np.concatenate(
            [first[d.right.header.seal] + d.right_rows[d.candidates.right] for d in compared]
        ),
        np.concatenate([d.candidates.scores for d in compared]),
        np.repeat([numbers.index(stratum) for stratum in strata], sizes),
        np.repeat(society, [len(batch) for batch in batches.values()]),
    )
    kept = np.split(select_links(links, how), np.cumsum(sizes)[:-1])
    return tuple(
        replace(done, candidates=done.candidates.take(np.flatnonzero(keep)))
        for done, keep in zip(compared, kept, strict=True)
    )


def _directions(
    batches: Sequence[Batch], agreement: Agreement, on: date
) -> Iterator[tuple[Batch, Batch, tuple[str, str]]]:
    pairs = [
        (left, right)
        for left, right in permutations(batches, 2)
        if left.header.society != right.header.society
    ]
    if not pairs:
        raise ParameterError("Give batches of at least two societies: one's own are not compared.")
    # Under two roots nothing is alike: such batches wait until both societies have rotated.
    pairs = [p for p in pairs if p[0].header.key_epoch == p[1].header.key_epoch]
    if not pairs:
        raise AgreementError(
            "These batches are of different key epochs, which can't be compared; ask for batches "
            f"of epoch {agreement.key_epoch} of agreement {agreement.agreement_id}."
        )
    ways = agreement.open_corridors(on)
    allowed = [p for p in pairs if (p[0].header.society, p[1].header.society) in ways]
    if not allowed:
        raise refuse(
            "corridor.open",
            f"Agreement {agreement.agreement_id} has no corridor between the societies of these "
            f"batches that is open on {on}.",
        )
    for at, (left, right) in enumerate(allowed):
        for roles in COMPARED:
            if not (is_mutual(roles) and (right, left) in allowed[:at]):
                yield left, right, roles


def _compare(
    left: Batch,
    right: Batch,
    people: dict[str, People],
    roles: tuple[str, str],
    model: EvidenceModel,
    kin: KinModel,
    top: int,
    register: int,
    threads: int | None,
) -> Compared:
    of_left, of_right = people[left.header.seal], people[right.header.seal]
    left_rows, left_side = of_left.of_role(roles[0])
    right_rows, right_side = of_right.of_role(roles[1])

    def around(left_found: Rows, right_found: Rows) -> tuple[Bits, Mask]:
        pairs = left_rows[left_found], right_rows[right_found]
        return kin.weigh(support_of(of_left, of_right, *pairs, model))

    found = find_candidates(
        left_side, right_side, model, top=top, register=register, around=around, threads=threads
    )
    return Compared(left, right, roles, left_rows, right_rows, found)


def write_run(run: Run, folder: Path) -> list[Path]:
    """Write what a run found: for each society its own side alone, and the run's manifest.

    Args:
        run: The run.
        folder: An existing folder; files of the same names are replaced.

    Returns:
        The paths of the sealed files and of the manifest; beside each sealed file lies its CSV.

    Raises:
        OutputError: A file can't be written.
    """
    paths = []
    for society in sorted({batch.header.society for batch in run.batches}):
        path = folder / f"candidates-{society}.parquet"
        write_candidates(
            path,
            candidates_of(run, society),
            society=society,
            agreement=run.agreement,
            run=run.digest,
        )
        paths.append(path)
    path = folder / "run.json"
    with written_whole(path) as aside:
        aside.write_text(run.manifest_text(), encoding="utf-8", newline="\n")
    return [*paths, path]


def candidates_of(run: Run, society: str) -> CandidateList:
    """Give one society's side of all that a run found.

    Returns:
        Its candidates, best score first; of equal scores in the order of the run.
    """
    return CandidateList.joined(
        [
            _own_side(one, run, batch)
            for one in run.compared
            for batch in (one.left, one.right)
            if batch.header.society == society
        ]
    )


def _own_side(one: Compared, run: Run, own: Batch) -> CandidateList:
    """What one direction says of the records of one of its two batches."""
    found = one.candidates
    left = one.left_rows[found.left]
    right = one.right_rows[found.right]
    rows = left if own is one.left else right
    levels = run.model.levels(found.distances)
    weights = run.model.weights(found.distances)
    return CandidateList(
        identifiers=candidate_identifiers(
            run.agreement, one.left.references[left], one.right.references[right]
        ),
        references=own.references[rows],
        roles=own.roles[rows],
        other_roles=np.full(len(rows), ROLES.index(one.roles[own is one.left]), np.int8),
        scores=found.scores,
        bands=found.bands,
        levels={name: levels[:, i] for i, name in enumerate(run.model.passes)},
        weights={name: weights[:, i] for i, name in enumerate(run.model.passes)},
        kin_levels=levels_of(found.kin, found.has_kin),
        kin_weights=found.kin,
    )


def candidate_identifiers(
    agreement: Agreement, left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Name each pair by a digest of both references, which neither side can turn back.

    Args:
        agreement: Under which the pairs were found.
        left: The references of the left records, shape (n, 16), uint8.
        right: Those of the right ones.

    Returns:
        Shape (n, 16), uint8.
    """
    start = hashlib.blake2b(
        bytes.fromhex(agreement.agreement_id), digest_size=16, person=b"kinm-candidate"
    )
    digests = bytearray()
    for pair in np.concatenate([left, right], axis=1):
        digest = start.copy()
        digest.update(pair.tobytes())
        digests += digest.digest()
    return np.frombuffer(bytes(digests), dtype=np.uint8).reshape(-1, 16)
