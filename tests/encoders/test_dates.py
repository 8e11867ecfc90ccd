"""Dates: what a written date or an age says, to the day."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.calendars import CALENDARS, Calendar
from encoders.dates import ABSENT, Birth, Dated, parse_birth, parse_date, year_first
from encoders.rules import RULES, Problem

DAY = datetime.date
DAYS = st.dates(DAY(1850, 1, 1), DAY(2100, 12, 31))


def completed_years(born: datetime.date, on: datetime.date) -> int:
    """Count birthdays the obvious way."""
    had_birthday = (on.month, on.day) >= (born.month, born.day)
    return on.year - born.year - (not had_birthday)


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("1998-02-05", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
        ("1998-02", DAY(1998, 2, 1), DAY(1998, 2, 28), "month"),
        ("2000-02", DAY(2000, 2, 1), DAY(2000, 2, 29), "month"),
        ("1998", DAY(1998, 1, 1), DAY(1998, 12, 31), "year"),
        (" 1998 ", DAY(1998, 1, 1), DAY(1998, 12, 31), "year"),
        ("\u200f1998-02-05\u200e", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
        ("1998/2/5", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
        ("25.2.1998", DAY(1998, 2, 25), DAY(1998, 2, 25), "day"),
        ("25. 2. 1998", DAY(1998, 2, 25), DAY(1998, 2, 25), "day"),
        ("1998\u060d2\u060d25", DAY(1998, 2, 25), DAY(1998, 2, 25), "day"),
        ("1998\u201302\u201325", DAY(1998, 2, 25), DAY(1998, 2, 25), "day"),
        ("02/25/1998", DAY(1998, 2, 25), DAY(1998, 2, 25), "day"),
        ("5/5/1998", DAY(1998, 5, 5), DAY(1998, 5, 5), "day"),
        ("02/1998", DAY(1998, 2, 1), DAY(1998, 2, 28), "month"),
        ("1990s", DAY(1990, 1, 1), DAY(1999, 12, 31), "decade"),
        ("199x", DAY(1990, 1, 1), DAY(1999, 12, 31), "decade"),
    ],
)
def test_what_is_written_is_what_is_known(
    text: str, earliest: datetime.date, latest: datetime.date, precision: str
) -> None:
    assert parse_date(text) == Dated(earliest, latest, precision)  # type: ignore[arg-type]  # from a table


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1998-02-31", "date_impossible"),
        ("1999-02-29", "date_impossible"),
        ("1998-13", "date_impossible"),
        ("1998-00-01", "date_impossible"),
        ("1849-12-31", "date_too_early"),
        ("0000", "date_too_early"),
        ("2025-01-02", "date_in_future"),
        ("2026", "date_in_future"),
        ("05.02.1998", "date_order_unknown"),
        ("13.13.1998", "date_impossible"),
        ("05.02.98", "date_unreadable"),
        ("1840s", "date_too_early"),
        ("2030s", "date_in_future"),
        ("5 Feb 1998", "date_unreadable"),
        ("98", "date_unreadable"),
        ("1998-02-05T00:00", "date_unreadable"),
        ("", "date_unreadable"),
    ],
)
def test_what_can_not_be_read_names_its_rule(text: str, rule: str) -> None:
    assert parse_date(text, today=DAY(2025, 1, 1)) == rule
    assert parse_birth(text, today=DAY(2025, 1, 1)) == (
        Birth(None, None, "absent"),
        (Problem("birth_date", rule),),
    )


def test_this_year_is_not_the_future() -> None:
    assert isinstance(parse_date("2025", today=DAY(2025, 1, 1)), Dated)
    assert isinstance(parse_date("2025-01-01", today=DAY(2025, 1, 1)), Dated)


@pytest.mark.parametrize("text", ["1998-01-01", "1998-07-01", "1998-12-31"])
def test_registration_artefacts_count_as_their_year(text: str) -> None:
    known = Birth(DAY(1998, 1, 1), DAY(1998, 12, 31), "year", artefact=True)
    assert parse_birth(text) == (known, ())


def test_a_year_alone_is_no_artefact() -> None:
    assert parse_birth("1998")[0].artefact is False
    assert parse_birth("1998-01")[0].artefact is False


@pytest.mark.parametrize("zero", [0x660, 0x6F0, 0x966, 0xFF10])
def test_digits_of_every_script_are_digits(zero: int) -> None:
    digits = {ord("0") + digit: zero + digit for digit in range(10)}
    assert parse_date("1998-02-05".translate(digits)) == parse_date("1998-02-05")
    assert parse_birth(None, "30".translate(digits), "2020".translate(digits)) == parse_birth(
        None, "30", "2020"
    )


@given(told=DAYS, years=st.integers(0, 120))
def test_an_age_is_exactly_the_days_on_which_one_can_be_born(
    told: datetime.date, years: int
) -> None:
    birth, problems = parse_birth(None, str(years), told.isoformat())
    assert problems == ()
    assert birth.precision == "age"
    assert birth.earliest is not None
    assert birth.latest is not None
    one = datetime.timedelta(days=1)
    assert completed_years(birth.earliest, told) == completed_years(birth.latest, told) == years
    assert completed_years(birth.earliest - one, told) == years + 1
    assert completed_years(birth.latest + one, told) == years - 1


def test_an_age_told_in_a_month_is_known_less_well() -> None:
    birth, _ = parse_birth(None, "10", "2020-06")
    assert (birth.earliest, birth.latest) == (DAY(2009, 6, 2), DAY(2010, 6, 30))


@pytest.mark.parametrize(
    ("age", "age_on", "problem"),
    [
        ("121", "2020-01-01", Problem("age", "age_unreadable")),
        ("-1", "2020-01-01", Problem("age", "age_unreadable")),
        ("about 30", "2020-01-01", Problem("age", "age_unreadable")),
        ("7.5", "2020-01-01", Problem("age", "age_unreadable")),
        ("30", None, Problem("age", "age_without_day")),
        ("30", "yesterday", Problem("age_on", "date_unreadable")),
        ("30", "2030-01-01", Problem("age_on", "date_in_future")),
    ],
)
def test_an_age_that_can_not_be_used_says_so(
    age: str, age_on: str | None, problem: Problem
) -> None:
    birth, problems = parse_birth(None, age, age_on, today=DAY(2025, 1, 1))
    assert birth.precision == "absent"
    assert problem in problems


def test_a_whole_number_as_spreadsheets_write_it_is_an_age() -> None:
    assert parse_birth(None, "30.0", "2020-01-01") == parse_birth(None, "30", "2020-01-01")


def test_the_age_counts_where_the_date_does_not() -> None:
    birth, problems = parse_birth("1998-02-31", "22", "2020-06-01")
    assert birth == parse_birth(None, "22", "2020-06-01")[0]
    assert problems == (Problem("birth_date", "date_impossible"),)


def test_the_date_counts_before_the_age() -> None:
    assert parse_birth("1998-02-05", "what", "ever") == parse_birth("1998-02-05")


@pytest.mark.parametrize(
    ("text", "calendar", "earliest", "latest", "precision"),
    [
        ("1998-02-05", " Gregorian ", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
        ("1418-10-08", "hijri", DAY(1998, 2, 5), DAY(1998, 2, 6), "day"),
        ("1418-10", "hijri", DAY(1998, 1, 29), DAY(1998, 2, 27), "month"),
        ("1418", "hijri", DAY(1997, 5, 7), DAY(1998, 4, 27), "year"),
        ("16/11/1376", "solar-hijri", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
        ("137x", "solar-hijri", DAY(1991, 3, 21), DAY(2001, 3, 20), "decade"),
        ("28.5.1990", "ethiopian", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
        ("5758-11-09", "hebrew", DAY(1998, 2, 5), DAY(1998, 2, 5), "day"),
    ],
)
def test_dates_of_other_calendars_are_the_days_they_can_be(
    text: str, calendar: str, earliest: datetime.date, latest: datetime.date, precision: str
) -> None:
    known = Birth(earliest, latest, precision)  # type: ignore[arg-type]  # from a table
    assert parse_birth(text, calendar=calendar) == (known, ())


@pytest.mark.parametrize(
    ("text", "calendar", "rule"),
    [
        ("1418-10-08", "martian", "calendar_not_supported"),
        ("1998-10-08", "hijri", "date_in_future"),
        ("1200-10-08", "hijri", "date_too_early"),
        ("15/13/5500", "hebrew", "date_too_early"),
        ("13/5/1990", "ethiopian", "date_order_unknown"),
        ("9999-01-02", "ethiopian", "date_impossible"),
    ],
)
def test_other_calendars_have_the_same_rules(text: str, calendar: str, rule: str) -> None:
    birth, problems = parse_birth(text, calendar=calendar, today=DAY(2025, 1, 1))
    assert birth == ABSENT
    assert problems == (Problem("birth_date", rule),)


@pytest.mark.parametrize(
    ("text", "calendar", "earliest", "latest"),
    [
        ("1418-01-01", "hijri", DAY(1997, 5, 7), DAY(1998, 4, 27)),
        ("1376-01-01", "solar-hijri", DAY(1997, 3, 21), DAY(1998, 3, 20)),
        ("1990-01-01", "ethiopian", DAY(1997, 9, 11), DAY(1998, 9, 10)),
        ("5758-07-01", "hebrew", DAY(1997, 10, 2), DAY(1998, 9, 20)),
    ],
)
def test_the_first_day_of_a_year_counts_as_that_year_of_its_calendar(
    text: str, calendar: str, earliest: datetime.date, latest: datetime.date
) -> None:
    known = Birth(earliest, latest, "year", artefact=True)
    assert parse_birth(text, calendar=calendar) == (known, ())


def test_the_artefacts_of_one_calendar_are_days_like_others_in_another() -> None:
    assert parse_birth("1418-07-01", calendar="hijri")[0].precision == "day"
    assert parse_birth("5758-01-01", calendar="hebrew")[0].precision == "day"


@pytest.mark.parametrize(
    ("text", "order", "written"),
    [
        ("5/2/1998", "dmy", "1998-02-05"),
        ("5/2/1998", "mdy", "1998-05-02"),
        ("\u0660\u0665.\u0660\u0662.\u0661\u0669\u0669\u0668", "dmy", "1998-02-05"),
        ("25/2/1998", "mdy", "1998-25-02"),  # says what the file says: there is no such day
        ("1998-02-05", "dmy", "1998-02-05"),
        ("02/1998", "dmy", "02/1998"),
        ("5 Feb 1998", "dmy", "5 Feb 1998"),
    ],
)
def test_a_stated_order_is_taken_at_its_word(text: str, order: str, written: str) -> None:
    assert year_first(text, order) == written


def test_an_age_may_be_a_range() -> None:
    birth, problems = parse_birth(None, "35-45", "2020-06-01")
    assert problems == ()
    assert (birth.earliest, birth.latest) == (DAY(1974, 6, 2), DAY(1985, 6, 1))
    assert parse_birth(None, "45-35", "2020-06-01")[1] == (Problem("age", "age_unreadable"),)


CELLS = st.none() | st.text()


@given(birth_date=CELLS, age=CELLS, age_on=CELLS, calendar=CELLS)
def test_no_text_raises_and_every_problem_is_a_rule(
    birth_date: str | None, age: str | None, age_on: str | None, calendar: str | None
) -> None:
    birth, problems = parse_birth(birth_date, age, age_on, calendar, today=DAY(2025, 1, 1))
    assert all(problem.rule in RULES for problem in problems)
    assert (birth.earliest is None) == (birth.latest is None) == (birth.precision == "absent")


@given(
    st.from_regex(r"\A\d{4}(-\d{2}){0,2}\Z|\A(\d{1,2}/){0,2}\d{4}\Z|\A\d{3}(0s|x)\Z"),
    st.sampled_from(list(CALENDARS.values())),
)
def test_no_date_shaped_text_raises(text: str, calendar: Calendar) -> None:
    dated = parse_date(text, calendar=calendar)
    assert dated in RULES if isinstance(dated, str) else dated.earliest <= dated.latest


@given(
    st.from_regex(r"\A(18[45]|19\d|20[01])\d-(0[0-9]|1[0-3])-[0-3]\d\Z")
    | st.sampled_from(["1998-W0-11", "1998-W05-2", "19980205", "0000-01-01", "0001-01-01"]),
    st.none() | st.dates(DAY(1990, 1, 1), DAY(2010, 12, 31)),
)
def test_the_usual_way_of_writing_says_what_any_other_does(
    text: str, today: datetime.date | None
) -> None:
    assert parse_date(text, today=today) == parse_date(f" {text}", today=today)
