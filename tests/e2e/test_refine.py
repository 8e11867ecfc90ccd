"""The second stage by the real command line: asked, answered by either society, weighed."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from command_line import PASSPHRASE, Here, kinmatch, match_words, sound_intake

from matcher.formats.agreement import Agreement
from matcher.formats.identity import Identity
from matcher.formats.letter import Letter
from matcher.formats.refinement import ANSWER_KIND

SIDES = (("seeking", "requests.csv", "sought"), ("meeting", "register.csv", "registered"))


@pytest.fixture(scope="module")
def matched(job: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and its requests."""
    folder = tmp_path_factory.mktemp("matched") / "found"
    batches = (job / "seeking.batch", job / "meeting.batch")
    ran = kinmatch(*match_words(job, *batches, out=folder), "--refine", passphrase=PASSPHRASE)
    assert ran.status == 0, ran.said
    return folder


@pytest.fixture
def asked(matched: Path, tmp_path: Path) -> Path:
    """A folder with a run and its requests, to answer them in."""
    shutil.copytree(matched, tmp_path / "found")
    return tmp_path


def refine_words(
    job: Path, folder: Path, society: str, file: str, role: str, *more: str | Path
) -> list[str | Path]:
    requests = sorted((folder / "found").glob(f"requests-{society}-*.letter"))
    assert requests
    return [
        *("refine", job / "data" / file, *requests, "--role", role),
        *("--intake", sound_intake(job / "data" / file, society)),
        *("--agreement", job / "agreement.toml", "--keys", job / "keys.json"),
        *(
            "--identity",
            job / f"{society}.identity",
            "--references",
            job / f"{society}.references",
            "--out",
            folder / "answers",
        ),
        *("--ledger", folder / f"{society}.ledger", *more),
    ]


def weigh_words(job: Path, folder: Path, *answers: Path) -> list[str | Path]:
    return [
        *("weigh", folder / "found", *answers, "--agreement", job / "agreement.toml"),
        *("--identity", job / "hub.identity", "--out", folder / "refined"),
    ]


def inside(job: Path, path: Path) -> bytes:
    """The answer in a letter, as the hub opens it."""
    sent = Letter.read(path, Agreement.read(job / "agreement.toml"))
    hub = Identity.open(job / "hub.identity", PASSPHRASE)
    return sent.open(hub, sender=sent.header.sender, holds=ANSWER_KIND).read()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_second_stage(job: Path, asked: Path, run_here: Here) -> None:
    for society, file, role in SIDES:
        ran = run_here(
            *refine_words(job, asked, society, file, role, "--yes"), passphrase=PASSPHRASE
        )
        assert ran.status == 0, ran.said
        assert "about to be released" in ran.said
        # Who the other is, is told once both confirm.
        assert ("meeting" if society == "seeking" else "seeking") not in ran.said
    answers = sorted((asked / "answers").iterdir())
    ran = run_here(*weigh_words(job, asked, *answers), passphrase=PASSPHRASE)
    assert ran.status == 0, ran.said

    truth = {row["request_id"]: row["register_id"] for row in rows_of(job / "data" / "truth.csv")}
    found = {}
    for society, *_ in SIDES:
        out = asked / f"{society}.csv"
        ran = run_here(
            *("results", asked / "refined" / f"candidates-{society}.parquet", "--out", out),
            *("--agreement", job / "agreement.toml"),
            *("--references", job / f"{society}.references"),
        )
        assert ran.status == 0, ran.said
        found[society] = rows_of(out)
        attributes = rows_of(asked / "refined" / f"attributes-{society}.csv")
        assert [row["candidate_id"] for row in attributes] == [
            row["candidate_id"] for row in found[society]
        ]
        assert {row["refined"] for row in attributes} == {"yes"}
        assert {row["given"] for row in attributes} <= {"agree", "close", "differ", "absent"}
        assert all(float(row["passes_bits"]) >= 0 for row in attributes)
        assert any(float(row["passes_bits"]) > 0 for row in attributes)
    others = {row["candidate_id"]: row["record_id"] for row in found["meeting"]}
    first: dict[str, str] = {}
    for row in found["seeking"]:
        if row["role"] == "sought" and row["other_role"] == "registered":
            first.setdefault(row["record_id"], others[row["candidate_id"]])
    right = sum(first.get(request) == register for request, register in truth.items())
    assert right > 0.7 * len(truth)


