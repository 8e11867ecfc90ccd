"""A society's commands to the service: what they end with, and what they tell."""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cutting import TOKEN, Answer, Holding, problem, serving

from encoders.client import transport
from encoders.client.generated import Candidate
from encoders.client.results import named
from encoders.references import read_references, write_references
from matcher.cli import main
from matcher.formats.agreement import Agreement
from matcher.formats.batch import BatchHeader

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with a token and no patience; gives its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(transport, "_FIRST_WAIT", 0.0)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)

    def started(address: str, *words: str | Path, notices: tuple[str, ...] = ()) -> int:
        (tmp_path / "society.toml").write_text(
            f'service = "{address}"\ntoken_file = "token"\nnotices = {list(notices)}\n',
            encoding="utf-8",
        )
        monkeypatch.setattr(sys, "argv", ["kinmatch", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return started


class Judging(Holding):
    """A service that has judged a batch when it is asked about it."""

    verdict: tuple[str, list[str]] = ("accepted", [])

    def batch(self) -> dict[str, object]:
        """The batch; judged once it was finished."""
        told = super().batch()
        if self.state == "validating":
            told["state"], told["problems"] = self.verdict
        return told


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (("accepted", []), 0),
        (("accepted", ["Two rows are for nothing."]), 1),
        (("refused", ["The scheme is another.", "The epoch is over."]), 2),
        (("validating", []), 4),
    ],
)
def test_what_submit_ends_with(
    verdict: tuple[str, list[str]],
    status: int,
    run: Run,
    envelope: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    holding = Judging()
    holding.verdict = verdict
    with serving(holding) as address:
        assert run(address, "submit", envelope, "--wait", "--patience", "1") == status
    said = " ".join(capsys.readouterr().err.split())
    assert all(reason in said for reason in verdict[1])
    assert TOKEN not in said


def test_received_whole_is_enough_without_waiting(
    run: Run,
    envelope: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(Holding()) as address:
        assert run(address, "submit", envelope, "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "validating"


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("cut", 4),
        (problem(503, "unavailable"), 4),
        (problem(429, "quota", Retry_After="3600"), 4),
        (problem(401, "unauthenticated"), 2),
        (problem(409, "agreement"), 2),
        ((200, {}, b"{}"), 2),
    ],
)
def test_now_or_never(
    how: object,
    status: int,
    run: Run,
    envelope: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(Holding(), lambda *_: how) as address:
        assert run(address, "submit", envelope) == status
        assert run(address, "status") == status
    assert TOKEN not in capsys.readouterr().err


def test_notices_go_in_their_order_up_to_the_first_that_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / f"{number}.json" for number in range(3)]
    for path in paths:
        path.write_text("a notice")
    taken = json.dumps({"kind": "suspend", "agreement": "ab" * 16, "records": 2}).encode()
    answers = iter([(201, {}, taken), problem(409, "state")])
    with serving(Holding(), lambda *_: next(answers)) as address:
        assert run(address, "send", *paths) == 2
    said = capsys.readouterr().err
    assert "0.json: suspend, 2 records" in " ".join(said.split())
    assert "1.json" not in said


def test_notices_that_wait_go_with_the_next_contact(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {number: {"agreement_id": "ab" * 16, "number": number} for number in (3, 20, 9)}
    (tmp_path / "notices").mkdir()
    for number, document in said.items():
        path = tmp_path / "notices" / f"{number}.notice.json"
        path.write_text(json.dumps({"document": document}))
    had = {"kind": "suspend", "agreement": "ab" * 16, "number": 3, "key_epoch": None,
           "on": "2026-06-01"}  # fmt: skip
    listed = json.dumps({"items": [had]}).encode()
    taken = json.dumps({"kind": "suspend", "agreement": "ab" * 16, "records": 2}).encode()
    page = json.dumps({"items": [], "next": None}).encode()
    for refused, status in ((False, 0), (True, 2)):
        holding = Holding()

        def answered(command: str, path: str, refused: bool = refused) -> Answer:
            if path == "/v1/notices" and command == "POST":
                return problem(409, "state") if refused else (201, {}, taken)
            return 200, {}, listed if path == "/v1/notices" else page

        with serving(holding, answered) as address:
            assert run(address, "status", notices=("notices",)) == status
        posted = ["GET /v1/notices", "POST /v1/notices"]
        if refused:  # and nothing else is done before it is settled
            assert holding.requests == posted
        else:
            assert holding.requests[:3] == [*posted, "POST /v1/notices"]
            assert len(holding.requests) == 4
        told = " ".join(capsys.readouterr().err.split())
        assert "/3.notice.json" not in told
        assert "9.notice.json: was waiting" in told
    (tmp_path / "notices" / "9.notice.json").write_text("[]")
    assert run("http://127.0.0.1:9", "status", notices=("notices",)) == 2
    assert "9.notice.json" in capsys.readouterr().err


def test_nothing_says_where_the_service_is(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("", "status") == 2
    (tmp_path / "token").chmod(0o644)
    assert run("http://127.0.0.1:9", "status") == 2
    assert "chmod 600" in capsys.readouterr().err


def test_candidates_are_named_by_all_reference_files(
    draw_up: Callable[..., Agreement], tmp_path: Path
) -> None:
    agreement = draw_up()
    drawn = np.random.default_rng(1).integers(0, 256, (4, 16), dtype=np.uint8)
    known = []
    for number, rows in enumerate((drawn[:2], drawn[2:3])):
        header = BatchHeader.model_construct(
            society="red-one", agreement_id=agreement.agreement_id, key_epoch=1,
            seal="sha256:" + "1" * 64,
        )  # fmt: skip
        ids = pa.chunked_array([pa.array([f"R{number}-{row}" for row in range(len(rows))])])
        write_references(
            tmp_path / f"{number}",
            [(rows, ids, np.full(len(rows), np.datetime64("2026-06-01")))],
            header,
        )
        known.append(read_references(tmp_path / f"{number}", agreement))
    usual = {
        "agreement": agreement.agreement_id, "role": "sought", "other_role": "registered",
        "band": "weak", "score": 9.5, "kin": None, "since": "2026-06-01", "state": "open",
        "version": 1, "verdict": None, "feedback": "pending",
        "evidence": [{"pass": "name", "level": "agree", "weight": 9.5}],
    }  # fmt: skip
    levels = ({"given": "close"}, None, None, None)
    candidates = [
        Candidate.model_validate(
            usual | {"id": f"{row:032x}", "reference": drawn[row].tobytes().hex(),
                     "attributes": levels[row], "refinement": "scored" if levels[row] else None}
        )
        for row in range(4)
    ]  # fmt: skip
    random.Random(1).shuffle(candidates)  # noqa: S311 - any order
    frame = named(candidates, known).sort_values("candidate_id")
    assert frame["record_id"].tolist() == ["R0-0", "R0-1", "R1-0", ""]
    assert frame["given"].tolist() == ["close", "absent", "absent", "absent"]
    assert frame["name"].tolist() == ["agree"] * 4
    assert named([], known).empty
