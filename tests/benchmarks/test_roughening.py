"""What is done to a few records of a register before weights are learnt from it."""

import pandas as pd
import pytest

from benchmarks.tuning.roughening import roughened
from datasets import tracing


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    return tracing.generate(200, 12_000, seed=4).register


def test_few_records_are_touched_and_none_becomes_unreadable(register: pd.DataFrame) -> None:
    found = roughened(register, 1)
    columns = ["given_name", "birth_date"]
    pd.testing.assert_frame_equal(found.drop(columns=columns), register.drop(columns=columns))
    changed = found["birth_date"] != register["birth_date"]
    assert 0.01 < changed.mean() < 0.03
    whole = found["birth_date"][found["birth_date"].str.len() == len("2000-01-01")]
    assert pd.to_datetime(whole, format="%Y-%m-%d", errors="coerce").notna().all()
    nameless = (found["given_name"] == "") & (register["given_name"] != "")
    assert 0.02 < nameless.mean() < 0.04


def test_some_dates_are_anothers_altogether(register: pd.DataFrame) -> None:
    found = roughened(register, 1)
    both = pd.DataFrame({"was": register["birth_date"], "is": found["birth_date"]})
    whole = both[(both.map(len) == len("2000-01-01")).all(axis=1) & (both["was"] != both["is"])]
    digits = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in whole.to_numpy()]
    assert sum(many > 2 for many in digits) > 20
    assert sum(many == 1 for many in digits) > 20


def test_the_same_seed_does_the_same(register: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(roughened(register, 1), roughened(register, 1))
    assert not roughened(register, 1).equals(roughened(register, 2))
