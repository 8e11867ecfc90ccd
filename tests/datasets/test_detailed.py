"""The set in detail: separations and addresses, true of the pair, shared by families."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets import tracing, write
from datasets.tracing.lexicon import script_of

VECTORS = Path(__file__).parent.parent / "vectors" / "tracing.json"
TOLD = ["last_seen_date", "last_seen_place"]
DETAILS = [*TOLD, "residence"]


@pytest.fixture(scope="module")
def data() -> tracing.TracingSet:
    return tracing.generate(3000, 9000, seed=2, reciprocal=300, detailed=True)


@pytest.fixture(scope="module")
def sides(data: tracing.TracingSet) -> dict[str, pd.DataFrame]:
    return {
        side: getattr(data, frame).set_index("record_id").loc[data.truth[f"{side}_id"]]
        for side, frame in (("request", "requests"), ("register", "register"))
    }


def test_same_seed_same_bytes_for_good(tmp_path: Path) -> None:
    made = tracing.generate(60, 200, seed=20240229, detailed=True)
    found = {
        name: hashlib.sha256(write(getattr(made, name), tmp_path / name).read_bytes()).hexdigest()
        for name in ("requests", "register", "truth")
    }
    assert found == json.loads(VECTORS.read_text(encoding="utf-8"))["detailed_sha256"]


def test_they_change_nothing_else(data: tracing.TracingSet) -> None:
    without = tracing.generate(3000, 9000, seed=2, reciprocal=300)
    for name in ("requests", "register", "reciprocal"):
        mine, plain = (getattr(one, name).drop(columns=DETAILS) for one in (data, without))
        pd.testing.assert_frame_equal(mine, plain)
    assert (without.register[TOLD] == "").all(axis=None)
    pd.testing.assert_frame_equal(data.truth[without.truth.columns], without.truth)


def test_only_who_was_parted_tells(data: tracing.TracingSet) -> None:
    for frame in (data.requests, data.reciprocal):
        seeking = frame["role"].isin(["enquirer", "kin"])
        assert (frame.loc[seeking, TOLD] == "").all(axis=None)
        assert (frame.loc[frame["role"] == "sought", "last_seen_date"] != "").mean() > 0.7
    assert 0.55 < (data.register["last_seen_date"] != "").mean() < 0.65


def test_dates_are_true_of_the_pair(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    days = data.truth["parted_on"]
    assert (days > data.truth["born"]).all()
    for side, records in sides.items():
        precision, error = data.truth[f"{side}_parted"], data.truth[f"{side}_parted_error"]
        length = precision.map({"missing": 0, "year": 4, "month": 7, "day": 10})
        written = records["last_seen_date"].reset_index(drop=True)
        assert (written.str.len() == length).all()
        right = error == "none"
        meant = [day[:many] for day, many in zip(days, length, strict=True)]
        assert (written[right] == pd.Series(meant)[right]).all()
        whole = (error == "days_off") & (precision == "day")
        off = (pd.to_datetime(written[whole]) - pd.to_datetime(days[whole])).dt.days.abs()
        assert off.max() <= 20
        assert 0.07 < (error == "days_off").mean() < 0.2


def test_places_are_in_the_script_of_the_record(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    for side, records in sides.items():
        at = data.truth[f"{side}_parted_at"].to_numpy()
        assert ((records["last_seen_place"] == "").to_numpy() == (at == "missing")).all()
    told = data.register[data.register["last_seen_place"] != ""]
    native = told[told["given_name"].map(script_of) > 0]
    assert (native["last_seen_place"].map(script_of) > 0).mean() > 0.5


def test_relatives_are_mostly_parted_together(data: tracing.TracingSet) -> None:
    truth = data.truth.assign(day=pd.to_datetime(data.truth["parted_on"]))
    families = truth.groupby("family")["day"]
    together = families.transform("nunique")[families.transform("size") == 2] == 1
    assert 0.3 < together.mean() < 0.8
    days = truth["day"].value_counts()
    assert days.iloc[0] > 3, "many families of one town on one day"
    assert np.mean(days == 1) > 0.5


def test_addresses_are_true_of_the_pair(
    data: tracing.TracingSet, sides: dict[str, pd.DataFrame]
) -> None:
    plain = tracing.generate(3000, 9000, seed=2)
    seen = dict.fromkeys(("no", "whole", "no_number", "wrong_number"), 0)
    for side, frame in (("request", plain.requests), ("register", plain.register)):
        towns = frame.set_index("record_id")["residence"].loc[data.truth[f"{side}_id"]]
        for written, town, fate in zip(
            sides[side]["residence"], towns, data.truth[f"{side}_address"], strict=True
        ):
            seen[fate] += 1
            street, comma, rest = written.rpartition(", ") if fate != "no" else ("", "", written)
            assert rest == town
            assert bool(comma) == (fate != "no")
            assert any(map(str.isdigit, street)) == (fate in ("whole", "wrong_number"))
    assert min(seen.values()) > 0, seen


def test_households_share_an_address(data: tracing.TracingSet) -> None:
    whole = data.truth["request_address"] == "whole"
    requests = data.requests.set_index("record_id")["residence"]
    numbers = requests.loc[data.truth["request_id"]].str.extract(r"(\d+)")[0].to_numpy()
    of_family = data.truth.assign(number=numbers)[whole].groupby("family")["number"]
    assert (of_family.nunique() <= 2).all()
    assert (of_family.nunique() < of_family.size())[of_family.size() > 1].mean() > 0.3
