"""What the level says of a record under a scheme, and that it says no more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.knowledge import knowledge_of, told_by
from encoders.records import Records
from matcher.formats.knowledge import BITS, Kind
from matcher.formats.scheme import DEFAULT_SCHEME, Attribute, Pass, Scheme, View, published

VIEWS: dict[Kind, str] = {
    "name": "name.bigrams/2",
    "birth": "birth.near_year/1",
    "sex": "sex.code/1",
    "place": "place.bigrams/2",
    "mother": "name.bigrams/2",
    "nationality": "nationality.code/1",
}


def comparing(*kinds: Kind) -> Scheme:
    """A scheme of a pass for each kind of fact."""
    passes = (
        Pass(
            name=f"of_{kind}",
            bits=512,
            floor=0,
            needs=((kind,),),
            attributes=(Attribute(name=kind, views=(View(name=VIEWS[kind], each=2, most=20),)),),
        )
        for kind in kinds
    )
    return Scheme(name="some", version=1, passes=tuple(passes))


ALL = comparing(*VIEWS)


def told(scheme: Scheme = ALL, **cells: Any) -> float:
    """What one record can tell, beside one that holds nothing."""
    found = told_by(Records.from_rows([cells, {}], role="sought"), scheme).tolist()
    assert found[1] == 0
    return float(found[0])


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
    assert told(comparing("name", "birth"), **cells) == BITS["name"][parts]


@pytest.mark.parametrize(
    ("cells", "much"),
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
def test_births(cells: dict[str, str], much: int) -> None:
    assert told(**cells) == BITS["birth"][much]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"sex": "Female"}, "sex"),
        ({"birth_place": "Homs"}, "place"),
        ({"residence": "Homs"}, "place"),
        ({"last_seen_place": "Homs"}, "place"),
        ({"birth_place": "Homs", "residence": "Hama"}, "place"),
        ({"mother_name": "Fatima"}, "mother"),
        ({"nationality": "SYR"}, "nationality"),
    ],
)
def test_what_is_there_or_not(cells: dict[str, str], kind: Kind) -> None:
    assert told(**cells) == BITS[kind][1]
    assert told(comparing(*(one for one in VIEWS if one != kind)), **cells) == 0


@pytest.mark.parametrize(
    "cells",
    [{"sex": "?"}, {"language": "ar"}, {"last_seen_date": "2014-02-03"}, {"relation": "son"}],
)
def test_what_is_not_compared_tells_nothing(cells: dict[str, str]) -> None:
    assert told(**cells) == 0


def test_all_that_a_scheme_compares_adds_up() -> None:
    """Once for each kind, however many of the passes see it."""
    cells = {
        "given_name": "Amina", "family_name": "Haddad", "birth_date": "1998", "sex": "f",
        "birth_place": "Homs", "mother_name": "Fatima", "nationality": "SYR",
    }  # fmt: skip
    by_scheme = {label: told(Scheme.published(label), **cells) for label in published()}
    assert by_scheme == {
        "high/1": 14 + 6.5 + 4 + 6,
        "high/3": 14 + 6.5 + 1 + 4 + 6,
        "high/4": 14 + 6.5 + 1 + 4 + 6 + 2,
        "interop/1": 14 + 6.5 + 1 + 4,
        "standard/1": 14 + 6.5 + 1 + 4 + 6,
        "standard/2": 14 + 6.5 + 1 + 4,
        "standard/3": 14 + 6.5 + 1 + 4 + 6,
    }


@pytest.mark.parametrize(
    ("cells", "level"),
    [
        ({"given_name": "Amina", "birth_date": "1998", "sex": "f"}, 0),
        ({"given_name": "Amina Haddad", "sex": "f", "birth_place": "Homs"}, 0),
        ({"given_name": "Amina", "birth_date": "1998-02-05", "birth_place": "Homs"}, 1),
        ({"given_name": "Amina Haddad", "birth_date": "1998-02-05"}, 2),
    ],
)
def test_levels(cells: dict[str, str], level: int) -> None:
    records = Records.from_rows([cells], role="sought")
    assert knowledge_of(records, Scheme.published(DEFAULT_SCHEME)).tolist() == [level]


@given(st.lists(st.text(min_size=1, max_size=30), max_size=6))
def test_any_text_is_taken(names: list[str]) -> None:
    rows = [{"given_name": name, "birth_date": name, "sex": name} for name in names]
    assert len(knowledge_of(Records.from_rows(rows, role="sought"), ALL)) == len(rows)
