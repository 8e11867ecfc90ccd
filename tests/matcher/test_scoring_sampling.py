"""Samples at even steps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.scoring.sampling import spread


@given(count=st.integers(0, 5000), wanted=st.integers(1, 400))
def test_numbers_are_spread_evenly_and_each_given_once(count: int, wanted: int) -> None:
    rows = spread(count, wanted)
    assert len(rows) == min(count, wanted)
    steps = np.diff(rows)
    assert (steps > 0).all()
    assert len(steps) == 0 or steps.max() - steps.min() <= 1
    if len(rows) > 1:
        assert (rows[0], rows[-1]) == (0, count - 1)
