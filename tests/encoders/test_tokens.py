"""From a table to each record's tokens, against sets record by record."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.distinct import ManyAtOnce
from encoders.names import Spelling
from encoders.records import Records
from encoders.tokens import Tokens, Vocabulary
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


def attribute_of(view: str) -> str:
    return view.split(".", maxsplit=1)[0]


def tokens_of(records: Records, view: str) -> Tokens:
    """The tokens of records under one view, for which a vocabulary is made."""
    name = attribute_of(view)
    return Vocabulary([(name, view)]).tokenise(records.table).tokens[name, view]


def by_record(tokens: Tokens) -> list[list[str]]:
    offsets, ids = tokens.end_to_end()
    found = [[tokens.distinct[i] for i in ids[a:b]] for a, b in pairwise(offsets.tolist())]
    assert found == [[tokens.distinct[i] for i in tokens.of(row)] for row in range(len(found))]
    return found


def oracle(row: dict[str, str | None], view: str) -> set[str]:
    attribute = ATTRIBUTES[attribute_of(view)]
    cells = [(row.get(name) or "").strip() and row[name] for name in attribute.columns]
    if attribute.pooled:
        return {t for cell in cells if cell for t in VIEWS[view](attribute.read(cell))}
    return set(VIEWS[view](attribute.read(*(cell or None for cell in cells))))


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_a_record_has_the_tokens_of_all_its_values_each_once(
    rows: list[dict[str, str | None]],
) -> None:
    records = Records.from_rows(rows, role="sought")
    for view in VIEWS:
        tokens = tokens_of(records, view)
        assert len(tokens.distinct) == len(set(tokens.distinct))
        found = by_record(tokens)
        assert [sorted(record) for record in found] == [sorted(oracle(row, view)) for row in rows]


@settings(deadline=None, max_examples=20)
@given(ROWS, ROWS)
def test_what_came_before_changes_nothing(
    earlier: list[dict[str, str | None]], rows: list[dict[str, str | None]]
) -> None:
    """All views in one vocabulary, chunk after chunk, against one of its own for each."""
    vocabulary = Vocabulary((attribute_of(view), view) for view in VIEWS)
    vocabulary.tokenise(Records.from_rows(earlier, role="sought").table)
    records = Records.from_rows(rows, role="sought")
    made = vocabulary.tokenise(records.table)
    assert made.failed == {}
    for (_, view), tokens in made.tokens.items():
        assert by_record(tokens) == by_record(tokens_of(records, view))


def test_values_that_changed_columns_give_the_same_tokens() -> None:
    rows = [
        {"given_name": "Ana María", "family_name": "Cruz"},
        {"given_name": "Cruz", "other_names": "María Ana"},
    ]
    records = Records.from_rows(rows, role="sought")
    for view in ("name.bigrams/1", "name.skeleton/1", "name.phonetic/1"):
        first, second = by_record(tokens_of(records, view))
        assert sorted(first) == sorted(second)


def test_an_absent_attribute_has_no_tokens() -> None:
    records = Records.from_rows([{"given_name": "Ana"}] * 3, role="sought")
    for view in VIEWS:
        if "given_name" not in ATTRIBUTES[attribute_of(view)].columns:
            assert by_record(tokens_of(records, view)) == [[], [], []]


@pytest.mark.parametrize("view", VIEWS)
def test_no_records_at_all(view: str) -> None:
    assert by_record(tokens_of(Records.from_rows([], role="sought"), view)) == []


def test_each_value_is_read_once_and_each_part_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over chunks, columns and attributes: name and mother read alike, and share their parts."""
    seen: list[str] = []

    def tokens(part: str) -> list[str]:
        seen.append(part)
        return [part]

    view = VIEWS["name.bigrams/1"]
    monkeypatch.setitem(VIEWS, "name.bigrams/1", replace(view, tokens=tokens))
    rows = [
        {"given_name": "Ana", "mother_name": "Ana Cruz"},
        {"family_name": "Cruz Ana", "given_name": "Cruz"},
    ]
    vocabulary = Vocabulary([("name", "name.bigrams/1"), ("mother", "name.bigrams/1")])
    for row in (*rows, *rows):
        vocabulary.tokenise(Records.from_rows([row], role="sought").table)
    assert seen == ["ana", "cruz"]
    assert len(vocabulary) == 4


