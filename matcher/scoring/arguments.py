"""What the core accepts, said once for the kernels and for the oracle."""

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.formats.errors import ParameterError
from matcher.scoring.measures import Measure

Filters = NDArray[np.uint64]


@dataclass(frozen=True)
class Question:
    """The pairs that are asked for.

    Attributes:
        measure: What is compared.
        threshold: The score that a pair must reach, or None.
        top: How many pairs a left row keeps at most, or None.
    """

    measure: Measure
    threshold: float | None
    top: int | None


def check_question(measure: str, threshold: float | None, top: int | None) -> Question:
    """Check what is asked for.

    Raises:
        ParameterError: An argument is out of its range, or neither threshold nor top is given.
    """
    if measure not in Measure.__members__:
        raise ParameterError(f"measure must be one of {', '.join(Measure.__members__)}.")
    if threshold is None and top is None:
        raise ParameterError("Give a threshold, a top, or both; else every pair would be kept.")
    if threshold is not None:
        check_threshold(Measure[measure], threshold)
    if top is not None and (not isinstance(top, int | np.integer) or top < 1):
        raise ParameterError("top must be a whole number of at least 1.")
    return Question(
        Measure[measure],
        None if threshold is None else float(threshold),
        None if top is None else int(top),
    )


def check_threshold(measure: Measure, threshold: float) -> None:
    """Check one threshold: from 0 to 1 for dice and jaccard, at least 0 for hamming."""
    highest = math.inf if measure == Measure.hamming else 1.0
    if not math.isfinite(threshold) or not 0 <= threshold <= highest:
        span = "finite and at least 0" if measure == Measure.hamming else "between 0 and 1"
        raise ParameterError(f"The threshold of {measure.name} must be {span}.")


def check_filters(left: Any, right: Any) -> None:
    """Check two arrays of filters: uint64, C-contiguous, shape (n, words), the same words."""
    for name, rows in (("left", left), ("right", right)):
        if not isinstance(rows, np.ndarray) or rows.dtype != np.uint64 or rows.ndim != 2:
            raise ParameterError(f"{name} must be a two-dimensional numpy array of uint64.")
        if not rows.flags.c_contiguous:
            raise ParameterError(f"{name} must be C-contiguous: numpy.ascontiguousarray makes it.")
    if left.shape[1] != right.shape[1] or left.shape[1] == 0:
        raise ParameterError(
            "Filters on both sides must have the same number of words, at least one: "
            f"left has {left.shape[1]}, right has {right.shape[1]}."
        )


def check_threads(threads: int | None) -> int:
    """The number of threads: as asked for, or as many as this process may use."""
    if threads is None:
        may_use = getattr(os, "sched_getaffinity", None)  # not on every system
        return len(may_use(0)) if may_use else os.cpu_count() or 1
    if not isinstance(threads, int | np.integer) or threads < 1:
        raise ParameterError("threads must be a whole number of at least 1, or None.")
    return int(threads)


def check_rows(left_rows: Any, right_rows: Any, left_count: int, right_count: int) -> None:
    """Check row numbers of pairs: int64, one-dimensional, equally many, within their side."""
    for name, rows, count in (
        ("left_rows", left_rows, left_count),
        ("right_rows", right_rows, right_count),
    ):
        if not isinstance(rows, np.ndarray) or rows.dtype != np.int64 or rows.ndim != 1:
            raise ParameterError(f"{name} must be a one-dimensional numpy array of int64.")
        if len(rows) and not 0 <= rows.min() <= rows.max() < count:
            raise ParameterError(f"{name} must be from 0 to {count - 1}.")
    if len(left_rows) != len(right_rows):
        raise ParameterError("left_rows and right_rows must be equally long.")
