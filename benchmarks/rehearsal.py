"""The whole way of a record for two files on one machine, with throwaway keys.

Nothing is left out or shortened: records are encoded, written as batches, read through the same
checks, matched and refined by the code of the real flow; only the limits on what a society releases
are not asked about, as nobody is there to ask. The keys come from a seed and from the records
themselves, so a rehearsal repeats to the byte, and who does not have the records does not have the
keys. Keys never touch the disk; the batches lie in a temporary folder and go with it.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import accuracy
from benchmarks.reciprocity import gain_by_kin
from encoders.batching import write_batch_of
from encoders.encoding import encode
from encoders.keys import Keys
from encoders.marks import throwaway_record_keys
from encoders.records import Records
from encoders.references import References, read_references
from encoders.refining.answering import attribute_cells
from encoders.refining.asking import rows_asked_for
from matcher.decisions.evidence import Bands
from matcher.decisions.refinement.outcomes import OUTCOMES
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.cells import Octets
from matcher.formats.files import written_whole
from matcher.formats.refinement import Answer, read_answer, read_requests, write_answer
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme
from matcher.formats.vocabulary import BANDS, ROLES
from matcher.matching import DEFAULT_TOP, Compared, Run, candidate_identifiers, match
from matcher.refining import Refinement, write_requests_of

_ANY_DAY = date(2000, 1, 1)  # a rehearsal's own agreement has no time, and no clock is read


@dataclass(frozen=True, eq=False, repr=False)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        pairs: The candidates of the requests' sought persons, as a frame of `request_id`,
            `register_id`, `role` (of the other side's record), `score` (bits) and `band`: best
            score first, then by request id, then by register id.
        weights: Row for row with `pairs`, what each attribute (each pass, where nothing was
            refined) and the kin around a pair add to its score, in bits; the rest of a score is
            what is added whatever was compared.
        enquirers: Which records of the other side are enquirers, by their ids.
        run: The run that found them.
        refinement: The model that refined them, or None.
        seconds: How long each step took.
    """

    pairs: pd.DataFrame
    weights: pd.DataFrame
    enquirers: pd.Index
    run: Run
    refinement: RefinementModel | None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def bands(self) -> Bands:
        """The least scores of the bands, against a register of this size."""
        model = self.refinement or self.run.model
        return model.bands.at(len(self.run.compared[0].right_rows))

    def report(self, truth: pd.DataFrame | None = None) -> dict[str, Any]:
        """Give counts, times and, where the truth is known, accuracy, as data for JSON.

        Args:
            truth: True pairs, as `benchmarks.accuracy` takes them.
        """
        comparing = self.seconds["match"]
        report: dict[str, Any] = {
            "format": "kinmatch-rehearsal/1",
            "run": self.run.manifest(),
            "refinement_model_digest": self.refinement.digest if self.refinement else None,
            "requests": len(self.run.compared[0].left_rows),
            "register": len(self.run.compared[0].right_rows),
            "candidates": {band: int((self.pairs["band"] == band).sum()) for band in BANDS},
            "seconds": {step: round(seconds, 3) for step, seconds in self.seconds.items()},
            "pairs_per_second": round(self.run.pairs / comparing) if comparing else 0,
        }
        if truth is not None:
            report["accuracy"] = figures(self.pairs, truth, self.bands)
            seeking = truth[truth["register_id"].isin(self.enquirers)]
            if len(seeking):
                who_seek = self.pairs["role"] == "enquirer"
                pairs = self.pairs.assign(kin=self.weights["kin"])[who_seek]
                report["seeking_each_other"] = gain_by_kin(pairs, seeking)
        return report


def figures(pairs: pd.DataFrame, truth: pd.DataFrame, bands: Bands) -> dict[str, Any]:
    """Measure candidates against the truth: at every band, at the best threshold, and by rank.

    Links are the best candidate of each request (`benchmarks.accuracy.best_per_request`).
    """
    links = accuracy.best_per_request(pairs)
    at_bands = {band: accuracy.at_threshold(links, truth, getattr(bands, band)) for band in BANDS}
    found = {"best": accuracy.best(links, truth)} if len(links) else {}
    return {
        "truth": len(truth),
        "recall_at_1": round(accuracy.recall_at(pairs, truth, 1), 4),
        "recall_at_10": round(accuracy.recall_at(pairs, truth, 10), 4),
        "thresholds": {
            name: {
                "threshold": one.threshold,
                "links": one.links,
                "right": one.right,
                "precision": round(one.precision, 4),
                "recall": round(one.recall, 4),
                "f1": round(one.f1, 4),
            }
            for name, one in (at_bands | found).items()
        },
    }


