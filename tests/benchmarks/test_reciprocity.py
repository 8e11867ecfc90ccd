"""Recall at equal precision, with the evidence of kin and without."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.reciprocity import gain_by_kin, recall_at_precision


@pytest.mark.parametrize(
    ("precision", "recall"),
    [(1.0, 0.25), (0.75, 0.75), (0.6, 0.75), (0.1, 0.75)],
)
def test_recall_is_the_best_of_any_threshold(precision: float, recall: float) -> None:
    scores = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    true = np.array([True, False, True, True, False])
    assert recall_at_precision(scores, true, 4, precision) == recall
    shuffled = np.array([3, 0, 4, 1, 2])
    assert recall_at_precision(scores[shuffled], true[shuffled], 4, precision) == recall


def test_equal_scores_enter_together() -> None:
    true = np.array([True, False])
    assert recall_at_precision(np.array([1.0, 1.0]), true, 1, 0.9) == 0
    assert recall_at_precision(np.array([1.0, 1.0]), true, 1, 0.5) == 1


def test_nothing_to_find() -> None:
    assert recall_at_precision(np.empty(0), np.empty(0, np.bool_), 0, 0.9) == 0
    assert recall_at_precision(np.empty(0), np.empty(0, np.bool_), 3, 0.9) == 0


def test_gain() -> None:
    pairs = pd.DataFrame(
        {
            "request_id": ["a", "b", "c"],
            "register_id": ["1", "2", "3"],
            "score": [10.0, 9.0, 8.0],
            "kin": [4.0, 0.0, 0.0],
        }
    )
    truth = pd.DataFrame({"request_id": ["a"], "register_id": ["1"]})
    assert gain_by_kin(pairs, truth)["0.95"] == {"with_kin": 1.0, "without_kin": 0.0}
