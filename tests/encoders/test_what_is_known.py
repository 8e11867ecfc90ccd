"""What the byte of knowledge says of a record, and that it says no more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.knowledge import knowledge_of
from encoders.records import Records
from matcher.formats.knowledge import KINDS, level_of


def known(**cells: Any) -> dict[str, int]:
    """What is known of one record, without what is not."""
    codes = knowledge_of(Records.from_rows([cells, {}], role="sought"))
    assert codes[1] == 0
    levels = {kind: int(level_of(codes[:1], kind)[0]) for kind in KINDS}
    return {kind: level for kind, level in levels.items() if level}


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        ({"given_name": "Amina"}, 1),
        ({"given_name": "Amina", "family_name": "Haddad"}, 2),
        ({"given_name": "أمينة محمد علي حداد"}, 3),
        ({"given_name": "Amina M."}, 1),  # an initial is no part
        ({"given_name": "M."}, 1),  # unless there is nothing else
        ({"given_name": "Bint al-Hassan"}, 1),  # nor is a particle
        ({"given_name": "Jean-Paul"}, 2),
        ({"given_name": "李小龙"}, 2),
        ({"given_name": "Amina", "other_names": "Mina Minnie Nini"}, 1),
        ({"other_names": "Mina"}, 1),
        ({"mother_name": "Fatima Zahra"}, 0),
    ],
)
def test_parts_of_ones_own_name(cells: dict[str, str], parts: int) -> None:
    assert known(**cells).get("name", 0) == parts


@pytest.mark.parametrize(
    ("cells", "level"),
    [
        ({"birth_date": "1998-02-05"}, 3),
        ({"birth_date": "1998-01-01"}, 2),  # a day that stands for its year
        ({"birth_date": "1998-02"}, 2),
        ({"birth_date": "1998"}, 2),
        ({"birth_date": "1990s"}, 1),
        ({"age": "33", "age_on": "2024-01-01"}, 1),
        ({"birth_date": "soon"}, 0),
    ],
)
def test_births(cells: dict[str, str], level: int) -> None:
    assert known(**cells).get("birth", 0) == level


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"sex": "Female"}, "sex"),
        ({"birth_place": "Homs"}, "place"),
        ({"residence": "Homs"}, "place"),
        ({"last_seen_place": "Homs"}, "place"),
        ({"mother_name": "Fatima"}, "mother"),
        ({"nationality": "SYR"}, "nationality"),
    ],
)
def test_flags(cells: dict[str, str], kind: str) -> None:
    assert known(**cells) == {kind: 1}


@pytest.mark.parametrize(
    "cells",
    [{"sex": "?"}, {"language": "ar"}, {"last_seen_date": "2014-02-03"}, {"relation": "son"}],
)
def test_what_is_not_compared_is_not_known(cells: dict[str, str]) -> None:
    assert known(**cells) == {}


@given(st.lists(st.text(min_size=1, max_size=30), max_size=6))
def test_any_text_is_taken(names: list[str]) -> None:
    rows = [{"given_name": name, "birth_date": name, "sex": name} for name in names]
    assert len(knowledge_of(Records.from_rows(rows, role="sought"))) == len(rows)
