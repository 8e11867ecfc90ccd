"""Hamming distances of given pairs of rows."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Filters, check_filters, check_rows, check_threads
from matcher.scoring.compiled import compiled
from matcher.scoring.vectors import popcount

# Pairs that one thread takes at a time.
SPAN = 1 << 16


def distances_at(
    left: Filters,
    right: Filters,
    left_rows: NDArray[np.int64],
    right_rows: NDArray[np.int64],
    *,
    threads: int | None = None,
) -> NDArray[np.int32]:
    """The Hamming distance of each given pair of rows.

    Args:
        left: Filters, as for `matcher.scoring.find_pairs`.
        right: Filters of the other side.
        left_rows: The left row of each pair, int64 of shape (pairs,).
        right_rows: The right row of each pair.
        threads: How many threads to use; all processors if None.

    Returns:
        Distances in bits, int32 of shape (pairs,), in the order of the pairs.

    Raises:
        ParameterError: An array is not as described, or a row number is out of range.
    """
    check_filters(left, right)
    check_rows(left_rows, right_rows, len(left), len(right))
    distances = np.empty(len(left_rows), dtype=np.int32)

    def fill(start: int) -> None:
        span = slice(start, start + SPAN)
        _fill(left, right, left_rows[span], right_rows[span], distances[span])

    with ThreadPoolExecutor(check_threads(threads)) as pool:
        for _ in pool.map(fill, range(0, len(distances), SPAN)):
            pass
    return distances


@compiled
def _fill(
    left: Filters,
    right: Filters,
    left_rows: NDArray[np.int64],
    right_rows: NDArray[np.int64],
    distances: NDArray[np.int32],
) -> None:
    for pair in range(len(distances)):
        different = np.int64(0)
        for word in range(left.shape[1]):
            different += popcount(left[left_rows[pair], word] ^ right[right_rows[pair], word])
        distances[pair] = different
