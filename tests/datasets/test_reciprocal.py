"""Requests at the register's society: who is sought here may be seeking there."""

import numpy as np
import pandas as pd
import pytest

from datasets import tracing
from datasets.columns import COLUMNS
from datasets.tracing.kinship import RELATIONS


@pytest.fixture(scope="module")
def data() -> tracing.TracingSet:
    return tracing.generate(1500, 4000, seed=2, reciprocal=900)


def test_they_change_nothing_else(data: tracing.TracingSet) -> None:
    without = tracing.generate(1500, 4000, seed=2)
    for frame in ("requests", "register", "truth"):
        pd.testing.assert_frame_equal(getattr(data, frame), getattr(without, frame))
    assert len(without.reciprocal) == len(without.both_ways) == 0
    assert tuple(without.reciprocal.columns) == COLUMNS


def test_same_seed_same_requests(data: tracing.TracingSet) -> None:
    again = tracing.generate(1500, 4000, seed=2, reciprocal=900)
    pd.testing.assert_frame_equal(data.reciprocal, again.reciprocal)
    pd.testing.assert_frame_equal(data.both_ways, again.both_ways)


def test_they_are_requests_like_others(data: tracing.TracingSet) -> None:
    frame = data.reciprocal
    assert tuple(frame.columns) == COLUMNS
    assert frame.map(type).eq(str).all(axis=None)
    roles = pd.crosstab(frame["case_id"], frame["role"])
    assert len(roles) == pytest.approx(900, abs=60)
    assert (roles["enquirer"] == 1).all()
    assert roles["sought"].between(1, 3).all()
    others = frame["role"] != "enquirer"
    assert frame["relation"][others].isin(RELATIONS).all()
    assert (frame["relation"][~others] == "").all()
    ids = pd.concat([data.requests, data.register, frame])["record_id"]
    assert ids.is_unique


def test_whoever_stands_in_both_is_in_the_truth(data: tracing.TracingSet) -> None:
    truth = data.both_ways
    assert truth["request_id"].is_unique
    assert truth["register_id"].is_unique
    for side, frame in (("request", data.requests), ("register", data.reciprocal)):
        roles = frame.set_index("record_id")["role"]
        assert (roles.loc[truth[f"{side}_id"]].to_numpy() == truth[f"{side}_role"]).all()
    seeking = truth[(truth["request_role"] == "sought") & (truth["register_role"] == "enquirer")]
    assert len(seeking) > 0.15 * data.reciprocal["case_id"].nunique()


def test_nobody_who_is_registered_makes_a_request(data: tracing.TracingSet) -> None:
    found = set(data.truth["request_id"])
    seeking = data.both_ways[data.both_ways["register_role"] == "enquirer"]
    assert not found & set(seeking["request_id"])


def test_many_seek_whoever_seeks_them_and_many_do_not(data: tracing.TracingSet) -> None:
    """A matcher that took every case of a family for a reciprocal one would be wrong often."""
    case_here = data.requests.set_index("record_id")["case_id"]
    case_there = data.reciprocal.set_index("record_id")["case_id"]
    truth = data.both_ways.assign(
        here=case_here.loc[data.both_ways["request_id"]].to_numpy(),
        there=case_there.loc[data.both_ways["register_id"]].to_numpy(),
    )
    of_roles = {
        roles: set(zip(rows["here"], rows["there"], strict=True))
        for roles, rows in truth.groupby(["request_role", "register_role"])
    }
    seek_each_other = of_roles["sought", "enquirer"] & of_roles["enquirer", "sought"]
    assert len(seek_each_other) > 0.5 * len(of_roles["sought", "enquirer"])
    only_family = of_roles["enquirer", "sought"] - of_roles["sought", "enquirer"]
    assert len(only_family) > 0.5 * len(seek_each_other)


def test_relations_are_true_of_the_families(data: tracing.TracingSet) -> None:
    sexes = {"m": {"father", "son", "brother", "husband", "uncle"}, "f": {"mother", "wife", "aunt"}}
    told = data.reciprocal[data.reciprocal["sex"] != ""]
    for sex, relations in sexes.items():
        agrees = told["sex"][told["relation"].isin(relations)] == sex
        assert np.mean(agrees) > 0.97


@pytest.mark.parametrize("reciprocal", [1, 60])
def test_more_than_there_are_families_for(reciprocal: int) -> None:
    data = tracing.generate(1, 5, seed=4, reciprocal=reciprocal)
    assert data.reciprocal["case_id"].nunique() <= reciprocal


def test_the_whole_of_the_other_society(data: tracing.TracingSet) -> None:
    whole = tracing.with_reciprocal(1500, 4000, seed=2, reciprocal=900)
    assert len(whole.register) == len(data.register) + len(data.reciprocal)
    assert whole.register["record_id"].is_unique
    roles = whole.register.set_index("record_id")["role"].loc[whole.truth["register_id"]]
    assert set(roles) == {"registered", "enquirer", "sought"}
    assert whole.truth.notna().all(axis=None)
