"""What is wrong with input ends in a sentence, an exit status, and nothing half-written."""

import errno
import json
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command_line import (
    OFFICE,
    PASSPHRASE,
    Here,
    encode_words,
    kinmatch,
    match_words,
    new_identity,
)

HEADER = "record_id,given_name,family_name,birth_date\n"
GOOD = "1,Amina,Yusuf,1990-02-05\n"


@pytest.fixture
def office(job: Path, tmp_path: Path) -> Path:
    """A folder with the agreement and keys of the job and nothing else."""
    for name in OFFICE:
        shutil.copy(job / name, tmp_path / name)
    return tmp_path


def files(folder: Path) -> set[str]:
    """All files but the ledger, in which stays what was accepted before a command failed."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in found if not path.name.startswith("ledger")}


def write(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def whole_and_cut(folder: Path) -> bytes:
    frame = pd.DataFrame({"record_id": ["1", "2"], "given_name": ["Amina", "Omar"]})
    frame.to_parquet(folder / "whole.parquet")
    content = (folder / "whole.parquet").read_bytes()
    (folder / "whole.parquet").unlink()
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("name", "make", "status"),
    [
        ("empty.csv", lambda _: b"", 2),
        ("empty.parquet", lambda _: b"", 2),
        ("header.csv", lambda _: HEADER.encode(), 2),
        ("nameless.csv", lambda _: (HEADER + "1,,,1990-02-05\n2,,,\n").encode(), 1),
        ("cut.parquet", whole_and_cut, 2),
        ("columns.csv", lambda _: b"record_id,given_name,shoe_size\n1,Amina,clogs\n", 2),
        ("nulls.csv", lambda _: bytes(100), 2),
    ],
)
def test_a_file_with_nothing_to_use_gives_no_batch(
    office: Path, run_here: Here, name: str, make: Callable[[Path], bytes], status: int
) -> None:
    source = write(office, make(office), name)
    before = files(office)
    checked = run_here("check", source)
    assert checked.status == status, checked.said
    assert checked.said
    encoded = run_here(*encode_words(source, office), passphrase=PASSPHRASE)
    assert encoded.status == 2, encoded.said
    assert "kinmatch: " in encoded.err
    assert "clogs" not in encoded.said
    other = write(office, HEADER + GOOD, "other.csv")
    rehearsed = run_here(
        "rehearse", "--requests", source, "--register", other, "--out", office / "pairs.csv"
    )
    assert rehearsed.status == 2, rehearsed.said
    assert files(office) == before | {"other.csv"}


@pytest.mark.parametrize(
    ("rows", "rule", "left_out"),
    [
        ("2,Omar,Aziz,2003-02-31\n", "date_impossible", 0),
        (f"2,{'Omar' * 2_500},Aziz,\n", "name_too_long", 1),
        ("2,Om\0ar,Aziz,\n", "control_characters", 0),
        ("2,\u200fOmar\u202e,Aziz,\n", "invisible_characters", 0),
        ("1,Omar,Aziz,\n", "record_id_repeated", 1),
    ],
    ids=["31 February", "10,000 characters", "null byte", "right-to-left marks", "one id twice"],
)
def test_a_bad_row_is_reported_and_the_others_are_encoded(
    office: Path, run_here: Here, rows: str, rule: str, left_out: int
) -> None:
    source = write(office, HEADER + GOOD + rows)
    checked = run_here("check", source, "--json")
    report = json.loads(checked.out)
    assert [finding["rule"] for finding in report["findings"]] == [rule]
    assert report["findings"][0]["rows"] == [3]
    assert report["left_out"] == left_out
    assert checked.status == (1 if left_out else 0)
    assert rule in run_here("check", source).said
    encoded = run_here(*encode_words(source, office), "--json", passphrase=PASSPHRASE)
    assert encoded.status == checked.status
    assert json.loads(encoded.out)["counts"]["rows"] == 2 - left_out
    for said in (checked.said, encoded.said):
        assert not any(value in said for value in ("Omar", "Aziz", "Amina", "2003"))


def test_no_such_file(office: Path, run_here: Here) -> None:
    ran = run_here("check", office / "none.csv")
    assert ran.status == 2
    assert "none.csv" in ran.said


@pytest.mark.parametrize("passphrase", ["wrong horse", "", PASSPHRASE + " "])
def test_a_wrong_passphrase(office: Path, run_here: Here, passphrase: str) -> None:
    source = write(office, HEADER + GOOD)
    before = files(office)
    ran = run_here(*encode_words(source, office), passphrase=passphrase)
    assert ran.status == 2
    assert "passphrase is wrong" in ran.said
    assert "horse" not in ran.said
    assert files(office) == before


def test_no_terminal_to_ask_for_a_passphrase(office: Path, run_here: Here) -> None:
    ran = run_here(*encode_words(write(office, HEADER + GOOD), office))
    assert ran.status == 2
    assert "--passphrase-fd" in ran.said


def test_a_descriptor_that_is_not_open(office: Path, run_here: Here) -> None:
    source = write(office, HEADER + GOOD)
    ran = run_here(*encode_words(source, office), "--passphrase-fd", "999")
    assert ran.status == 2
    assert "file descriptor" in ran.said


def test_a_society_that_is_no_party(office: Path, run_here: Here) -> None:
    source = write(office, HEADER + GOOD)
    new_identity(run_here, office, "stranger")
    before = files(office)
    ran = run_here(*encode_words(source, office, "stranger"), passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "not a party" in ran.said
    assert files(office) == before


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 0.99, 1.0])
def test_a_batch_altered_by_one_byte(job: Path, office: Path, run_here: Here, place: float) -> None:
    altered = bytearray((job / "seeking.batch").read_bytes())
    altered[int(place * (len(altered) - 1))] ^= 1
    batch = write(office, bytes(altered), "seeking.batch")
    before = files(office)
    ran = run_here(*match_words(office, batch, job / "meeting.batch"), passphrase=PASSPHRASE)
    assert ran.status == 2, ran.said
    assert "seeking.batch" in ran.said
    assert files(office) == before


def test_a_batch_cut_short(job: Path, office: Path, run_here: Here) -> None:
    batch = write(office, (job / "seeking.batch").read_bytes()[:-1000], "seeking.batch")
    ran = run_here(*match_words(office, batch, job / "meeting.batch"), passphrase=PASSPHRASE)
    assert ran.status == 2
    assert not (office / "found").exists()


def test_altered_candidates_and_references(job: Path, office: Path, run_here: Here) -> None:
    sources = {
        "candidates": job / "found" / "candidates-seeking.parquet",
        "references": job / "seeking.references",
    }
    for spoiled in sources:
        given = {}
        for name, source in sources.items():
            content = bytearray(source.read_bytes())
            content[len(content) // 2] ^= name == spoiled
            given[name] = write(office, bytes(content), name)
        ran = run_here(
            *("results", given["candidates"], "--references", given["references"]),
            *("--agreement", office / "agreement.toml", "--out", office / "results.csv"),
        )
        assert ran.status == 2, ran.said
        assert not (office / "results.csv").exists()


def test_batches_of_one_society_alone(job: Path, office: Path, run_here: Here) -> None:
    ran = run_here(*match_words(office, job / "seeking.batch"), passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "two societies" in ran.said


def test_truth_that_is_no_truth(office: Path, run_here: Here) -> None:
    source = write(office, HEADER + GOOD)
    ran = run_here(
        *("rehearse", "--requests", source, "--register", source, "--truth", source),
        *("--out", office / "pairs.csv"),
    )
    assert ran.status == 2
    assert "request_id and register_id" in ran.said
    assert not (office / "pairs.csv").exists()


@pytest.mark.parametrize("words", [["sing"], ["encode"], ["match", "--top", "0"], ["dataset", "x"]])
def test_a_command_that_is_none(run_here: Here, words: list[str]) -> None:
    assert run_here(*words).status == 2


# A disk that fills up: no file may grow beyond a limit, as no file can on a full disk.


def limited(limit: int) -> Callable[[], None]:
    def limit_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return limit_files


def full_disk_words(command: str, job: Path, office: Path) -> list[str | Path]:
    agreement = ("--agreement", office / "agreement.toml")
    if command == "encode":
        return encode_words(job / "data" / "requests.csv", office)
    if command == "match":
        return match_words(office, job / "seeking.batch", job / "meeting.batch")
    if command == "results":
        candidates = job / "found" / "candidates-seeking.parquet"
        references = ("--references", job / "seeking.references")
        return ["results", candidates, *references, *agreement, "--out", office / "results.csv"]
    sides = ("--requests", job / "data/requests.csv", "--register", job / "data/register.csv")
    return ["rehearse", *sides, "--out", office / "pairs.csv"]


@pytest.mark.parametrize("command", ["encode", "match", "results", "rehearse"])
def test_a_full_disk_leaves_nothing_behind(
    job: Path, office: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(office))
    before = files(office)
    words = full_disk_words(command, job, office)
    passphrase = PASSPHRASE if command in ("encode", "match") else None
    ran = kinmatch(*words, passphrase=passphrase, before=limited(600))
    assert ran.status == 2, ran.said
    assert "can't be written" in ran.said
    assert "Traceback" not in ran.said
    assert files(office) == before


def test_a_full_disk_outside_our_own_files(
    office: Path, run_here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as where numba keeps what it compiled."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("matcher.cli.society.Encoding", fail)
    ran = run_here(*encode_words(write(office, HEADER + GOOD), office), passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "can't be written (No space left on device); make room" in ran.said
