"""Each view's tokens, from cells to tokens, and what an absent value gives."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.views import ATTRIBUTES, VIEWS
from matcher.formats.scheme import Scheme, published

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
ANY_CELL = st.none() | st.from_regex(r"[0-9]{1,4}(-[0-9]{2}){0,2}") | ANY_TEXT


def tokens(view: str, *cells: str | None) -> list[str]:
    """The tokens of one cell, or of all cells of an attribute that reads them together."""
    attribute = ATTRIBUTES[view.split(".", maxsplit=1)[0]]
    missing = 0 if attribute.pooled else len(attribute.columns) - len(cells)
    given_cells = (*cells, *[None] * missing)
    return list(VIEWS[view](attribute.read(*given_cells)))


@pytest.mark.parametrize(
    ("view", "cells", "expected"),
    [
        ("name.bigrams/1", ["Ana"], ["_a", "an", "na", "a_"]),
        ("name.skeleton/1", ["Mohammed"], ["_M", "MT", "T_"]),
        ("name.phonetic/1", ["Smith Schmidt"], ["SM0", "SXMTT"]),
        ("birth.year/1", ["1998-02-05"], ["1998"]),
        ("birth.near_year/1", ["1998-02-05"], ["1997", "1998", "1999"]),
        ("birth.year_digits/1", ["1998-02-05"], ["tens 9", "ones 8"]),
        ("birth.month/1", ["1998-02-05"], ["2"]),
        ("birth.day/1", ["1998-02-05"], ["5"]),
        ("birth.day_and_month/1", ["1998-02-05"], ["2 5"]),
        ("birth.day_and_month/1", ["1998-05-02"], ["2 5"]),
        # What is not known has no token.
        ("birth.month/1", ["1998-02"], ["2"]),
        ("birth.day/1", ["1998-02"], []),
        ("birth.month/1", ["1998"], []),
        ("birth.year_digits/1", ["1998"], ["tens 9", "ones 8"]),
        # 1 January usually stands for a day that is not known.
        ("birth.day/1", ["1998-01-01"], []),
        ("birth.month/1", ["1998-07-01"], []),
        ("birth.year/1", ["1998-12-31"], ["1998"]),
        # An age is an interval of years, none of which is known.
        ("birth.year/1", [None, "10", "2008-06-15"], ["1997", "1998"]),
        ("birth.near_year/1", [None, "10", "2008-06-15"], ["1996", "1997", "1998", "1999"]),
        ("birth.year_digits/1", [None, "10", "2008-06-15"], []),
        ("birth.day_month/1", ["1998-02-05"], ["2-5"]),
        ("birth.day_month/1", ["1998-05-02"], ["5-2"]),
        ("birth.day_month/1", ["1998-02"], []),
        ("sex.code/1", ["Female"], ["f"]),
        ("sex.code/1", ["unknown"], []),
        ("place.bigrams/1", ["St 9"], ["_s", "st", "t_", "_9", "9_"]),
        ("place.bigrams/2", ["St ٩"], ["_s", "st", "t_", "_9", "9_"]),
        ("place.bigrams/2", ["Sana'a"], ["_s", "sa", "an", "na", "aa", "a_"]),
    ],
)
def test_tokens(view: str, cells: list[str | None], expected: list[str]) -> None:
    assert tokens(view, *cells) == expected


@pytest.mark.parametrize("cell", ["1998-02", "1998", "1998-01-01", "1998-02-31", "x", None])
def test_a_day_that_is_not_known_leaves_the_pass_of_whole_dates(cell: str | None) -> None:
    assert ATTRIBUTES["birth_day"].read(cell, None, None, None).precision == "absent"


def test_a_whole_date_is_read_alike_in_both_attributes() -> None:
    cells = ("1998-02-05", None, None, None)
    assert ATTRIBUTES["birth_day"].read(*cells) == ATTRIBUTES["birth"].read(*cells)


@pytest.mark.parametrize("name", ATTRIBUTES)
@settings(deadline=None)  # the first call compiles and loads
@given(cells=st.lists(ANY_CELL, min_size=4, max_size=4), text=ANY_TEXT)
def test_no_string_is_too_strange(name: str, cells: list[str | None], text: str) -> None:
    attribute = ATTRIBUTES[name]
    value = attribute.read(text) if attribute.pooled else attribute.read(*cells)
    for view, made in VIEWS.items():
        if view.split(".", maxsplit=1)[0] == name:
            assert all(isinstance(token, str) and token for token in made(value))


def views_of(schemes: Iterable[str]) -> set[str]:
    return {
        view.name
        for label in schemes
        for part in Scheme.published(label).passes
        for attribute in part.attributes
        for view in attribute.views
    }


def test_every_published_scheme_finds_its_attributes_and_views() -> None:
    assert views_of(published()) <= VIEWS.keys()
    for label in published():
        for part in Scheme.published(label).passes:
            assert {attribute.name for attribute in part.attributes} <= ATTRIBUTES.keys()
