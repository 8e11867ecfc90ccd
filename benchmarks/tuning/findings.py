"""Everything that is measured of one scheme on one labelled set, and its files.

The same records, truth, scheme and settings give the same findings, so the same files to the byte.
What differs between two runs, the time they took, is measured beside them (`benchmarks.rehearsal`)
and comes in as an input.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd

from benchmarks import accuracy
from benchmarks.rehearsal import Rehearsal
from benchmarks.tuning import change, measures, single_pairs, slices, words
from encoders.records import NAME_COLUMNS, Records
from matcher.decisions.evidence import EvidenceModel
from matcher.decisions.information import LITTLE
from matcher.decisions.refinement.weights import RefinementModel
from matcher.formats.errors import InputError, ParameterError
from matcher.formats.files import written_whole
from matcher.formats.vocabulary import BANDS

FORMAT: Final = "kinmatch-tuning/1"

_DECIMALS = 6
_PEOPLE_COLUMNS = (*NAME_COLUMNS, "mother_name", "sex", "birth_date", "age", "residence")


@dataclass(frozen=True)
class Settings:
    """What an analyst may choose.

    Attributes:
        seed: Of the bootstrap.
        new: Persons who are sought anew a night, at production size.
        held: Registered persons whom they are compared with, at production size.
        top: How many candidates a request kept.
        invented: Whether nobody in the data is real, so that names may be shown.
    """

    seed: int = 0
    new: int = 100
    held: int = 1_000_000
    top: int = 10
    invented: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Findings:
    """What was measured.

    Attributes:
        about: What was compared, under which scheme and model, and the settings.
        bands: The model's own thresholds, and those chosen (`change.chosen`), by name.
        cost: Bytes a record, pairs compared, and pairs a second where they were given.
        privacy: What the attack lab found, or None.
        words: What each threshold does, in words, in the order of `curves`.
        tables: `curves`, `histogram`, `slices`, `false_links`, `missed`, `waterfalls`, `people`.
    """

    about: dict[str, Any]
    bands: dict[str, float | None]
    cost: dict[str, Any]
    privacy: dict[str, Any] | None
    words: list[str]
    tables: dict[str, pd.DataFrame]

    def as_data(self) -> dict[str, Any]:
        """Give the findings as data for JSON: tables by columns, nothing that is not a number."""
        return {
            "format": FORMAT,
            "about": self.about,
            "bands": self.bands,
            "cost": self.cost,
            "privacy": self.privacy,
            "words": self.words,
            "tables": {
                name: {str(c): as_cells(frame[c]) for c in frame}
                for name, frame in self.tables.items()
            },
        }

    def as_json(self) -> str:
        """Give the findings as canonical text."""
        return json.dumps(self.as_data(), ensure_ascii=False, sort_keys=True, indent=1) + "\n"

    @property
    def digest(self) -> str:
        """SHA-256 of that text, as `sha256:` and 64 hexadecimal digits."""
        return "sha256:" + hashlib.sha256(self.as_json().encode()).hexdigest()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the findings of another run.

        Raises:
            InputError: The file can't be read, or has no findings of a version known.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            is_known = data.pop("format") == FORMAT
            tables = {name: pd.DataFrame(columns) for name, columns in data.pop("tables").items()}
            if is_known:
                return cls(**data, tables=tables)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # told below, without the text, which may be any file's
        raise InputError(
            f"{path}: no findings that this release reads ('{FORMAT}'); give the tuning.json of "
            "another run of kinmatch tune."
        )

    def write(self, folder: Path) -> None:
        """Write `tuning.json`, and each table as CSV and Parquet, into an existing folder."""
        json_path = folder / "tuning.json"
        with written_whole(json_path, private=True) as aside:
            aside.write_text(self.as_json(), encoding="utf-8", newline="\n")
        for name, frame in self.tables.items():
            path = folder / f"{name}.csv"
            with written_whole(path, private=True) as aside:
                frame.round(_DECIMALS).to_csv(aside, index=False, lineterminator="\n")
            with written_whole(path.with_suffix(".parquet"), private=True) as aside:
                frame.round(_DECIMALS).to_parquet(aside, index=False)


def find(
    done: Rehearsal,
    requests: Records,
    register: Records,
    truth: pd.DataFrame,
    settings: Settings,
    *,
    cost: dict[str, Any] | None = None,
    privacy: dict[str, Any] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Measure all there is to measure of a rehearsal.

    Args:
        done: The rehearsal of these records.
        requests: Records of the society that seeks.
        register: Records of the society that may have met them.
        truth: True pairs, and whatever else is known of them.
        settings: The analyst's choices.
        cost: The report of a rehearsal, whose times are to be shown.
        privacy: The attack lab's findings on the same scheme.
        progress: Told what is measured next.

    Raises:
        ParameterError: There is no candidate, or the truth names no request that was compared.
    """
    if not len(done.pairs):
        raise ParameterError("There is no candidate at all, so there is no threshold to choose.")
    progress("measuring every threshold")
    sought = requests.table.to_pandas()
    sought = sought.loc[sought["role"] == "sought", "record_id"]
    registered = len(done.run.compared[0].right_rows)
    sample = measures.Sample.of(done.pairs, truth, sought, registered=registered, top=settings.top)
    grid = measures.thresholds(sample.score)
    curves = measures.curves(sample, grid, settings.seed).merge(
        measures.a_night(sample, grid, new=settings.new, held=settings.held), on="threshold"
    )
    progress("measuring slices")
    links = accuracy.best_per_request(done.pairs)
    sliced = slices.recall_of_slices(slices.slices_of(requests, register, truth), links, grid)
    progress("looking at single pairs")
    bands: dict[str, float | None] = {band: getattr(done.bands, band) for band in BANDS}
    wrong = single_pairs.false_links(done.pairs, truth)
    lost = single_pairs.missed(done.pairs, truth, done.bands.possible)
    shown = single_pairs.worth_a_look(done.pairs, truth, wrong, lost)
    tables = {
        "curves": curves,
        "histogram": measures.histogram(sample, grid),
        "slices": sliced,
        "false_links": wrong,
        "missed": lost,
        "waterfalls": single_pairs.waterfall(done.pairs, done.weights, shown),
    }
    if settings.invented:
        tables["people"] = _people(requests, register, wrong, lost)
    picked = change.chosen(curves, max(done.bands.weak, LITTLE))
    return Findings(
        about=_about(done, sample, settings),
        bands=bands | {f"chosen {band}": picked[band] for band in ("strong", "possible")},
        cost=_cost(done, cost),
        privacy=privacy,
        words=[
            words.in_words(row, truths=len(truth), new=settings.new, held=settings.held)
            for _, row in curves.iterrows()
        ],
        tables=tables,
    )


