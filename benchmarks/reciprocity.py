"""What the evidence of kin gains: recall with it and without, at equal precision."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

PRECISIONS = (0.95, 0.9, 0.8)
"""At which precision recall with and without kin is compared."""


def gain_by_kin(pairs: pd.DataFrame, truth: pd.DataFrame) -> dict[str, Any]:
    """Compare recall with and without the evidence of kin, at equal precision.

    Args:
        pairs: Candidates: `request_id, register_id, score, kin`, where `kin` is the part of the
            score that the people around the pair gave.
        truth: True pairs: `request_id, register_id`.

    Returns:
        For each of `PRECISIONS` the recall with kin and without: the best that any threshold
        gives at no less precision, 0 where none does.
    """
    wanted = pd.MultiIndex.from_frame(truth[["request_id", "register_id"]])
    true = pd.MultiIndex.from_frame(pairs[["request_id", "register_id"]]).isin(wanted)
    alone = (pairs["score"] - pairs["kin"]).to_numpy()
    return {
        f"{precision}": {
            "with_kin": recall_at_precision(pairs["score"].to_numpy(), true, len(truth), precision),
            "without_kin": recall_at_precision(alone, true, len(truth), precision),
        }
        for precision in PRECISIONS
    }


def recall_at_precision(
    scores: npt.NDArray[np.float64], true: npt.NDArray[np.bool_], wanted: int, precision: float
) -> float:
    """Give the best recall of any threshold on scores that is at least so precise.

    Args:
        scores: Of pairs, float64, shape (n,).
        true: Which of them are one person.
        wanted: How many true pairs there are, found or not.
        precision: The least share of pairs above the threshold that are true.

    Returns:
        0 to 1, to four decimals; 0 where no threshold is so precise.
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)])
    right = np.cumsum(true[order])[last]
    enough = right >= precision * (last + 1)
    return round(float(right[enough].max(initial=0) / wanted), 4) if wanted else 0.0
