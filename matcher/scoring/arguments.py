"""What the core accepts, said once for the kernels and for the oracle."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.formats.errors import ParameterError
from matcher.scoring.measures import Measure, lowest_merit, merit_from_score

Filters = NDArray[np.uint64]


@dataclass(frozen=True)
class Question:
    """The pairs that are asked for.

    Attributes:
        measure: What is compared.
        bits: Length of the filters.
        threshold: The score that a pair must reach, or None.
        top: How many pairs a row keeps at most, or None.
    """

    measure: Measure
    bits: int
    threshold: float | None
    top: int | None = None

    @property
    def merit(self) -> float:
        """The merit that a pair must reach."""
        lowest = lowest_merit(self.measure, self.bits)
        if self.threshold is None:
            return lowest
        return max(lowest, merit_from_score(self.measure, self.threshold))


def check_question(
    left: Any, right: Any, measure: str, threshold: float | None, top: int | None
) -> Question:
    """Check what is asked for, of which filters.

    Raises:
        ParameterError: An argument is out of its range, or neither threshold nor top is given.
    """
    check_filters(left, right)
    checked = check_measure(measure)
    if threshold is None and top is None:
        raise ParameterError("Give a threshold, a top, or both; else every pair would be kept.")
    if threshold is not None:
        threshold = check_threshold(checked, threshold)
    return Question(checked, 64 * left.shape[1], threshold, check_top(top))


def check_measure(measure: str) -> Measure:
    """Check a measure's name."""
    if measure not in Measure.__members__:
        raise ParameterError(f"measure must be one of {', '.join(Measure.__members__)}.")
    return Measure[measure]


def check_threshold(measure: Measure, threshold: float) -> float:
    """Check one threshold: from 0 to 1 for dice and jaccard, at least 0 for hamming."""
    highest = math.inf if measure == Measure.hamming else 1.0
    if not math.isfinite(threshold) or not 0 <= threshold <= highest:
        span = "finite and at least 0" if measure == Measure.hamming else "between 0 and 1"
        raise ParameterError(f"The threshold of {measure.name} must be {span}.")
    return float(threshold)


def check_top(top: int | None) -> int | None:
    """Check how many pairs a row may keep: at least one, or None for all."""
    if top is not None and (not isinstance(top, int | np.integer) or top < 1):
        raise ParameterError("top must be a whole number of at least 1.")
    return None if top is None else int(top)


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


@dataclass(frozen=True, eq=False)
class ScoringPass:
    """One of several passes that are compared at once.

    Attributes:
        left: The filters of the left side under this pass, as for `matcher.scoring.find_pairs`.
        right: Those of the right side.
        weight: What a score counts in the sum over passes, greater than 0.
        threshold: The score that a pair must reach in this pass, or None.
    """

    left: Filters
    right: Filters
    weight: float = 1.0
    threshold: float | None = None


def check_passes(
    passes: Sequence[ScoringPass], measure: str, threshold: float | None
) -> tuple[list[Question], float | None]:
    """Check passes: what each asks for, and what their sum must reach.

    Raises:
        ParameterError: A pass or an argument is not as described, or there is no threshold.
    """
    checked = check_measure(measure)
    if not passes:
        raise ParameterError("Give at least one pass.")
    if threshold is None and all(one.threshold is None for one in passes):
        raise ParameterError("Give a threshold to a pass or to the sum; else all would be kept.")
    if threshold is not None and not (math.isfinite(threshold) and threshold >= 0):
        raise ParameterError("The threshold of the sum must be finite and at least 0.")
    questions = []
    for one in passes:
        check_filters(one.left, one.right)
        if not (math.isfinite(one.weight) and one.weight > 0):
            raise ParameterError("The weight of a pass must be finite and greater than 0.")
        own = None if one.threshold is None else check_threshold(checked, one.threshold)
        questions.append(Question(checked, 64 * one.left.shape[1], own))
    if len({(len(one.left), len(one.right)) for one in passes}) > 1:
        raise ParameterError("All passes must have the same rows on each side.")
    return questions, threshold


def check_blocks(blocks: Any, left_count: int, right_count: int) -> None:
    """Check blocks: int64 of shape (blocks, 4), ranges within their side."""
    if not isinstance(blocks, np.ndarray) or blocks.dtype != np.int64 or blocks.ndim != 2:
        raise ParameterError("blocks must be a two-dimensional numpy array of int64.")
    if blocks.shape[1] != 4:
        raise ParameterError("A block must have four numbers: left start and stop, right the same.")
    for starts, stops, count in (
        (blocks[:, 0], blocks[:, 1], left_count),
        (blocks[:, 2], blocks[:, 3], right_count),
    ):
        if np.any((starts < 0) | (stops < starts) | (stops > count)):
            raise ParameterError(f"A block's range must lie within the {count} rows of its side.")


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
