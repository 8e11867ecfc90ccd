"""The whole way of a record, by the commands that the two societies and the linkage unit use."""

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import (
    PASSPHRASE,
    REGISTER,
    Here,
    draw_keys,
    draw_up,
    encode_words,
    match_words,
    sound_intake,
)


def told(job: Path, name: str) -> dict[str, object]:
    said: dict[str, object] = json.loads((job / f"{name}.json").read_text(encoding="utf-8"))
    return said


def test_json_is_all_that_stands_on_standard_output(job: Path) -> None:
    assert told(job, "check")["format"] == "kinmatch-check/1"
    assert told(job, "seeking")["format"] == told(job, "meeting")["format"] == "kinmatch-batch/2"
    run = told(job, "match")
    assert run["format"] == "kinmatch-run/1"
    sought = pd.read_csv(job / "data" / "requests.csv", dtype=str)["role"].eq("sought").sum()
    assert run["pairs"] == sought * REGISTER
    assert {"seconds", "pairs_per_second", "files"} <= run.keys()


def results(job: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    mine, theirs = (
        pd.read_csv(job / f"{society}.results.csv", dtype={"record_id": str})
        for society in ("seeking", "meeting")
    )
    return mine, theirs


def test_people_are_found(job: Path) -> None:
    """Only here are both sides laid together, as a test may and no society can."""
    truth = pd.read_csv(job / "data" / "truth.csv", dtype=str)
    mine, theirs = results(job)
    both = mine.merge(theirs, on="candidate_id", suffixes=("", "_other"))
    assert len(both) == len(mine) == len(theirs)
    assert (both["score"] == both["score_other"]).all()
    assert (both["band"] == both["band_other"]).all()
    pairs = set(zip(both["record_id"], both["record_id_other"], strict=True))
    true = set(zip(truth["request_id"], truth["register_id"], strict=True))
    assert len(pairs & true) > 0.5 * len(true)
    assert set(mine["role"]) == {"sought"}
    assert set(theirs["role"]) == {"registered"}


def test_each_result_names_records_of_its_society_alone(job: Path) -> None:
    mine, theirs = results(job)
    requests, register = (
        pd.read_csv(job / "data" / name, dtype=str)["record_id"]
        for name in ("requests.csv", "register.csv")
    )
    assert set(mine["record_id"]) <= set(requests)
    assert set(theirs["record_id"]) <= set(register)
    assert mine["score"].is_monotonic_decreasing
    assert mine.groupby("record_id").size().max() <= 10
    assert list(mine.columns[6:]) == list(theirs.columns[6:])
    assert set(mine[mine.columns[6:]].to_numpy().ravel()) <= {"agree", "close", "differ", "absent"}


def test_nothing_half_written_is_left(job: Path) -> None:
    files = {str(path.relative_to(job)) for path in job.rglob("*") if path.is_file()}
    assert files == {
        "agreement.toml", "terms.toml", "keys.json", "ledger", "ledger.lock",
        "seeking.identity", "meeting.identity", "hub.identity",
        "seeking.public", "meeting.public", "hub.public",
        "data/requests.csv", "data/register.csv", "data/truth.csv",
        "seeking.batch", "seeking.references", "meeting.batch", "meeting.references",
        "found/candidates-seeking.parquet", "found/candidates-seeking.csv",
        "found/candidates-meeting.parquet", "found/candidates-meeting.csv", "found/run.json",
        "seeking.results.csv", "meeting.results.csv",
        "check.json", "seeking.json", "meeting.json", "match.json",
    }  # fmt: skip


@pytest.mark.parametrize("threads", ["1", "2"])
def test_matching_again_gives_the_same_bytes(
    job: Path, tmp_path: Path, run_here: Here, threads: str
) -> None:
    ran = run_here(
        *match_words(
            job, job / "seeking.batch", job / "meeting.batch", out=tmp_path / "new" / "er"
        ),
        *("--threads", threads),
        passphrase=PASSPHRASE,
    )
    assert ran.status == 0, ran.said
    for path in (job / "found").iterdir():
        assert (tmp_path / "new" / "er" / path.name).read_bytes() == path.read_bytes()


def test_encoding_again_gives_another_batch_under_fresh_references(
    job: Path, tmp_path: Path, run_here: Here
) -> None:
    words = encode_words(
        job / "data" / "requests.csv", job, out=tmp_path / "b", references=tmp_path / "r"
    )
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 0, ran.said
    assert (tmp_path / "b").read_bytes() != (job / "seeking.batch").read_bytes()
    # And its candidates can't be named by the references of the first.
    run_here(
        *match_words(job, tmp_path / "b", job / "meeting.batch", out=tmp_path / "found"),
        passphrase=PASSPHRASE,
    )
    ran = run_here(
        *("results", tmp_path / "found" / "candidates-seeking.parquet"),
        *("--references", job / "seeking.references", "--out", tmp_path / "none.csv"),
        *("--agreement", job / "agreement.toml"),
    )
    assert ran.status == 2
    assert "are not of the batch" in ran.said
    assert not (tmp_path / "none.csv").exists()


def test_an_expired_agreement(job: Path, tmp_path: Path, run_here: Here) -> None:
    """Nothing is encoded under it, so nothing can be sent."""
    draw_up(run_here, tmp_path, valid_until="2020-12-31")
    draw_keys(run_here, tmp_path)
    words = encode_words(job / "data" / "requests.csv", tmp_path, "seeking")
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "[corridor.open]" in ran.said
    assert not (tmp_path / "seeking.batch").exists()


@pytest.mark.parametrize("command", ["match", "results", "encode"])
def test_what_belongs_to_another_agreement_is_refused_with_both_values(
    job: Path, tmp_path: Path, run_here: Here, command: str
) -> None:
    draw_up(run_here, tmp_path)
    ids = [
        line.split('"')[1]
        for path in (job, tmp_path)
        for line in (path / "agreement.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("agreement_id")
    ]
    other = ("--agreement", tmp_path / "agreement.toml")
    words: dict[str, list[str | Path]] = {
        "match": [
            *("match", job / "seeking.batch", job / "meeting.batch", "--out", tmp_path / "out"),
            *("--identity", job / "hub.identity", "--ledger", tmp_path / "ledger"),
        ],
        "results": [
            *("results", job / "found" / "candidates-seeking.parquet"),
            *("--references", job / "seeking.references", "--out", tmp_path / "out"),
        ],
        "encode": [
            *("encode", job / "data" / "requests.csv", "--keys", job / "keys.json"),
            *("--identity", job / "seeking.identity"),
            *("--intake", sound_intake(job / "data" / "requests.csv", "seeking")),
            *("--out", tmp_path / "out", "--references", tmp_path / "r"),
        ],
    }
    passphrase = None if command == "results" else PASSPHRASE
    ran = run_here(*words[command], *other, passphrase=passphrase)
    assert ran.status == 2
    assert all(value in ran.said for value in ids)
    assert not (tmp_path / "out").is_file()
    assert not list(tmp_path.glob(".*"))


def test_agreement_and_keys_are_never_written_over(job: Path, run_here: Here) -> None:
    before = [(job / name).read_bytes() for name in ("agreement.toml", "keys.json")]
    ran = run_here("keys", "new", job / "agreement.toml", "--out", job / "keys.json",
                   passphrase=PASSPHRASE)  # fmt: skip
    assert ran.status == 2
    with pytest.raises(AssertionError, match="is there already"):
        draw_up(run_here, job)
    assert [(job / name).read_bytes() for name in ("agreement.toml", "keys.json")] == before


def test_results_of_a_file_for_a_program(job: Path, run_here: Here) -> None:
    told = run_here(
        *("results", job / "found" / "candidates-seeking.parquet", "--json"),
        *("--agreement", job / "agreement.toml", "--references", job / "seeking.references"),
    )
    assert told.status == 0, told.said
    written = (job / "seeking.results.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [(one["candidate_id"], one["record_id"]) for one in json.loads(told.out)] == [
        tuple(line.split(",")[:2]) for line in written
    ]
    assert written