def test_views_of_one_reading_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def read(piece: str) -> Spelling:
        seen.append(piece)
        return Spelling.of(piece)

    labels = ("name.bigrams/2", "name.skeleton/2", "name.phonetic/2", "name.whole_skeleton/1")
    for label in labels:
        monkeypatch.setitem(VIEWS, label, replace(VIEWS[label], read=read))
    vocabulary = Vocabulary([("name", label) for label in labels])
    for _ in range(2):
        vocabulary.tokenise(Records.from_rows([{"given_name": "Ana Cruz"}], role="sought").table)
    assert seen == ["ana", "cruz"]


@pytest.mark.parametrize("breaks", ["tokens", "parts", "read"])
def test_a_value_that_breaks_a_view_is_told_by_column_and_row(
    breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = VIEWS["name.bigrams/1"]

    def broken(thing: object) -> list[str]:
        text = thing if isinstance(thing, str) else "".join(thing.parts)  # type: ignore[attr-defined]  # a Name
        if "zz" in text:
            raise LookupError(text)
        return [text]

    monkeypatch.setitem(VIEWS, "name.bigrams/1", replace(view, **{breaks: broken}))
    vocabulary = Vocabulary([("name", "name.bigrams/1"), ("mother", "name.bigrams/1")])
    rows = [
        {"given_name": "Ana", "family_name": "Cruz"},
        {"given_name": "Ana", "family_name": "Zzyzx"},
        {"given_name": "Zzyzx", "mother_name": "Zzyzx"},
    ]
    for _ in range(2):
        made = vocabulary.tokenise(Records.from_rows(rows, role="sought").table)
        assert {column: where.tolist() for column, where in made.failed.items()} == {
            "family_name": [False, True, False],
            "given_name": [False, False, True],
            "mother_name": [False, False, True],
        }
        found = [set(record) for record in by_record(made.tokens["name", "name.bigrams/1"])]
        assert set() == found[2] < found[1] < found[0]


def test_a_part_that_breaks_the_reading_of_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(part: str) -> str:
        if part == "zz":
            raise LookupError(part)
        return part

    def read_many(parts: Sequence[str]) -> list[str]:
        return [read(part) for part in parts]

    view = replace(VIEWS["name.bigrams/1"], read=ManyAtOnce(read, read_many))
    monkeypatch.setitem(VIEWS, "name.bigrams/1", view)
    rows = [{"given_name": "Ana Zz"}, {"given_name": "Ana"}]
    made = Vocabulary([("name", "name.bigrams/1")]).tokenise(
        Records.from_rows(rows, role="sought").table
    )
    assert made.failed["given_name"].tolist() == [True, False]
    assert [len(record) for record in by_record(made.tokens["name", "name.bigrams/1"])] == [4, 4]


def test_a_value_that_cannot_be_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(cell: str) -> str:
        raise ValueError(cell)

    monkeypatch.setitem(ATTRIBUTES, "sex", replace(ATTRIBUTES["sex"], reader=lambda: broken))
    rows: list[dict[str, str | None]] = [{"sex": "f"}, {"sex": None}]
    made = Vocabulary([("sex", "sex.code/1")]).tokenise(
        Records.from_rows(rows, role="sought").table
    )
    assert made.failed["sex"].tolist() == [True, False]


def test_nothing_of_a_value_shows() -> None:
    table = Records.from_rows([{"given_name": "Canary"}], role="sought").table
    vocabulary = Vocabulary([("name", "name.bigrams/1")])
    made = vocabulary.tokenise(table)
    shown = repr(vocabulary) + repr(made) + repr(made.tokens["name", "name.bigrams/1"])
    assert "anary" not in shown
