"""Births of many records at once, against `parse_birth` record by record."""

import datetime
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders import birth_columns, births
from encoders.birth_columns import PRECISIONS, BirthReader, Births, birth_of
from encoders.dates import ABSENT, Birth, parse_birth
from encoders.records import Records

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
ISO = st.dates(datetime.date(1846, 1, 1), datetime.date(2101, 12, 31)).map(datetime.date.isoformat)
ENDS = st.builds(
    "{}-{}".format,
    st.integers(1848, 2026),
    st.sampled_from(["01-01", "07-01", "12-31", "02-28", "02-29", "12-30", "01-31", "03-01"]),
)
NEARLY = st.from_regex(r"[0-9]{1,4}([-/][0-9]{1,2}){0,2}[sx ]?", fullmatch=True)
DATE = st.none() | ISO | ENDS | NEARLY | ANY_TEXT
AGE = st.none() | st.integers(-3, 130).map(str) | st.from_regex(r"[0-9]{1,4}[-.]?[0-9]{0,2}")
CALENDAR = st.none() | st.sampled_from(["gregorian", "Gregorian", "hijri", "hebrew", "martian"])
ROWS = st.lists(
    st.fixed_dictionaries({"birth_date": DATE, "age": AGE, "age_on": DATE, "calendar": CALENDAR}),
    max_size=8,
)


def births_in(rows: list[dict[str, str | None]]) -> tuple[Records, Births]:
    records = Records.from_rows(rows, role="sought")
    return records, BirthReader().read(records.table)


def told(row: dict[str, str | None]) -> Birth:
    birth, _ = parse_birth(row["birth_date"], row["age"], row["age_on"], row["calendar"])
    return Birth(birth.earliest, birth.latest, birth.precision)


def made_of(seen: Births) -> list[Birth]:
    return [birth_of(key) for key in seen.keys().tolist()]


@settings(deadline=None, max_examples=400)  # the first call compiles
@given(ROWS)
def test_births_are_read_as_one_by_one(rows: list[dict[str, str | None]]) -> None:
    records, seen = births_in(rows)
    assert made_of(seen) == [told(row) for row in records.table.to_pylist()]
    assert len(seen.keys()) == len(rows)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 121), ISO | ENDS), max_size=30))
def test_ages(ages: list[tuple[int, str]]) -> None:
    records, seen = births_in([{"age": str(age), "age_on": day} for age, day in ages])
    assert made_of(seen) == [told(row) for row in records.table.to_pylist()]


@settings(deadline=None)
@given(ROWS)
def test_what_a_view_looks_at_says_the_same_as_all_of_it(rows: list[dict[str, str | None]]) -> None:
    _, seen = births_in(rows)
    for whole, of_years, of_days, to_the_day in zip(
        *map(made_of, (seen, seen.years(), seen.days(), seen.to_the_day())), strict=True
    ):
        assert births.span(of_years) == births.span(whole)
        assert births.written_span(of_years) == births.written_span(whole)
        assert births.months(of_days) == births.months(whole)
        assert births.days(of_days) == births.days(whole)
        assert to_the_day == (whole if whole.precision == "day" else ABSENT)


def test_days_of_all_years_are_few_values() -> None:
    days = [datetime.date(1900, 1, 2) + datetime.timedelta(days=number) for number in range(40_000)]
    _, seen = births_in([{"birth_date": day.isoformat()} for day in days])
    assert len(set(seen.keys().tolist())) > 39_000
    assert len(set(seen.days().keys().tolist())) <= 366
    assert len(set(seen.years().keys().tolist())) <= 2 * 110


def test_plain_ways_of_writing_are_read_in_columns() -> None:
    """A register of a million has hundreds of thousands of distinct births."""
    rows = [
        {"birth_date": "1998-02-05"},
        {"birth_date": "1998-02-05", "calendar": "gregorian"},
        {"birth_date": "1998-07-01"},
        {"birth_date": "1998-02"},
        {"birth_date": "1998"},
        {"age": "30", "age_on": "2024-02-29"},
        {"sex": "f"},
    ]
    with patch.object(birth_columns, "parse_birth", side_effect=AssertionError):
        _, seen = births_in(rows)
    found = [PRECISIONS[number] for number in seen.precision.tolist()]
    assert found == ["day", "day", "year", "month", "year", "age", "absent"]


def test_each_other_birth_is_read_once_and_a_broken_one_stays_broken() -> None:
    rows = [{"birth_date": "1420-01-09", "calendar": "hijri"}, {"birth_date": "x"}] * 3
    table = Records.from_rows(rows, role="sought").table
    reader = BirthReader()
    with patch.object(birth_columns, "parse_birth", side_effect=[(ABSENT, ()), LookupError]):
        first, again = reader.read(table), reader.read(table)
    assert len(reader) == 2
    assert "1420" not in repr(reader)
    for seen in (first, again, first.years(), first.days(), first.to_the_day()):
        assert (seen.precision < 0).tolist() == [False, True] * 3
        assert np.array_equal(seen.keys() < 0, seen.precision < 0)
