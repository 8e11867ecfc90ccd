"""Labelled pairs of Latin names: the same name or not (Ancestry and WeRelate)."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from anyascii import anyascii
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler
from scipy.stats import rankdata

from benchmarks.names.systems import filters_of
from matcher.formats.scheme import View

FILES = {
    "given names": "AncestryGivennamePairs.csv.gz",
    "surnames": "AncestrySurnamePairs.csv.gz",
}


def measure(file: Path, views: tuple[View, ...]) -> dict[str, float]:
    """Give the area under the curve of our filters and of plaintext Jaro-Winkler."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    table = table[table["Bad"].isin(("", "1"))]  # what is left was judged uncertain
    left, right = table["HeadName"].tolist(), table["VariantName"].tolist()
    same = (table["Bad"] == "").to_numpy()
    ours = _dice(filters_of(left, views), filters_of(right, views))
    jaro_winkler = process.cpdist(
        [anyascii(name).lower() for name in left],
        [anyascii(name).lower() for name in right],
        scorer=JaroWinkler.similarity,
    )
    return {
        "pairs": len(table),
        "ours": round(area_under_curve(ours, same), 4),
        "jaro_winkler": round(area_under_curve(jaro_winkler, same), 4),
    }


def _dice(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    common, of_left, of_right = (
        np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in (left & right, left, right)
    )
    dice: npt.NDArray[np.float64] = 2 * common / np.maximum(of_left + of_right, 1)
    return dice


def area_under_curve(scores: npt.NDArray[np.floating], same: npt.NDArray[np.bool_]) -> float:
    """How often a pair that is the same scores above one that is not; ties count one half."""
    ranks = rankdata(scores)
    count = int(same.sum())
    above = ranks[same].sum() - count * (count + 1) / 2
    return float(above / (count * (len(same) - count)))
