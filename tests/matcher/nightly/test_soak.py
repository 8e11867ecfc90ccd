"""A few nights with kills; `make soak` has many."""

from soak import soak


def test_nights_with_kills_lose_and_double_nothing() -> None:
    told = soak(nights=2, records=30, seed=11, kills=1)
    assert told["records"] == 60
    assert told["candidates"] > 5
    assert sum(told["killed"].values()) >= 1