def test_a_refinement_repeats_and_requests_do_not(job: Path, asked: Path, run_here: Here) -> None:
    society, file, role = SIDES[0]
    words = refine_words(job, asked, society, file, role, "--yes", "--json")
    contents = []
    for _ in range(2):
        ran = run_here(*words, passphrase=PASSPHRASE)
        assert ran.status == 0, ran.said
        contents.append(
            {path.name: inside(job, path) for path in sorted((asked / "answers").iterdir())}
        )
    assert contents[0] == contents[1]
    told = json.loads(ran.out)
    assert told["released"] == told["requests"] > 0
    assert told["stopped"] == {}


def test_asked_too_often_is_stopped_and_told(job: Path, asked: Path, run_here: Here) -> None:
    society, file, role = SIDES[0]
    words = refine_words(job, asked, society, file, role, "--yes", "--json")
    ran = run_here(*words, "--per-record", "1", passphrase=PASSPHRASE)
    assert ran.status == 1, ran.said
    assert json.loads(ran.out)["stopped"]["probed_record"] > 0


def test_nothing_is_released_unasked(job: Path, asked: Path, run_here: Here) -> None:
    society, file, role = SIDES[0]
    ran = run_here(*refine_words(job, asked, society, file, role), passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "--yes" in ran.said
    assert not (asked / "answers").exists()
    assert not (asked / f"{society}.ledger").exists()


def test_a_withdrawn_record_is_not_released(
    job: Path, asked: Path, run_here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    society, file, role = SIDES[0]
    fewer = asked / file
    lines = (job / "data" / file).read_text(encoding="utf-8").splitlines(keepends=True)
    fewer.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    words = refine_words(job, asked, society, file, role, "--yes", "--json")
    words[1] = fewer
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 1, ran.said
    told = json.loads(ran.out)
    assert told["stopped"] == {"absent": told["requests"] - told["released"]}


def test_a_record_that_a_rule_refuses_is_not_released(
    job: Path, asked: Path, run_here: Here
) -> None:
    society, file, role = SIDES[0]
    words = refine_words(job, asked, society, file, role, "--yes", "--json")
    events = Path(words[words.index("--intake") + 1]).with_name("events.csv")
    ids = [row["record_id"] for row in rows_of(job / "data" / file)]
    day = date.today().isoformat()
    said = "".join(f"{one},{day},withdrawn,refinement\n" for one in ids[: len(ids) // 2])
    events.write_text(f"record_id,on,event,stage\n{said}", encoding="utf-8")
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 1, ran.said
    told = json.loads(ran.out)
    assert 0 < told["released"] < told["requests"]
    assert told["stopped"] == {"absent": told["requests"] - told["released"]}
    # It was said of refinement alone, so the records may still be matched.
    checked = run_here("check", job / "data" / file, "--intake", events.with_name("intake.toml"))
    assert checked.status == 0, checked.said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda job, folder: weigh_words(job, folder, job / "data" / "truth.csv"),
            "not a letter",
        ),
        (lambda job, folder: ["weigh", job / "data", *weigh_words(job, folder, folder)[2:]], "run"),
    ],
)
def test_wrong_words_are_refused(
    change: Callable[[Path, Path], list[str | Path]],
    said: str,
    job: Path,
    asked: Path,
    run_here: Here,
) -> None:
    ran = run_here(*change(job, asked), passphrase=PASSPHRASE)
    assert ran.status == 2, ran.said
    assert said in ran.said


def test_the_other_societys_references_are_refused(job: Path, asked: Path, run_here: Here) -> None:
    words = refine_words(job, asked, *SIDES[0], "--yes")
    words[words.index("--references") + 1] = job / "meeting.references"
    ran = run_here(*words, passphrase=PASSPHRASE)
    assert ran.status == 2
    assert "reference file" in ran.said
    assert not (asked / "answers").exists()
