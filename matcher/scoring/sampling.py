"""Samples without a draw: rows at even steps, which are the same in every run."""

import numpy as np
from numpy.typing import NDArray


def spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Give at most `wanted` of the numbers below `count`, evenly spread.

    Args:
        count: How many numbers there are, from 0 on; 0 for none.
        wanted: How many are wanted; all are given if there are no more.

    Returns:
        The numbers, ascending and each once. If two or more are wanted, the first and the last are
        among them.
    """
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))
