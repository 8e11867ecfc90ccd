"""A rehearsal: the real steps, on one machine, that repeat to the byte and leave nothing behind."""

import csv
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import accuracy
from benchmarks.rehearsal import Rehearsal, default_agreement, rehearse, write_pairs
from datasets import tracing
from encoders.keys import Keys
from encoders.records import Records
from matcher.formats.errors import OutputError, ParameterError
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme
from matcher.formats.vocabulary import BANDS

REQUESTS, REGISTER = 150, 600


@pytest.fixture(scope="module")
def made() -> tracing.TracingSet:
    return tracing.generate(REQUESTS, REGISTER, seed=3)


@pytest.fixture(scope="module")
def sides(made: tracing.TracingSet) -> tuple[Records, Records]:
    return (
        Records.from_frame(made.requests, role="sought"),
        Records.from_frame(made.register, role="registered"),
    )


@pytest.fixture(scope="module")
def done(sides: tuple[Records, Records]) -> Rehearsal:
    return rehearse(*sides)


def test_pairs_are_named_and_in_order(done: Rehearsal, made: tracing.TracingSet) -> None:
    pairs = done.pairs
    assert list(pairs.columns) == ["request_id", "register_id", "role", "score", "band"]
    sought = made.requests.loc[made.requests["role"] == "sought", "record_id"]
    assert set(pairs["request_id"]) <= set(sought)
    assert set(pairs["register_id"]) <= set(made.register["record_id"])
    assert np.isfinite(pairs["score"]).all()
    order = list(zip(-pairs["score"], pairs["request_id"], pairs["register_id"], strict=True))
    assert order == sorted(order)
    assert not pairs.duplicated(["request_id", "register_id"]).any()
    assert pairs.groupby("request_id").size().max() <= 10
    ranks = [BANDS.index(band) for band in pairs["band"]]
    assert ranks == sorted(ranks)


def test_people_are_found(done: Rehearsal, made: tracing.TracingSet) -> None:
    """Not how well, which is measured elsewhere: only that the way of a record is whole."""
    assert accuracy.recall_at(done.pairs, made.truth, 10) > 0.5
    strong = done.pairs[done.pairs["band"] == "strong"]
    figures = accuracy.at_threshold(strong, made.truth, 0.0)
    assert figures.precision > 0.9