def _published(done: Rehearsal) -> EvidenceModel | RefinementModel:
    """The model whose scores were measured, as published: thresholds name that."""
    if done.refinement is not None:
        return RefinementModel.published()
    return EvidenceModel.of(done.run.agreement.scheme)


def _about(done: Rehearsal, sample: measures.Sample, settings: Settings) -> dict[str, Any]:
    scheme = done.run.agreement.scheme
    return {
        "scheme": scheme.label,
        **({"warning": scheme.warning} if scheme.warning else {}),
        "scheme_digest": scheme.digest,
        "model_digest": _published(done).digest,
        "refined": done.refinement is not None,
        "run": done.run.manifest(),
        "requests": len(sample.requests),
        "registered": sample.registered,
        "true_pairs": int(sample.truths.sum()),
        "without_counterpart": int(sample.nowhere.sum()),
        "seed": settings.seed,
        "new": settings.new,
        "held": settings.held,
        "top": settings.top,
        "invented": settings.invented,
        "resamples": measures.RESAMPLES,
    }


def _cost(done: Rehearsal, report: dict[str, Any] | None) -> dict[str, Any]:
    passes = done.run.agreement.scheme.passes
    measured = report or {}
    return {
        "bytes_per_record": sum(part.output_bits for part in passes) // 8,
        "pairs_compared": done.run.pairs,
        "pairs_per_second": measured.get("pairs_per_second"),
        "seconds": measured.get("seconds"),
    }


def _people(
    requests: Records, register: Records, wrong: pd.DataFrame, lost: pd.DataFrame
) -> pd.DataFrame:
    """Say who the records in the tables are: for invented people only."""
    unlinked = lost[lost["why"] != single_pairs.LINKED]
    unlinked = unlinked.groupby("why", sort=False).head(single_pairs.SHOWN)
    wanted = {
        *wrong["request_id"], *wrong["register_id"], *wrong["counterpart"],
        *unlinked["request_id"], *unlinked["register_id"], *unlinked["first_id"],
    }  # fmt: skip
    both = pd.concat(side.table.to_pandas() for side in (requests, register))
    both = both[both["record_id"].isin(wanted)].drop_duplicates("record_id")
    texts = both[list(_PEOPLE_COLUMNS)].fillna("")
    told = [", ".join(filter(None, row)) for row in texts.itertuples(index=False, name=None)]
    frame = pd.DataFrame({"record_id": both["record_id"], "person": told})
    return frame.sort_values("record_id", ignore_index=True)


def as_cells(column: "pd.Series[Any]") -> list[Any]:
    """Give a column's cells for JSON: numbers to six decimals, null where there is none."""
    cells = column.tolist()
    return [
        (None if math.isnan(cell) else round(cell, _DECIMALS)) if isinstance(cell, float) else cell
        for cell in cells
    ]
