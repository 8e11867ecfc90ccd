"""From a table to each record's tokens, against sets record by record."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.records import Records
from encoders.tokens import Tokens, tokens_of, values_of
from encoders.views import ATTRIBUTES, VIEWS

CELLS = st.none() | st.sampled_from(["Ana", "Ana María", "José", "  ", "9", "Омар", "!"])
DATES = st.none() | st.sampled_from(["1998-02-05", "1998-02", "1998", "1998-01-01", "nonsense"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "given_name": CELLS,
            "family_name": CELLS,
            "other_names": CELLS,
            "residence": CELLS,
            "sex": st.sampled_from([None, "f", "M", "?"]),
            "birth_date": DATES,
            "age": st.sampled_from([None, "30", "x"]),
            "age_on": DATES,
        }
    ),
    max_size=12,
)


def by_record(tokens: Tokens) -> list[list[str]]:
    ends = tokens.offsets.tolist()
    return [[tokens.distinct[i] for i in tokens.ids[start:end]] for start, end in pairwise(ends)]


def oracle(row: dict[str, str | None], view: str) -> set[str]:
    attribute = ATTRIBUTES[view.split(".", maxsplit=1)[0]]
    cells = [(row.get(name) or "").strip() and row[name] for name in attribute.columns]
    if attribute.pooled:
        return {t for cell in cells if cell for t in VIEWS[view](attribute.read(cell))}
    return set(VIEWS[view](attribute.read(*(cell or None for cell in cells))))


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_a_record_has_the_tokens_of_all_its_values_each_once(
    rows: list[dict[str, str | None]],
) -> None:
    table = Records.from_rows(rows, role="sought").table
    for view in VIEWS:
        tokens = tokens_of(values_of(table, view.split(".", maxsplit=1)[0]), view)
        assert len(tokens.distinct) == len(set(tokens.distinct))
        found = by_record(tokens)
        assert [sorted(record) for record in found] == [sorted(oracle(row, view)) for row in rows]


def test_values_that_changed_columns_give_the_same_tokens() -> None:
    rows = [
        {"given_name": "Ana María", "family_name": "Cruz"},
        {"given_name": "Cruz", "other_names": "María Ana"},
    ]
    values = values_of(Records.from_rows(rows, role="sought").table, "name")
    for view in ("name.bigrams/1", "name.skeleton/1", "name.phonetic/1"):
        first, second = by_record(tokens_of(values, view))
        assert sorted(first) == sorted(second)


def test_an_absent_attribute_has_no_tokens() -> None:
    table = Records.from_rows([{"given_name": "Ana"}] * 3, role="sought").table
    for view in VIEWS:
        name = view.split(".", maxsplit=1)[0]
        if name != "name":
            assert by_record(tokens_of(values_of(table, name), view)) == [[], [], []]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_records_at_all(name: str) -> None:
    table = Records.from_rows([], role="sought").table
    values = values_of(table, name)
    assert len(values.codes) == 0
    for view in VIEWS:
        if view.startswith(f"{name}."):
            assert by_record(tokens_of(values, view)) == []


def test_nothing_of_a_value_shows() -> None:
    table = Records.from_rows([{"given_name": "Canary"}], role="sought").table
    values = values_of(table, "name")
    assert "anary" not in repr(values) + repr(tokens_of(values, "name.bigrams/1"))
