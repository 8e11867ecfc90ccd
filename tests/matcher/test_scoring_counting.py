"""Distances of a row from the lanes of a group, counted either way."""

import numba
import numpy as np
import pytest

from matcher.scoring import counting
from matcher.scoring.counting import LANES
from matcher.scoring.vectors import near_lanes


@pytest.mark.parametrize("dear", [True, False])
@pytest.mark.parametrize(
    ("sketch_words", "words"), [(0, 1), (0, 7), (0, 8), (0, 32), (0, 96), (8, 40), (3, 16), (8, 12)]
)
def test_either_way_of_counting_gives_the_distances(
    sketch_words: int, words: int, dear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTING_IS_DEAR", dear)
    draw = np.random.default_rng(words)
    left = draw.integers(0, 2**64, (3, sketch_words + words), dtype=np.uint64)
    groups = draw.integers(0, 2**64, (2, sketch_words + words, LANES), dtype=np.uint64)
    left[1], groups[1, :, 5] = 0, 0
    groups[0, :, 7] = ~left[0]

    @numba.njit
    def compare(left, row, groups, group, sketch_words, sketch_most, most, distances):  # type: ignore[no-untyped-def]
        return near_lanes(left, row, groups, group, sketch_words, sketch_most, most, distances)

    for row in range(3):
        for group in range(2):
            different = np.bitwise_count(left[row][:, None] ^ groups[group]).astype(np.int64)
            sketches, filters = (
                different[:sketch_words].sum(axis=0),
                different[sketch_words:].sum(axis=0),
            )
            most = int(np.median(filters))
            distances = np.empty(LANES, dtype=np.int64)
            mask = compare(left, row, groups, group, sketch_words, 64 * words, most, distances)
            assert [bool(mask >> lane & 1) for lane in range(LANES)] == (filters <= most).tolist()
            assert distances.tolist() == filters.tolist()
            if sketch_words:
                nearest = int(sketches.min())
                assert (
                    compare(left, row, groups, group, sketch_words, nearest, most, distances)
                    == mask
                )
                assert (
                    compare(left, row, groups, group, sketch_words, nearest - 1, most, distances)
                    == 0
                )
