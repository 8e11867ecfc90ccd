"""What the tests of the scoring core share."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

Filters = Any  # uint64 arrays of shape (n, words)

# Around one lane, one group and several groups.
sizes = st.one_of(st.integers(0, 5), st.sampled_from([31, 32, 33, 63, 64, 65, 97]))
widths = st.sampled_from([1, 2, 3, 5, 16, 17, 64])
fills = st.sampled_from([0.02, 0.3, 0.5])
measures = st.sampled_from(["dice", "jaccard", "hamming"])


def filters(seed: int, rows: int, words: int, fill: float) -> Filters:
    """Random filters, one in ten of them empty, one in ten a copy of the first, one in ten full."""
    random = np.random.default_rng(seed)
    made = np.packbits(random.random((rows, words * 64)) < fill, axis=1).view(np.uint64)
    kind = random.integers(0, 10, rows)
    made[kind == 0] = 0
    made[kind == 1] = made[:1]
    made[kind == 2] = np.uint64(2**64 - 1)
    return np.ascontiguousarray(made)


def check_equal(found: Any, expected: Any) -> None:
    """Two lots of pairs are equal, bit for bit."""
    assert found.left.dtype == found.right.dtype == np.int64
    assert found.score.dtype == np.float64
    for name in ("left", "right", "score"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


def thresholds(measure: str, words: int) -> Any:
    """Thresholds of a measure, those that are hit exactly among them."""
    if measure == "hamming":
        return st.one_of(st.integers(0, 64 * words), st.floats(0, 64 * words))
    return st.one_of(
        st.floats(0, 1), st.fractions(0, 1, max_denominator=20).map(float), st.just(1.0)
    )


@st.composite
def questions(draw: st.DrawFn, words: int) -> dict[str, Any]:
    """A measure with a threshold, a top or both, and threads."""
    measure = draw(measures)
    question: dict[str, Any] = {"measure": measure, "threads": draw(st.sampled_from([1, 2]))}
    kept = draw(st.sampled_from(["threshold", "top", "both"]))
    if kept != "top":
        question["threshold"] = draw(thresholds(measure, words))
    if kept != "threshold":
        question["top"] = draw(st.integers(1, 12))
    return question