def rehearse(
    requests: Records,
    register: Records,
    *,
    agreement: Agreement | None = None,
    top: int = DEFAULT_TOP,
    refine: bool = True,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Rehearsal:
    """Take two sets of records the whole way from plaintext to candidates.

    Args:
        requests: Records of the society that seeks; those with role sought are compared.
        register: Records of the society that may have met them; those with role registered are.
        agreement: Whose scheme is used, under throwaway keys; one with the default scheme if None.
        top: Candidates kept for each request.
        refine: Whether the candidates are weighed again attribute by attribute.
        seed: For keys, references and their order.
        threads: How many threads to use; all processors if None. The result is the same.
        progress: Told which step begins.
    """
    under = agreement or default_agreement()
    drawn = _drawn_seed(requests, register, seed)
    seconds: dict[str, float] = {}
    with (
        _throwaway_keys(under, drawn) as keys,
        tempfile.TemporaryDirectory(prefix="kinmatch-") as name,
    ):
        folder = Path(name)
        sides: list[tuple[Batch, References]] = []
        held: dict[str, tuple[Records, References]] = {}
        for society, records in zip(under.parties, (requests, register), strict=False):
            progress(f"encoding {len(records):,} records of {society}")
            with _timed(seconds, f"encode {society}"):
                batch = folder / f"{society}.parquet"
                references = folder / f"{society}-references.parquet"
                write_batch_of(
                    encode(records, under, keys),
                    records,
                    society=society,
                    agreement=under,
                    path=batch,
                    references_path=references,
                    seed=drawn + len(sides),
                    keys=throwaway_record_keys(drawn, records.column("record_id").to_pylist()),
                )
                sides.append((read_batch(batch, under), read_references(references, under)))
                held[society] = (records, sides[-1][1])
        with _timed(seconds, "match"):
            run = match(
                [batch for batch, _ in sides],
                under,
                on=under.valid_from,
                top=top,
                threads=threads,
                progress=lambda what: progress(f"comparing {what}"),
            )
        found = _Found.of(run)
        model = RefinementModel.under(under) if refine else None
        if model is not None:
            progress(f"refining {len(found.scores):,} candidates")
            with _timed(seconds, "refine"):
                answer = _Answering(under, keys, held)
                found = _refined(run, answer, model, folder, drawn)
    pairs, weights = _named(run, found, *(references for _, references in sides))
    return Rehearsal(pairs, weights, _enquirers(*sides[1]), run, model, seconds)


def default_agreement(scheme: Scheme | None = None) -> Agreement:
    """Give an agreement for rehearsals: two parties, and the default scheme if none is given."""
    return Agreement.new(
        parties=("requests", "register"),
        linkage_unit="rehearsal",
        purposes=("rehearsal",),
        legal_bases=("test-data",),
        valid_from=_ANY_DAY,
        valid_until=_ANY_DAY,
        retention_days=1,
        scheme=scheme or Scheme.published(DEFAULT_SCHEME),
        agreement_id="0" * 32,
    )


def write_pairs(pairs: pd.DataFrame, path: Path) -> None:
    """Write a rehearsal's pairs as CSV, whole or not at all."""
    with written_whole(path, private=True) as aside:
        pairs.to_csv(aside, index=False, float_format="%.3f", lineterminator="\n")


def _drawn_seed(requests: Records, register: Records, seed: int) -> int:
    digest = hashlib.sha256(f"kinmatch rehearsal {seed:d}".encode())
    for records in (requests, register):
        for row in records.table.to_batches():
            digest.update(repr(row.to_pydict()).encode())
    return int.from_bytes(digest.digest()[:16], "little")


@contextmanager
def _throwaway_keys(agreement: Agreement, seed: int) -> Iterator[Keys]:
    """Give keys that are wiped afterwards, whatever happens in between."""
    keys = Keys.throwaway(agreement, seed=seed)
    try:
        yield keys
    finally:
        keys.wipe()


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _enquirers(batch: Batch, references: References) -> pd.Index:
    rows = batch.roles == ROLES.index("enquirer")
    return pd.Index(references.record_ids(batch.references[rows]), dtype=object)


def _directions(run: Run) -> list[Compared]:
    """Give the directions in which the requests' sought persons are on the left."""
    return [one for one in run.compared if one.left is run.batches[0]]


@dataclass(frozen=True, eq=False, repr=False)
class _Found:
    """The candidates of the requests' sought persons, and which of them are left."""

    scores: npt.NDArray[np.float64]
    bands: npt.NDArray[np.int8]
    weights: pd.DataFrame

    @classmethod
    def of(cls, run: Run) -> Self:
        """Give what a run found."""
        passes = list(run.model.passes)
        return cls.joined(
            cls(
                found.scores,
                found.bands,
                pd.DataFrame(run.model.weights(found.distances), columns=passes).assign(
                    kin=found.kin
                ),
            )
            for found in (one.candidates for one in _directions(run))
        )

    @classmethod
    def joined(cls, parts: Iterable["_Found"]) -> Self:
        """Put the candidates of several directions behind each other."""
        held = list(parts)
        return cls(
            np.concatenate([part.scores for part in held]),
            np.concatenate([part.bands for part in held]),
            pd.concat([part.weights for part in held], ignore_index=True),
        )


def _refined(
    run: Run, answer: "_Answering", model: RefinementModel, folder: Path, seed: int
) -> _Found:
    """Have both sides answer for every candidate of the run, and weigh those that are shown."""
    refinement = Refinement(model)
    for paths in write_requests_of(run, folder, seed=seed):
        refinement.add(*(answer(path) for path in paths))
    parts = []
    for one in _directions(run):
        found = one.candidates
        refined = refinement.refine(
            candidate_identifiers(run.agreement, *_references(one)),
            found.scores,
            found.bands,
            found.kin,
            len(one.right_rows),
        )
        weights = pd.DataFrame(refined.weights, columns=list(OUTCOMES)).assign(
            passes=refined.passes, kin=found.kin
        )
        parts.append(_Found(refined.scores, refined.bands, weights))
    return _Found.joined(parts)


@dataclass(frozen=True, eq=False, repr=False)
class _Answering:
    """Both societies, with what each of them holds."""

    agreement: Agreement
    keys: Keys
    held: dict[str, tuple[Records, References]]

    def __call__(self, path: Path) -> Answer:
        """Answer a file of requests by a file, as the society does that it is for."""
        requests = read_requests(path, self.agreement)
        society = requests.header.society
        records, references = self.held[society]
        rows = rows_asked_for(requests, [references], records)
        cells = attribute_cells(
            records, rows, requests.identifiers, requests.nonces, self.keys, society
        )
        out = path.with_name(path.name.replace("requests-", "answer-"))
        write_answer(out, requests=requests, cells=cells)
        answer = read_answer(out, self.agreement)
        out.unlink()
        return answer


def _references(one: Compared) -> tuple[Octets, Octets]:
    found = one.candidates
    return (
        one.left.references[one.left_rows[found.left]],
        one.right.references[one.right_rows[found.right]],
    )


def _named(
    run: Run, found: _Found, requests: References, register: References
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the candidates by the societies' own ids, and their weights."""
    directions = _directions(run)
    left, right = (np.concatenate(side) for side in zip(*map(_references, directions), strict=True))
    roles = [one.roles[1] for one in directions]
    frame = pd.DataFrame(
        {
            "request_id": requests.record_ids(left),
            "register_id": register.record_ids(right),
            "role": np.repeat(roles, [len(one.candidates) for one in directions]),
            "score": found.scores,
            "band": np.append(BANDS, "none")[found.bands],
        }
    )
    frame = frame[found.bands < len(BANDS)].sort_values(
        ["score", "request_id", "register_id"], ascending=[False, True, True], kind="stable"
    )
    weights = found.weights.loc[frame.index]
    return frame.reset_index(drop=True), weights.reset_index(drop=True)
