"""How often somebody who is nowhere gets a candidate: counted by hand on a few pairs."""

import pandas as pd
import pytest

from benchmarks.million import false_hope
from benchmarks.peers.sets import LabelledSet


def test_who_is_nowhere_counts_once_by_their_best_band() -> None:
    labelled = LabelledSet(
        "made",
        "by hand",
        pd.DataFrame({"record_id": ["found", "hoped", "weakly", "none", "twice"]}),
        pd.DataFrame({"record_id": ["x", "y"]}),
        pd.DataFrame({"request_id": ["found"], "register_id": ["x"]}),
    )
    pairs = pd.DataFrame(
        [
            ["found", "y", 9.0, "strong"],
            ["hoped", "x", 8.0, "strong"],
            ["twice", "y", 7.0, "possible"],
            ["twice", "x", 3.0, "weak"],
            ["weakly", "x", 1.0, "weak"],
        ],
        columns=["request_id", "register_id", "score", "band"],
    )
    found = false_hope(pairs, labelled)
    assert found["requests"] == 4
    assert {band: one["requests"] for band, one in found["best_band"].items()} == {
        "strong": 1,
        "possible": 1,
        "weak": 1,
    }
    assert found["best_band"]["strong"]["of_a_thousand"] == 250
    low, high = found["best_band"]["strong"]["interval"]
    assert low < 250 < high
    # Clopper and Pearson's interval of 1 of 4, from tables.
    assert (low, high) == pytest.approx((6.309, 805.880), abs=0.01)
