"""How right a list of scored candidates is, against known truth.

Words, used in every function here:

- *candidates* are a frame with the columns `request_id`, `register_id` and `score`: a finite
  number, higher for likelier. A pair stands in it at most once.
- *truth* is a frame with the columns `request_id` and `register_id`, each pair once: all pairs
  of one person, found or not. It may hold several register records of one request.
- the *order* of candidates is by score descending, then request id, then register id ascending
  (ids compare as strings, by code point). It decides every tie, so figures repeat.
- *links* are candidates that were selected: all of them, or those of `best_per_request` or
  `one_to_one`. At a threshold, the links are those with `score >= threshold`.

With `right` for the links that are in truth: precision = right / links, recall = right / truth
pairs, F1 = 2 right / (links + truth pairs), their harmonic mean. A quotient of zero by zero is
0.0: nothing linked is not perfectly precise.

Both selections go through the candidates in order and never look back, so what they select above
a threshold is what they would have selected from the candidates above it. A sweep over the links
is therefore exact at every threshold.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcher.formats.errors import ParameterError

PAIR = ["request_id", "register_id"]


@dataclass(frozen=True)
class Accuracy:
    """Counts and figures at one threshold; see the module for their definitions.

    Attributes:
        threshold: Links have at least this score.
        links: Number of links at the threshold.
        right: How many of them are true.
        truths: Number of true pairs, linked or not.
    """

    threshold: float
    links: int
    right: int
    truths: int

    @property
    def precision(self) -> float:
        """Share of the links that are right, 0 to 1."""
        return self.right / self.links if self.links else 0.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that are linked, 0 to 1."""
        return self.right / self.truths if self.truths else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        both = self.links + self.truths
        return 2 * self.right / both if both else 0.0


def in_order(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates in the order that decides ties.

    Args:
        candidates: See the module.

    Returns:
        The three columns with a fresh index, ids as strings and scores as float64.

    Raises:
        ParameterError: A column is missing, a score is not finite, or a pair stands there twice.
    """
    _need_columns("candidates", candidates, [*PAIR, "score"])
    frame = candidates[PAIR].astype(str).assign(score=candidates["score"].astype(np.float64))
    if not np.isfinite(frame["score"].to_numpy()).all():
        raise ParameterError("candidates: every score must be a finite number.")
    _need_distinct("candidates", frame)
    return frame.sort_values(
        ["score", *PAIR], ascending=[False, True, True], kind="stable", ignore_index=True
    )


def best_per_request(candidates: pd.DataFrame) -> pd.DataFrame:
    """Select the first candidate, in order, of every request.

    A register record may be linked to several requests.

    Args:
        candidates: See the module.

    Returns:
        The links, in order.
    """
    ordered = in_order(candidates)
    return ordered.drop_duplicates("request_id", keep="first", ignore_index=True)


def one_to_one(candidates: pd.DataFrame) -> pd.DataFrame:
    """Select greedily: in order, every candidate whose two records are both still free.

    Greedy, not optimal assignment: the sum of scores may fall short of the best possible, but no
    candidate is passed over unless one of its records has a link that comes before it.

    Args:
        candidates: See the module.

    Returns:
        The links, in order; no record stands in two of them.
    """
    ordered = in_order(candidates)
    requests = pd.factorize(ordered["request_id"])[0]
    registers = pd.factorize(ordered["register_id"])[0]
    free_request = bytearray(b"\x01") * (len(ordered) + 1)
    free_register = bytearray(b"\x01") * (len(ordered) + 1)
    chosen = []
    for row, (request, register) in enumerate(
        zip(requests.tolist(), registers.tolist(), strict=True)
    ):
        if free_request[request] and free_register[register]:
            free_request[request] = free_register[register] = 0
            chosen.append(row)
    return ordered.iloc[chosen].reset_index(drop=True)


def sweep(links: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Give the figures at every distinct score, as thresholds from high to low.

    Args:
        links: The selected candidates.
        truth: See the module.

    Returns:
        One row per distinct score: `threshold, links, right, precision, recall, f1`. Links with
        one score enter together, since a threshold can't part them.
    """
    ordered = in_order(links)
    scores = ordered["score"].to_numpy()
    truths = len(_checked(truth))
    last_of_score = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: len(scores)])
    linked = last_of_score + 1
    right = np.cumsum(is_true(ordered, truth), dtype=np.int64)[last_of_score]
    return pd.DataFrame(
        {
            "threshold": scores[last_of_score],
            "links": linked,
            "right": right,
            "precision": right / linked,
            "recall": right / truths if truths else np.zeros(len(right)),
            "f1": 2 * right / (linked + truths),
        }
    )


def best(links: pd.DataFrame, truth: pd.DataFrame) -> Accuracy:
    """Give the figures at the threshold with the highest F1.

    Of several such thresholds it is the highest: fewer links for people to review.

    Args:
        links: The selected candidates; at least one.
        truth: See the module.

    Returns:
        The figures at the best threshold, which is one of the links' scores.

    Raises:
        ParameterError: There are no links, so there is no threshold to choose.
    """
    table = sweep(links, truth)
    if table.empty:
        raise ParameterError("links: at least one is needed to choose a threshold.")
    row = table.iloc[int(np.argmax(table["f1"].to_numpy()))]
    return Accuracy(float(row["threshold"]), int(row["links"]), int(row["right"]), len(truth))


def at_threshold(links: pd.DataFrame, truth: pd.DataFrame, threshold: float) -> Accuracy:
    """Give the figures of the links with `score >= threshold`.

    Args:
        links: The selected candidates.
        truth: See the module.
        threshold: Any number; a link exactly on it is in.

    Returns:
        The figures there.
    """
    ordered = in_order(links)
    linked = ordered[ordered["score"] >= threshold]
    right = int(np.count_nonzero(is_true(linked, truth)))
    return Accuracy(float(threshold), len(linked), right, len(_checked(truth)))


def recall_at(candidates: pd.DataFrame, truth: pd.DataFrame, k: int) -> float:
    """Give the share of requests with a counterpart that have one among their k first candidates.

    Requests count, not pairs: one that has two register records in truth is found by either.

    Args:
        candidates: See the module.
        truth: See the module.
        k: How many candidates of each request are looked at, in order; at least 1.

    Returns:
        0 to 1; 0.0 if truth is empty.

    Raises:
        ParameterError: `k` is less than 1.
    """
    if k < 1:
        raise ParameterError("k must be at least 1: it is how many candidates are looked at.")
    ordered = in_order(candidates)
    first = ordered[ordered.groupby("request_id").cumcount().to_numpy() < k]
    found = first.loc[is_true(first, truth), "request_id"].nunique()
    sought = _checked(truth)["request_id"].nunique()
    return found / sought if sought else 0.0


def is_true(pairs: pd.DataFrame, truth: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell of each pair, in the order given, whether it stands in truth."""
    known = pd.MultiIndex.from_frame(_checked(truth))
    return np.asarray(pd.MultiIndex.from_frame(pairs[PAIR]).isin(known), dtype=np.bool_)


def _checked(truth: pd.DataFrame) -> pd.DataFrame:
    _need_columns("truth", truth, PAIR)
    pairs = truth[PAIR].astype(str)
    _need_distinct("truth", pairs)
    return pairs


def _need_columns(what: str, frame: pd.DataFrame, columns: list[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ParameterError(f"{what}: the column {missing[0]} is missing; add it.")


def _need_distinct(what: str, pairs: pd.DataFrame) -> None:
    if pairs.duplicated(PAIR).any():
        raise ParameterError(f"{what}: a pair stands there twice; give every pair once.")
