"""The views of a birth: what shares tokens, and that published tokens stay what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import births
from encoders.dates import Birth, parse_birth
from encoders.views import VIEWS

BIRTH_VIEWS = {name: view for name, view in VIEWS.items() if name.startswith("birth.")}


def known(text: str, calendar: str = "gregorian") -> Birth:
    return parse_birth(text, calendar=calendar)[0]


@pytest.mark.parametrize(
    ("view", "text", "tokens"),
    [
        ("birth.year/1", "1998-02-05", ["1998"]),
        ("birth.near_year/1", "1998-02", ["1997", "1998", "1999"]),
        ("birth.year_digits/1", "1998", ["tens 9", "ones 8"]),
        ("birth.month/1", "1998-02", ["2"]),
        ("birth.day/1", "1998-02-05", ["5"]),
        ("birth.day_and_month/1", "1998-12-05", ["5 12"]),
        ("birth.day/1", "1998-02", []),
        ("birth.month/1", "1998-01-01", []),
        ("birth.swapped_year/1", "1998-02-05", ["89"]),
        ("birth.swapped_year/1", "1990s", []),
        ("birth.decade/1", "1998", ["1990"]),
        ("birth.decade/1", "1990s", ["1990"]),
    ],
)
def test_the_tokens_of_published_views(view: str, text: str, tokens: list[str]) -> None:
    assert list(VIEWS[view](known(text))) == tokens


def test_a_hijri_day_has_the_tokens_of_every_day_it_can_be() -> None:
    birth = known("1418-09-01", "hijri")  # 30 or 31 December 1997
    assert births.day(birth) == ("30", "31")
    assert births.month(birth) == ("12",)
    assert births.year_digits(known("1418", "hijri")) == ("tens 9", "ones 7", "ones 8")


def test_swapped_digits_and_swapped_parts_share_their_token() -> None:
    assert births.swapped_year(known("1989")) == births.swapped_year(known("1998"))
    assert births.day_and_month(known("1998-02-05")) == births.day_and_month(known("1998-05-02"))


def test_near_days_overlap_by_nearness() -> None:
    shared = [
        len(set(births.near_days(known("1998-02-05"))) & set(births.near_days(known(other))))
        for other in ("1998-02-05", "1998-02-06", "1998-02-07", "1998-02-08")
    ]
    assert shared == [3, 2, 1, 0]


@given(
    st.sampled_from(sorted(BIRTH_VIEWS)),
    st.from_regex(r"\A\d{4}(-\d{2}){0,2}\Z|\A\d{3}x\Z"),
    st.sampled_from(["gregorian", "hijri", "solar-hijri", "ethiopian", "hebrew"]),
)
def test_no_birth_raises_and_an_absent_one_has_no_token(view: str, text: str, name: str) -> None:
    birth = known(text, name)
    tokens = list(BIRTH_VIEWS[view](birth))
    assert len(set(tokens)) == len(tokens)
    assert not (birth.precision == "absent" and tokens)
