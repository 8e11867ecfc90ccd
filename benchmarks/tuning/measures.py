"""What a threshold does: every figure over the threshold, with the interval that chance leaves.

Requests are what was sampled, so requests are what the bootstrap draws anew, with all their
candidates and true pairs (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13:
percentile intervals). Links are the best candidate of each request.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import accuracy
from matcher.formats.errors import ParameterError

RESAMPLES = 200
INTERVAL = 0.95

_MOST_THRESHOLDS = 80
_STEPS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0)  # bits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """Candidates of known truth, as arrays; requests are numbered in the order given.

    Attributes:
        requests: Ids of all requests, those without candidates too.
        nowhere: Whether each request has no counterpart, bool.
        truths: True pairs of each request.
        request: The request of each candidate, best candidate first.
        score: Its score in bits.
        right: Whether it is a true pair.
        linked: Whether it is its request's best.
        registered: How many registered persons each request was compared with.
        top: How many candidates a request keeps at most.
    """

    requests: npt.NDArray[np.object_]
    nowhere: npt.NDArray[np.bool_]
    truths: Ints
    request: Ints
    score: Floats
    right: npt.NDArray[np.bool_]
    linked: npt.NDArray[np.bool_]
    registered: int
    top: int

    @classmethod
    def of(
        cls,
        pairs: pd.DataFrame,
        truth: pd.DataFrame,
        requests: "pd.Series[str]",
        *,
        registered: int,
        top: int,
    ) -> "Sample":
        """Take candidates and truth, as `benchmarks.accuracy` has them.

        Args:
            pairs: The candidates.
            truth: The true pairs.
            requests: Ids of all requests that were compared.
            registered: How many registered persons there were.
            top: How many candidates were kept for a request.

        Raises:
            ParameterError: The truth names no request that was compared.
        """
        index = pd.Index(requests.astype(str).unique())
        ordered = accuracy.in_order(pairs)
        known = index.get_indexer(pd.Index(truth["request_id"].astype(str)))
        if not (known >= 0).any():
            raise ParameterError(
                "truth: no request of it was compared; give the true pairs of these two files, "
                "with the requests' own ids."
            )
        truths = np.bincount(known[known >= 0], minlength=len(index))
        return cls(
            requests=index.to_numpy(dtype=object),
            nowhere=truths == 0,
            truths=truths,
            request=index.get_indexer(pd.Index(ordered["request_id"])).astype(np.int64),
            score=ordered["score"].to_numpy(),
            right=accuracy.is_true(ordered, truth),
            linked=~ordered["request_id"].duplicated().to_numpy(),
            registered=registered,
            top=top,
        )


def thresholds(*scores: Floats) -> Floats:
    """Give round thresholds from below the lowest score to above the highest, at most 80 or so."""
    every = np.concatenate(scores) if scores else np.zeros(0)
    if not len(every):
        return np.array([0.0, 1.0])
    low, high = float(every.min()), float(every.max())
    step = next((s for s in _STEPS if high - low <= s * _MOST_THRESHOLDS), _STEPS[-1])
    grid: Floats = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
    return grid


def curves(sample: Sample, grid: Floats, seed: int) -> pd.DataFrame:
    """Give every figure at every threshold.

    Args:
        sample: Candidates of known truth.
        grid: Thresholds, ascending.
        seed: Of the bootstrap; the same seed gives the same intervals.

    Returns:
        A row for each threshold: `threshold, links, right, candidates, candidates_right`, then the
        figures below, each with `_low` and `_high`: the interval of 95 %.

        - `precision`, `recall`, `f1`: as `benchmarks.accuracy` has them.
        - `false_per_thousand`: false links of a thousand requests without counterpart.
        - `reviewed_per_match`: candidates, not only the best, that are looked at for each true one.
          Null where there is none; likewise the precision of no links, and a resample without
          links says nothing of precision.
    """
    counted = _Counted.of(sample, grid, np.ones((1, len(sample.requests))))
    generator = np.random.Generator(np.random.PCG64(seed))
    size = len(sample.requests)
    weights = generator.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)
    resampled = _Counted.of(sample, grid, weights).figures()
    columns: dict[str, Floats | Ints] = {
        "threshold": grid,
        **{
            name: getattr(counted, name)[0].astype(np.int64)
            for name in ("links", "right", "candidates", "candidates_right")
        },
    }
    for name, values in counted.figures().items():
        low, high = _interval(resampled[name])
        columns |= {name: values[0], f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns)


def _interval(values: Floats) -> tuple[Floats, Floats]:
    """Give the middle of the resampled values; null where a figure has no value anywhere."""
    edge = (1 - INTERVAL) / 2
    known = np.where(np.isnan(values).all(axis=0), 0.0, values)
    low, high = np.nanquantile(known, [edge, 1 - edge], axis=0)
    none = np.isnan(values).all(axis=0)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


@dataclass(frozen=True, eq=False, repr=False)
class _Counted:
    """Counts at or above each threshold, for each resample: shape (resamples, thresholds)."""

    links: Floats
    right: Floats
    false_nowhere: Floats
    candidates: Floats
    candidates_right: Floats
    truths: Floats
    nowhere: Floats

    @classmethod
    def of(cls, sample: Sample, grid: Floats, weights: Floats) -> "_Counted":
        place = np.searchsorted(grid, sample.score, side="right") - 1

        def above(chosen: npt.NDArray[np.bool_]) -> Floats:
            of_request, at = sample.request[chosen], place[chosen]
            counts = np.stack(
                [np.bincount(at, weights=one[of_request], minlength=len(grid)) for one in weights]
            )
            total: Floats = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
            return total

        inside = place >= 0
        return cls(
            links=above(inside & sample.linked),
            right=above(inside & sample.linked & sample.right),
            false_nowhere=above(inside & sample.linked & sample.nowhere[sample.request]),
            candidates=above(inside),
            candidates_right=above(inside & sample.right),
            truths=(weights @ sample.truths)[:, None],
            nowhere=(weights @ sample.nowhere)[:, None],
        )

    def figures(self) -> dict[str, Floats]:
        return {
            "precision": _quotient(self.right, self.links, np.nan),
            "recall": _quotient(self.right, self.truths),
            "f1": _quotient(2 * self.right, self.links + self.truths),
            "false_per_thousand": _quotient(1000 * self.false_nowhere, self.nowhere),
            "reviewed_per_match": _quotient(self.candidates, self.candidates_right, np.nan),
        }


def _quotient(above: Floats, below: Floats, nothing: float = 0.0) -> Floats:
    """Divide; a quotient of zero by zero is 0, as in `benchmarks.accuracy`, or as told."""
    quotients = np.full(np.broadcast_shapes(above.shape, below.shape), nothing, dtype=np.float64)
    some = np.broadcast_to(below, quotients.shape) > 0
    np.divide(above, below, out=quotients, where=some)
    return quotients


def histogram(sample: Sample, grid: Floats) -> pd.DataFrame:
    """Count candidates by score, matches and non-matches: `threshold` to `until`, `kind, count`."""
    until = np.append(grid[1:], 2 * grid[-1] - grid[-2])
    place = np.clip(np.searchsorted(grid, sample.score, side="right") - 1, 0, None)
    kinds = {"one person": sample.right, "two persons": ~sample.right}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "threshold": grid,
                    "until": until,
                    "kind": kind,
                    "count": np.bincount(place[chosen], minlength=len(grid)),
                }
            )
            for kind, chosen in kinds.items()
        ],
        ignore_index=True,
    )


def a_night(sample: Sample, grid: Floats, *, new: int, held: int) -> pd.DataFrame:
    """Estimate how many candidates a night brings at production size.

    Without labels, all candidates are taken to grow in proportion to the persons held; with them,
    only the false ones do, since a person is registered no more often in a larger register. No
    request has more than `top`. Where lists of the sample were full at a threshold, what fell off
    them is not counted, so the figure is the least that it can be.

    Args:
        sample: Candidates of known truth.
        grid: Thresholds, ascending.
        new: Persons who are sought anew a night.
        held: Registered persons whom they are compared with.

    Returns:
        `threshold, unlabelled, labelled` (candidates a night) and `full_lists`, the share of
        requests that kept as many candidates as they may at or above the threshold.
    """
    requests = len(sample.requests)
    growth = held / sample.registered
    counted = _Counted.of(sample, grid, np.ones((1, requests)))
    every, right = counted.candidates[0] / requests, counted.candidates_right[0] / requests
    full = np.empty(len(grid))
    for at, threshold in enumerate(grid):
        kept = np.bincount(sample.request[sample.score >= threshold], minlength=requests)
        full[at] = (kept >= sample.top).mean()
    return pd.DataFrame(
        {
            "threshold": grid,
            "unlabelled": new * np.minimum(every * growth, sample.top),
            "labelled": new * np.minimum(right + (every - right) * growth, sample.top),
            "full_lists": full,
        }
    )