def test_a_rehearsal_repeats_to_the_byte(
    done: Rehearsal, sides: tuple[Records, Records], tmp_path: Path
) -> None:
    for name, threads in (("one", 1), ("two", 2)):
        again = rehearse(*sides, threads=threads)
        assert again.run.manifest() == done.run.manifest()
        write_pairs(again.pairs, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_another_seed_or_another_record_has_other_keys(
    done: Rehearsal, sides: tuple[Records, Records]
) -> None:
    seals = [{batch.header.seal for batch in done.run.batches}]
    requests, register = sides
    fewer = register.take(range(len(register) - 1))
    for other in (rehearse(*sides, seed=1), rehearse(requests, fewer)):
        seals.append({batch.header.seal for batch in other.run.batches})
        # Who was found by good evidence is found by these keys too, at about the score.
        both = done.pairs.merge(other.pairs, on=["request_id", "register_id"])
        strong = both[both["band_x"] == "strong"]
        assert len(strong) > 4
        assert (strong["score_x"] - strong["score_y"]).abs().mean() < 5
        assert not (strong["score_x"] == strong["score_y"]).all()
    assert len(set.union(*seals)) == 6


def test_fewer_candidates_are_the_first_of_more(
    sides: tuple[Records, Records],
) -> None:
    first = rehearse(*sides, top=1, refine=False).pairs
    more = rehearse(*sides, refine=False).pairs
    expected = more.drop_duplicates("request_id").set_index("request_id")
    assert first["request_id"].is_unique
    assert set(first["request_id"]) == set(expected.index)
    scores = first.set_index("request_id")["score"]
    assert (scores == expected.loc[scores.index, "score"]).all()


def test_nothing_stays_on_the_disk(
    sides: tuple[Records, Records], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Keys, "seal", lambda *_: pytest.fail("throwaway keys were written"))
    seen: list[str] = []

    def look(_: str) -> None:
        seen.extend(path.name for path in tmp_path.rglob("*") if path.is_file())

    rehearse(*(side.take(range(40)) for side in sides), progress=look)
    assert {"requests.parquet", "register.parquet"} <= set(seen)
    assert not any("key" in name for name in seen)
    assert not list(tmp_path.iterdir())


def test_nothing_stays_on_the_disk_when_it_fails(
    sides: tuple[Records, Records], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fail(step: str) -> None:
        if step.startswith("comparing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehearse(*(side.take(range(40)) for side in sides), progress=fail)
    assert not list(tmp_path.iterdir())


def test_the_report_measures_against_the_truth(done: Rehearsal, made: tracing.TracingSet) -> None:
    report = json.loads(json.dumps(done.report(made.truth)))
    assert report["register"] == REGISTER
    assert report["requests"] == int((made.requests["role"] == "sought").sum())
    assert report["run"]["pairs"] == report["requests"] * REGISTER
    assert sum(report["candidates"].values()) == len(done.pairs)
    assert report["accuracy"]["truth"] == len(made.truth)
    links = accuracy.best_per_request(done.pairs)
    for band in BANDS:
        least = getattr(done.bands, band)
        told = report["accuracy"]["thresholds"][band]
        assert told["threshold"] == least
        assert told["f1"] == round(accuracy.at_threshold(links, made.truth, least).f1, 4)
    best = report["accuracy"]["thresholds"]["best"]["f1"]
    assert best >= max(report["accuracy"]["thresholds"][band]["f1"] for band in BANDS)
    assert "accuracy" not in done.report()


def test_no_candidates_are_a_result_too(tmp_path: Path) -> None:
    requests = Records.from_rows([{"record_id": "1", "given_name": "Ana"}], role="sought")
    register = Records.from_rows([{"record_id": "2", "given_name": "Roksolana"}], role="registered")
    done = rehearse(requests, register)
    assert len(done.pairs) == 0
    truth = pd.DataFrame({"request_id": ["1"], "register_id": ["2"]})
    assert done.report(truth)["accuracy"]["recall_at_10"] == 0.0
    write_pairs(done.pairs, tmp_path / "pairs.csv")
    with (tmp_path / "pairs.csv").open(newline="") as file:
        header = ["request_id", "register_id", "role", "score", "band"]
        assert list(csv.reader(file)) == [header]


def test_a_folder_that_is_not_there(done: Rehearsal, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_pairs(done.pairs, tmp_path / "none" / "pairs.csv")


def test_the_default_agreement_has_the_default_scheme() -> None:
    assert default_agreement().scheme == Scheme.published(DEFAULT_SCHEME)
    assert default_agreement() == default_agreement()


def test_people_who_seek_each_other_are_found_by_their_kin() -> None:
    made = tracing.with_reciprocal(1500, 300, seed=6, reciprocal=1500)
    sides = (
        Records.from_frame(made.requests, role="sought"),
        Records.from_frame(made.register, role="registered"),
    )
    done = rehearse(*sides, refine=False)
    assert set(done.pairs["role"]) == {"registered", "enquirer", "sought"}
    told = done.report(made.truth)["seeking_each_other"]
    assert told["0.95"]["with_kin"] > told["0.95"]["without_kin"] + 0.1


def test_keys_are_wiped_when_a_step_fails(
    sides: tuple[Records, Records], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Keys] = []

    def encode(_records: Records, _agreement: object, keys: Keys) -> None:
        kept.append(keys)
        raise OutputError("no room")

    monkeypatch.setattr("benchmarks.rehearsal.encode", encode)
    with pytest.raises(OutputError, match="no room"):
        rehearse(*sides)
    with pytest.raises(ParameterError, match="wiped"):
        kept[0].derive("bits")
