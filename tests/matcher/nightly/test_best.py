"""The best pairs of each left record, against the plainest way to say it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.decisions.candidates import Pairs
from matcher.nightly.found import best_of, joined, none_of

PAIR = st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(-3000, 40_000))
REFERENCES = np.random.default_rng(1).integers(0, 3, (10, 16)).astype(np.uint8)  # many are near


def pairs_of(rows: list[tuple[int, int, int]]) -> Pairs:
    left, right, thousandths = np.array(rows, np.int64).reshape(-1, 3).T
    distances = np.stack([right, left], axis=1).astype(np.int32)
    scores = np.round(thousandths / 1000, 3)
    return Pairs(left, right, distances, scores / 2, right % 2 == 0, scores)


@given(st.lists(PAIR, unique_by=lambda pair: pair[:2]), st.integers(1, 4), st.integers(0, 60))
def test_the_best_are_kept_whatever_the_order_of_tiles(
    rows: list[tuple[int, int, int]], keep: int, cut: int
) -> None:
    best = best_of(pairs_of(rows[:cut]), REFERENCES, keep)
    best = best_of(joined([none_of(2), best, pairs_of(rows[cut:])]), REFERENCES, keep)
    expected = []
    for left in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == left]
        own.sort(key=lambda row: (-row[2], REFERENCES[row[1]].tobytes()))
        expected += [(left, REFERENCES[right].tobytes(), score) for _, right, score in own[:keep]]
    found = [
        (left, REFERENCES[right].tobytes(), round(score * 1000))
        for left, right, score in zip(
            best.left.tolist(), best.right.tolist(), best.scores.tolist(), strict=True
        )
    ]
    assert found == expected
    assert np.array_equal(best.distances[:, 0], best.right)
