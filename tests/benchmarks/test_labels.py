"""Labels: kept at once, taken up again, taken back, and two readers compared."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from benchmarks.tuning.labels import ANSWERS, Label, Session, agreements, read_labels
from matcher.formats.errors import InputError, ParameterError

PAIRS = [(f"T{i}", f"G{i}") for i in range(8)]


def test_the_order_says_nothing_of_the_file_and_is_the_same_for_all(tmp_path: Path) -> None:
    shuffled = random.Random(1).sample(PAIRS, len(PAIRS))  # noqa: S311 - no secret
    one = Session(PAIRS, tmp_path / "labels", "ann", 1)
    other = Session(shuffled, tmp_path / "labels", "bob", 1)
    assert one.remaining == other.remaining
    assert sorted(one.remaining) == PAIRS
    assert one.remaining != PAIRS
    assert Session(PAIRS, tmp_path / "labels", "ann", 2).remaining != one.remaining


def test_work_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    session = Session(PAIRS, path, "ann", 0)
    first, second, third = session.remaining[:3]
    session.answer("same")
    session.answer("unsure")
    again = Session(PAIRS, path, "ann", 0)
    assert (again.done, again.remaining[0]) == (2, third)
    assert read_labels(path) == [Label(*first, "ann", "same"), Label(*second, "ann", "unsure")]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["format"] for line in lines} == {"kinmatch-label/1"}
    assert path.stat().st_mode & 0o077 == 0


def test_undo_takes_back_ones_own_last_label_alone(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    ann = Session(PAIRS, path, "ann", 0)
    first = ann.remaining[0]
    ann.answer("same")
    bob = Session(PAIRS, path, "bob", 0)
    bob.answer("different")
    ann = Session(PAIRS, path, "ann", 0)
    assert ann.undo()
    assert ann.remaining[0] == first
    assert read_labels(path) == [Label(*first, "bob", "different")]
    assert not ann.undo()


def test_labels_of_other_pairs_are_kept_and_not_undone(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    earlier = Session([("x", "y")], path, "ann", 0)
    earlier.answer("same")
    session = Session(PAIRS, path, "ann", 0)
    assert session.done == 0
    assert not session.undo()
    session.answer("same")
    assert len(read_labels(path)) == 2


def test_wrong_answers_and_nameless_readers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="same"):
        Session(PAIRS, tmp_path / "labels", "ann", 0).answer("yes")
    with pytest.raises(ParameterError, match="--reader"):
        Session(PAIRS, tmp_path / "labels", " ", 0)
    assert not (tmp_path / "labels").exists()


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "{}", '{"format": "kinmatch-label/1"}',
        '{"format": "kinmatch-label/2", "request_id": "a", "register_id": "b", "reader": "r",'
        ' "answer": "same"}',
        '{"format": "kinmatch-label/1", "request_id": "a", "register_id": "b", "reader": "r",'
        ' "answer": "Mustafa"}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_label_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    Session(PAIRS, path, "ann", 0).answer("same")
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match="line 2") as refused:
        read_labels(path)
    assert "Mustafa" not in str(refused.value)


answers = st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(ANSWERS)), max_size=30)


@given(answers)
def test_kappa_is_that_of_scikit_learn(said: list[tuple[str, str]]) -> None:
    labels = [
        Label(str(i), str(i), reader, answer)
        for i, both in enumerate(said)
        for reader, answer in zip(("ann", "bob"), both, strict=True)
    ]
    found = agreements(labels)
    if not said:
        assert found == []
        return
    (one,) = found
    assert one.both == len(said)
    assert one.alike == sum(a == b for a, b in said)
    assert len(one.disagreements) == one.both - one.alike
    if len({answer for both in said for answer in both}) == 1:
        assert one.kappa is None
    else:
        assert one.kappa == pytest.approx(cohen_kappa_score(*zip(*said, strict=True)))


def test_only_pairs_that_both_have_seen_count() -> None:
    labels = [
        Label("1", "1", "bob", "same"), Label("2", "2", "bob", "same"),
        Label("2", "2", "ann", "different"), Label("3", "3", "ann", "same"),
    ]  # fmt: skip
    (one,) = agreements(labels)
    assert one.readers == ("ann", "bob")
    assert one.disagreements == ((("2", "2"), "different", "same"),)
    assert one.kappa == pytest.approx(0.0)
