"""A society's list of candidates as a file: what is written is read, and nothing else is."""

import csv
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from matcher.formats.agreement import Agreement
from matcher.formats.candidates import CandidateList, read_candidates, write_candidates
from matcher.formats.errors import InputError, IntegrityError, MismatchError, OutputError
from matcher.formats.vocabulary import BANDS, LEVELS, ROLES

DrawUp = Callable[..., Agreement]
FIELDS = (
    "identifiers",
    "references",
    "roles",
    "other_roles",
    "scores",
    "bands",
    "kin_levels",
    "kin_weights",
)


def some_candidates(count: int, seed: int = 0) -> CandidateList:
    rng = np.random.default_rng(seed)
    return CandidateList(
        identifiers=rng.integers(0, 256, (count, 16), dtype=np.uint8),
        references=rng.integers(0, 256, (count, 16), dtype=np.uint8),
        roles=rng.integers(0, len(ROLES), count).astype(np.int8),
        other_roles=rng.integers(0, len(ROLES), count).astype(np.int8),
        scores=np.sort(np.round(rng.normal(10, 5, count), 1))[::-1].copy(),
        bands=rng.integers(0, len(BANDS), count).astype(np.int8),
        levels={p: rng.integers(0, len(LEVELS), count).astype(np.int8) for p in ("one", "two")},
        weights={p: rng.normal(0, 3, count) for p in ("one", "two")},
        kin_levels=rng.integers(0, len(LEVELS), count).astype(np.int8),
        kin_weights=rng.normal(0, 3, count),
    )


def assert_equal(one: CandidateList, other: CandidateList) -> None:
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    for field in ("levels", "weights"):
        mine, theirs = getattr(one, field), getattr(other, field)
        assert list(mine) == list(theirs)
        for name in mine:
            np.testing.assert_array_equal(mine[name], theirs[name])


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, draw_up: DrawUp) -> Write:
    def written(candidates: CandidateList, name: str = "mine") -> Path:
        path = tmp_path / f"{name}.parquet"
        write_candidates(
            path, candidates, society="red-one", agreement=draw_up(), run="sha256:" + "0" * 64
        )
        return path

    return written


@pytest.mark.parametrize("count", [0, 1, 300])
def test_what_is_written_is_read(write: Write, draw_up: DrawUp, count: int) -> None:
    candidates = some_candidates(count)
    read = read_candidates(write(candidates), agreement=draw_up())
    assert len(read) == count
    assert_equal(read, candidates)


def test_more_than_one_group_of_rows(
    write: Write, draw_up: DrawUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.formats.candidates._GROUP_ROWS", 7)
    candidates = some_candidates(30)
    assert_equal(read_candidates(write(candidates), agreement=draw_up()), candidates)


def test_the_csv_says_the_same_in_words(write: Write) -> None:
    candidates = some_candidates(20)
    with write(candidates).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    for i, row in enumerate(rows):
        assert row == {
            "candidate_id": candidates.identifiers[i].tobytes().hex(),
            "reference": candidates.references[i].tobytes().hex(),
            "role": ROLES[candidates.roles[i]],
            "other_role": ROLES[candidates.other_roles[i]],
            "score": f"{candidates.scores[i]:.3f}",
            "band": BANDS[candidates.bands[i]],
            "one": LEVELS[candidates.levels["one"][i]],
            "two": LEVELS[candidates.levels["two"][i]],
            "kin": LEVELS[candidates.kin_levels[i]],
        }


def test_same_candidates_same_bytes(write: Write) -> None:
    one, two = write(some_candidates(50), "one"), write(some_candidates(50), "two")
    assert one.read_bytes() == two.read_bytes()
    assert one.with_suffix(".csv").read_bytes() == two.with_suffix(".csv").read_bytes()
    assert one.read_bytes() != write(some_candidates(50, seed=1), "other").read_bytes()


def test_every_altered_byte_is_noticed(write: Write, draw_up: DrawUp) -> None:
    path = write(some_candidates(40))
    content = path.read_bytes()
    for at in range(0, len(content), 11):
        altered = bytearray(content)
        altered[at] ^= 1
        path.write_bytes(altered)
        with pytest.raises((IntegrityError, InputError)):
            read_candidates(path, agreement=draw_up())


@pytest.mark.parametrize("kept", [0, 3, 100, -1])
def test_a_file_cut_short(write: Write, draw_up: DrawUp, kept: int) -> None:
    path = write(some_candidates(40))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises((IntegrityError, InputError)):
        read_candidates(path, agreement=draw_up())


def test_no_such_file(tmp_path: Path, draw_up: DrawUp) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_candidates(tmp_path / "none.parquet", agreement=draw_up())


def test_another_agreement_is_refused_with_both_values(write: Write, draw_up: DrawUp) -> None:
    with pytest.raises(MismatchError) as caught:
        read_candidates(write(some_candidates(3)), agreement=draw_up(agreement_id="cd" * 16))
    assert "ab" * 16 in str(caught.value)
    assert "cd" * 16 in str(caught.value)


@pytest.mark.parametrize(
    ("field", "code"), [("roles", len(ROLES)), ("bands", len(BANDS)), ("bands", -1)]
)
def test_an_unknown_code_is_refused(
    write: Write, draw_up: DrawUp, monkeypatch: pytest.MonkeyPatch, field: str, code: int
) -> None:
    """No list of ours holds one, but who can write a file can write its seal."""
    monkeypatch.setattr("matcher.formats.candidates._write_csv", lambda *_: None)
    candidates = some_candidates(3)
    getattr(candidates, field)[1] = code
    with pytest.raises(IntegrityError):
        read_candidates(write(candidates), agreement=draw_up())


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_both_files_are_for_their_owner_alone(write: Write) -> None:
    path = write(some_candidates(3))
    for file in (path, path.with_suffix(".csv")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, draw_up: DrawUp) -> None:
    with pytest.raises(OutputError):
        write_candidates(
            tmp_path / "none" / "mine.parquet",
            some_candidates(3),
            society="red-one",
            agreement=draw_up(),
            run="sha256:" + "0" * 64,
        )
    assert not list(tmp_path.iterdir())


def test_joined_lists_keep_the_order_of_equal_scores() -> None:
    parts = [some_candidates(30, seed) for seed in range(3)]
    joined = CandidateList.joined(parts)
    rows = [
        (-score, part, row)
        for part, candidates in enumerate(parts)
        for row, score in enumerate(candidates.scores.tolist())
    ]
    expected = [parts[part].references[row] for _, part, row in sorted(rows)]
    np.testing.assert_array_equal(joined.references, np.array(expected))
    weights = [parts[part].weights["two"][row] for _, part, row in sorted(rows)]
    np.testing.assert_array_equal(joined.weights["two"], np.array(weights))
