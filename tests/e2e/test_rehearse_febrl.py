"""FEBRL 4 the whole way, at its real size, by the command that an analyst uses."""

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import Here, Ran, kinmatch

from benchmarks import accuracy

PEOPLE = 5_000
SECONDS = 90  # it takes a tenth of that on an idle machine; builds share theirs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("febrl")


@pytest.fixture(scope="module")
def rehearsed(folder: Path) -> Ran:
    made = kinmatch("dataset", "febrl4", "--out", folder)
    assert made.status == 0, made.said
    ran = kinmatch(
        *("rehearse", "--requests", folder / "requests.csv"),
        *("--register", folder / "register.csv", "--truth", folder / "truth.csv"),
        *("--out", folder / "pairs.csv", "--json", folder / "report.json", "--no-refine"),
    )
    assert ran.status == 0, ran.said
    return ran


def pairs_of(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "pairs.csv", dtype={"request_id": str, "register_id": str})


def test_the_best_candidates_are_right(folder: Path, rehearsed: Ran) -> None:
    truth = pd.read_csv(folder / "truth.csv", dtype=str)
    links = accuracy.best_per_request(pairs_of(folder))
    all_listed = accuracy.at_threshold(links, truth, float("-inf"))
    assert all_listed.truths == PEOPLE
    assert all_listed.f1 >= 0.99
    assert accuracy.at_threshold(links, truth, 0.0).f1 >= 0.99  # the threshold of a candidate
    told = json.loads((folder / "report.json").read_text())["accuracy"]["thresholds"]
    assert told["weak"]["f1"] == round(accuracy.at_threshold(links, truth, 0.0).f1, 4)


def test_pairs_are_what_the_command_promises(folder: Path, rehearsed: Ran) -> None:
    pairs = pairs_of(folder)
    assert list(pairs.columns) == ["request_id", "register_id", "role", "score", "band"]
    assert pairs["score"].notna().all()
    assert pairs["score"].is_monotonic_decreasing
    assert set(pairs["band"]) <= {"strong", "possible", "weak"}
    assert pairs.groupby("request_id").size().max() <= 10
    assert "precision" in rehearsed.said


def test_it_takes_seconds(folder: Path, rehearsed: Ran) -> None:
    report = json.loads((folder / "report.json").read_text())
    assert report["run"]["pairs"] > 0.999 * PEOPLE**2  # some have no name at all, and are left out
    assert sum(report["seconds"].values()) < SECONDS


def test_again_with_other_threads_gives_the_same_bytes(
    folder: Path, rehearsed: Ran, tmp_path: Path, run_here: Here
) -> None:
    for threads in ("1", "2"):
        ran = run_here(
            *("rehearse", "--requests", folder / "requests.csv"),
            *("--register", folder / "register.csv", "--threads", threads),
            *("--out", tmp_path / "pairs.csv", "--no-refine"),
        )
        assert ran.status == 0, ran.said
        assert (tmp_path / "pairs.csv").read_bytes() == (folder / "pairs.csv").read_bytes()


def test_fewer_candidates_and_another_seed(
    folder: Path, rehearsed: Ran, tmp_path: Path, run_here: Here
) -> None:
    """Another seed is another key: other bits, near enough the same people."""
    truth = pd.read_csv(folder / "truth.csv", dtype=str)
    ran = run_here(
        *("rehearse", "--requests", folder / "requests.csv", "--top", "1", "--seed", "1"),
        *("--register", folder / "register.csv", "--out", tmp_path / "pairs.csv", "--no-refine"),
    )
    assert ran.status == 0, ran.said
    first = pairs_of(tmp_path)
    assert first["request_id"].is_unique
    own = pairs_of(folder).drop_duplicates("request_id", ignore_index=True)
    assert not first["score"].equals(own["score"])
    assert accuracy.at_threshold(first, truth, 0.0).f1 >= 0.99


def test_refinement_keeps_nearly_all(folder: Path, tmp_path: Path, run_here: Here) -> None:
    """Refinement's weights come from tracing data; on FEBRL's slips they cost a little."""
    truth = pd.read_csv(folder / "truth.csv", dtype=str)
    ran = run_here(
        *("rehearse", "--requests", folder / "requests.csv", "--out", tmp_path / "pairs.csv"),
        *("--register", folder / "register.csv"),
    )
    assert ran.status == 0, ran.said
    links = accuracy.best_per_request(pairs_of(tmp_path))
    assert accuracy.at_threshold(links, truth, 0.0).f1 >= 0.98
