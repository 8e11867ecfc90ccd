"""The peers: everybody is given the same people, and what is measured is what is said."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.peers import by_recordlinkage, report, schemes, sets, unhardened
from benchmarks.peers.columns import plain_columns
from matcher.formats.scheme import DEFAULT_SCHEME, Scheme

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
SPLINK = ROOT / ".venv" / "splink" / "bin" / "python"


@pytest.fixture(scope="module")
def made() -> sets.LabelledSet:
    return sets.generated(150, 600, seed=5)


def person(**cells: str) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(sets.COLUMNS, "") | cells])


def test_names_are_romanised_and_dates_are_as_precise_as_they_were() -> None:
    row = plain_columns(
        person(
            record_id="1",
            given_name="Марія",
            family_name="Al-Khaṭīb",
            sex="F",
            birth_date="1991-02-05",
            residence="Kyïv",
            birth_place="Київ",
        )
    ).iloc[0]
    assert (row["given"], row["family"], row["sex"]) == ("mariya", "al khatib", "f")
    assert (row["year"], row["month"], row["day"], row["dob"]) == (1991, 2, 5, "1991-02-05")
    assert row["places"] == ["kiiv", "kyiv"]
    assert pd.isna(row["mother"])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"birth_date": "1991-01-01"}, (1991, None, None)),  # where no day is known
        ({"birth_date": "1991-03"}, (1991, 3, None)),
        ({"birth_date": "1991"}, (1991, None, None)),
        ({"age": "30", "age_on": "2022-07-01"}, (1991, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_no_more_of_a_date_than_is_known(
    cells: dict[str, str], expected: tuple[int | None, ...]
) -> None:
    row = plain_columns(person(record_id="1", **cells)).iloc[0]
    assert tuple(None if pd.isna(row[p]) else row[p] for p in ("year", "month", "day")) == expected
    assert row["dob"] is None


def test_the_generated_set_seeks_sought_persons_alone(made: sets.LabelledSet) -> None:
    assert set(made.requests["role"]) == {"sought"}
    assert set(made.truth["request_id"]) <= set(made.requests["record_id"])
    assert set(made.truth["register_id"]) <= set(made.register["record_id"])


def test_without_separations_all_else_is_as_it_was() -> None:
    told = sets.in_detail(150, 600, seed=5)
    untold = sets.without_separations(told)
    columns = ["last_seen_date", "last_seen_place"]
    for one, other in ((told.requests, untold.requests), (told.register, untold.register)):
        assert (one[columns] != "").any().all()
        assert (other[columns] == "").all(axis=None)
        pd.testing.assert_frame_equal(one.drop(columns=columns), other.drop(columns=columns))


def test_every_scheme_is_measured_before_and_after_refinement(
    made: sets.LabelledSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(schemes, "all_sets", lambda *_: iter([made]))
    monkeypatch.setattr(schemes, "in_detail", lambda *_: made)
    monkeypatch.setattr(schemes, "published", lambda: ("high/1", "standard/3"))
    schemes.main(tmp_path, tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert list(found["schemes"]) == ["standard/3", "high/1"]
    for measured in found["schemes"].values():
        assert list(measured) == ["tracing", "tracing, without separations"]
        before, after = (measured["tracing"][stage] for stage in ("first stage", "refined"))
        assert after["thresholds"]["best"]["f1"] > before["thresholds"]["best"]["f1"]


def test_a_set_whose_files_are_not_there_is_left_out(tmp_path: Path) -> None:
    assert [one.name for one in sets.all_sets(tmp_path, 5, 20, 1)] == ["FEBRL 4", "tracing"]


@pytest.mark.skipif(not (DATA / sets.CENSUS_FILES[0]).exists(), reason="no census here")
def test_census_and_extract_have_names_sex_and_birth_date_alone() -> None:
    census = sets.census_and_cis(DATA)
    for frame in (census.requests, census.register):
        filled = {name for name in frame if (frame[name] != "").any()}
        assert filled == {"record_id", "role", "given_name", "family_name", "sex", "birth_date"}
        assert frame["record_id"].is_unique
    assert len(census.truth) == 24_043
    assert not census.truth.duplicated().any()


def test_recordlinkage_finds_people_and_scores_each_pair_once(made: sets.LabelledSet) -> None:
    pairs = by_recordlinkage.link(plain_columns(made.requests), plain_columns(made.register))
    measured = report.figures(pairs, made.truth, {"default": 0.0}, 1.0)
    assert measured["recall_at_10"] > 0.2
    assert set(pairs["request_id"]) <= set(made.requests["record_id"])
    assert not pairs.duplicated(["request_id", "register_id"]).any()


@pytest.mark.skipif(not SPLINK.exists(), reason="make bench-peers makes its environment")
def test_splink_runs_and_keeps_the_sides_apart(tmp_path: Path) -> None:
    made = sets.generated(1_500, 8_000, seed=5)  # of fewer pairs its EM can't be trained
    files = [tmp_path / name for name in ("left", "right", "out")]
    for frame, file in zip((made.requests, made.register), files, strict=False):
        plain_columns(frame).to_parquet(file, index=False)
    script = ROOT / "benchmarks" / "peers" / "by_splink.py"
    subprocess.run([SPLINK, script, *files], check=True, capture_output=True)
    pairs = pd.read_parquet(files[-1])
    assert set(pairs["request_id"]) <= set(made.requests["record_id"])
    assert set(pairs["register_id"]) <= set(made.register["record_id"])
    assert report.figures(pairs, made.truth, {}, 1.0)["recall_at_10"] > 0.2


def test_nothing_protects_what_is_unhardened_and_its_tokens_are_the_same() -> None:
    default = Scheme.published(DEFAULT_SCHEME)
    bare = unhardened.without_protection(default)
    assert not any(part.hardening for part in bare.passes)
    for mine, theirs in zip(bare.passes, default.passes, strict=True):
        assert [a.views for a in mine.attributes] == [a.views for a in theirs.attributes]
        assert not any(attribute.salt for attribute in mine.attributes)
        assert mine.needs == theirs.needs


def test_unhardened_filters_find_people(
    made: sets.LabelledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unhardened, "TRAINED_ON", (200, 800, 7))
    bare = unhardened.Unhardened.fitted(
        unhardened.without_protection(Scheme.published(DEFAULT_SCHEME))
    )
    measured = report.figures(bare.link(made), made.truth, {}, 1.0)
    assert measured["recall_at_10"] > 0.8
    assert bare.weights[:-1].reshape(-1, 8)[:, :7].min() >= 0


def test_what_must_hold_is_held_against_what_was_measured() -> None:
    def measured(f1: float, recall: float, precision: float = 1.0) -> dict[str, object]:
        return {
            "recall_at_10": recall,
            "recall_at_1": recall,
            "seconds": 1.0,
            "thresholds": {"best": {"f1": f1, "precision": 1.0, "recall": 1.0},
                           "strong": {"precision": precision}},
        }  # fmt: skip

    systems = {
        report.PLAINTEXT: measured(0.9, 0.5),
        report.UNHARDENED: measured(0.9, 0.8),
        report.HARDENED: measured(0.7, 0.76, 0.5),
        report.REFINED: measured(0.88, 0.5, 0.98),
    }
    found = {"sets": [{"set": "one", "about": "", "systems": systems}]}
    f1, precision, recall = report.promises(found)
    assert (f1["at_least"], f1["measured"]) == (0.89, 0.88)
    assert (precision["at_least"], precision["measured"]) == (0.99, 0.98)
    assert (recall["at_least"], recall["measured"]) == (0.95, 0.95)
    json.dumps(report.promises(found))
