"""Calendars, against outside truth and against convertdate where it is right."""

import datetime
import json
import warnings
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.calendars import CALENDARS, calendar_named

DAY = datetime.date
OUTSIDE = Path(__file__).parents[2] / "../shared/data/hijri"


@pytest.mark.parametrize(
    ("code", "written", "day"),
    [
        ("ethiopian", (1, 1, 1), None),  # 27 August of the year 8: see the next test
        ("ethiopian", (2000, 1, 1), DAY(2007, 9, 12)),
        ("ethiopian", (1996, 1, 1), DAY(2003, 9, 12)),
        ("ethiopian", (1966, 12, 6), DAY(1974, 8, 12)),
        ("ethiopian", (2015, 13, 6), DAY(2023, 9, 11)),
        ("ethiopian", (2016, 1, 1), DAY(2023, 9, 12)),
        ("ethiopian", (1888, 6, 23), DAY(1896, 3, 1)),  # the battle of Adwa
        ("solar-hijri", (1357, 11, 22), DAY(1979, 2, 11)),  # the Iranian revolution
        ("solar-hijri", (1399, 12, 30), DAY(2021, 3, 20)),
        ("solar-hijri", (1403, 12, 30), DAY(2025, 3, 20)),
        ("solar-hijri", (1404, 1, 1), DAY(2025, 3, 21)),
        ("hebrew", (5708, 2, 5), DAY(1948, 5, 14)),  # the declaration of independence
        ("hebrew", (5784, 7, 1), DAY(2023, 9, 16)),
        ("hebrew", (5784, 13, 14), DAY(2024, 3, 24)),  # Purim in a leap year
    ],
)
def test_days_that_history_knows(
    code: str, written: tuple[int, int, int], day: datetime.date | None
) -> None:
    expected = day or DAY(8, 8, 27)
    assert CALENDARS[code].days(*written) == (expected, expected)


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("gregorian", (1999, 2, 29)),
        ("gregorian", (1999, 13, 1)),
        ("hijri", (1418, 1, 31)),
        ("hijri", (1418, 13, 1)),
        ("solar-hijri", (1402, 12, 30)),
        ("solar-hijri", (1402, 7, 31)),
        ("ethiopian", (2016, 13, 6)),
        ("ethiopian", (2016, 1, 0)),
        ("hebrew", (5783, 13, 1)),
        ("hebrew", (9999, 14, 1)),
    ],
)
def test_there_is_no_such_day(code: str, written: tuple[int, int, int]) -> None:
    assert CALENDARS[code].days(*written) is None


def test_a_hijri_day_is_what_both_reckonings_say() -> None:
    """1 Ramadan 1418 was 31 December 1997 in Mecca, and 30 December by the arithmetic."""
    assert CALENDARS["hijri"].days(1418, 9, 1) == (DAY(1997, 12, 30), DAY(1997, 12, 31))


def test_a_thirtieth_day_may_have_been_seen_in_any_hijri_month() -> None:
    days = CALENDARS["hijri"].days(1418, 2, 30)
    assert days is not None
    first, last = days
    assert first <= last <= first + datetime.timedelta(days=2)


@pytest.mark.parametrize(
    "name",
    ["kfupm_comparison_calendar", "ummalqura_calendar_website", "ummalqura_newspaper_issues"],
)
def test_hijri_days_hold_what_calendars_and_newspapers_printed(name: str) -> None:
    if not OUTSIDE.is_dir():
        pytest.skip("the published Hijri calendars are not here")
    pairs = [row[0] for row in json.loads((OUTSIDE / f"{name}.json").read_text("utf-8"))]
    assert len(pairs) > 300
    for written, day in pairs:
        days = CALENDARS["hijri"].days(*written)
        assert days is not None
        assert days[0] <= DAY(*day) <= days[1] <= days[0] + datetime.timedelta(days=2)


def test_the_hebrew_calendar_is_convertdates() -> None:
    hebrew = pytest.importorskip("convertdate").hebrew
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convertdate calls what it deprecates itself
        for year in range(5610, 5800):
            for month, (first, last) in CALENDARS["hebrew"].reckonings[0](year).items():
                assert DAY(*hebrew.to_gregorian(year, month, 1)).toordinal() == first
                assert hebrew.month_length(year, month) == last - first + 1


@pytest.mark.parametrize("year", [1304, 1329, 1354, 1375, 1399, 1403, 1404, 1408, 1432])
def test_the_solar_year_starts_at_the_equinox_that_convertdate_works_out(year: int) -> None:
    persian = pytest.importorskip("convertdate").persian
    days = CALENDARS["solar-hijri"].days(year, 1, 1)
    assert days is not None
    assert DAY(*persian.to_gregorian(year, 1, 1)) == days[0]


def test_the_arithmetic_hijri_calendar_is_convertdates() -> None:
    islamic = pytest.importorskip("convertdate").islamic
    for year in range(1265, 1500):
        for month, (first, last) in CALENDARS["hijri"].reckonings[1](year).items():
            assert DAY(*islamic.to_gregorian(year, month, 1)).toordinal() == first
            assert islamic.month_length(year, month) == last - first + 1


@given(st.sampled_from(sorted(CALENDARS)), st.integers(1, 3000))
def test_years_follow_each_other_without_a_gap(code: str, year: int) -> None:
    for months in CALENDARS[code].reckonings:
        this, following = months(year), months(year + 1)
        spans = [*this.values(), *following.values()]
        if not (this and following):
            continue
        assert all(before[1] + 1 == after[0] for before, after in pairwise(spans))


@given(
    st.sampled_from(sorted(CALENDARS)),
    st.integers(1, 99_999),
    st.none() | st.integers(0, 99),
    st.none() | st.integers(0, 99),
)
def test_no_number_raises(code: str, year: int, month: int | None, day: int | None) -> None:
    days = CALENDARS[code].days(year, month, None if month is None else day)
    assert days is None or days[0] <= days[1]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (None, "gregorian"),
        (" Gregorian", "gregorian"),
        ("Hijri", "hijri"),
        ("Umm al-Qura", "hijri"),
        ("هجري", "hijri"),
        ("HIJRI SHAMSI", "solar-hijri"),
        ("solar_hijri", "solar-hijri"),
        ("هجری شمسی", "solar-hijri"),
        ("ዓ.ም.", "ethiopian"),
        ("Jewish", "hebrew"),
    ],
)
def test_calendars_are_known_by_their_names(word: str | None, code: str) -> None:
    assert calendar_named(word) is CALENDARS[code]


@given(st.text())
def test_no_word_for_a_calendar_raises(word: str) -> None:
    assert calendar_named(word) in (None, *CALENDARS.values())
