# ruff: noqa: RUF001 - letters that look alike are what these tests are about
"""What holds of every view of names, whatever is written."""

import unicodedata
from typing import Literal, get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from encoders.names import Name
from encoders.names.pieces import pieces
from encoders.records import Records
from encoders.tokens import Vocabulary
from encoders.views import VIEWS

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
# The first views' own tests are in `test_names`.
OWN = [view for view in VIEWS if view.startswith("name.") and view not in (
    "name.bigrams/1", "name.skeleton/1", "name.phonetic/1"
)]  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WORDS = (
    "Olena", "Kovalenko", "محمد", "الخطيب", "عبد", "Юлія", "Шевченко", "Γεώργιος", "יעקב", "ተስፋዬ",
    "Հակոբ", "ნინო", "मोहन", "মোহন", "김", "철민", "李", "小明", "ゆき", "สมชาย", "အောင်", "José",
    "Müller", "Nováková", "O'Neill", "Đặng", "ﻣﺤﻤﺪ",
)  # fmt: skip
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202e\u2066\u2069\ufeff\u00ad"


def tokens(view: str, text: str) -> set[str]:
    return set(VIEWS[view](Name(text)))


def all_tokens(text: str) -> list[set[str]]:
    return [tokens(view, text) for view in OWN]


@settings(deadline=None)  # the first call compiles and loads
@given(ANY_TEXT)
def test_any_string_gives_the_same_tokens_each_time_and_none_is_empty(text: str) -> None:
    found = all_tokens(text)
    assert found == all_tokens(text)
    assert all(token for of_view in found for token in of_view)


@settings(deadline=None)
@given(NAMES)
def test_what_pieces_are_made_of_is_made_into_the_same_pieces(words: list[str]) -> None:
    found = pieces(" ".join(words))
    again = pieces(" ".join(found))
    assert pieces(" ".join(again)) == again


@settings(deadline=None)
@given(NAMES, st.sampled_from([str.upper, str.lower, str.title, str.casefold]))
def test_case_changes_nothing(words: list[str], cased: object) -> None:
    name = " ".join(words)
    written = cased(name) if callable(cased) else name
    assert all_tokens(str(written)) == all_tokens(name)


@settings(deadline=None)
@given(NAMES, st.sampled_from(get_args(Form)))
def test_normal_forms_and_presentation_forms_change_nothing(words: list[str], form: Form) -> None:
    name = " ".join(words)
    assert all_tokens(unicodedata.normalize(form, name)) == all_tokens(name)


@settings(deadline=None)
@given(NAMES, st.sampled_from(INVISIBLE))
def test_invisible_marks_change_nothing(words: list[str], mark: str) -> None:
    name = " ".join(words)
    assert all_tokens(mark.join(name)) == all_tokens(name)


@settings(deadline=None)
@given(st.lists(st.sampled_from([w for w in WORDS if w != "عبد"]), min_size=2, max_size=4))
def test_the_order_of_names_changes_nothing(words: list[str]) -> None:
    assert all_tokens(" ".join(words)) == all_tokens(" ".join(reversed(words)))


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Lu", "Ll", "Lt", "Lm", "Lo", "M"])))
def test_what_has_no_letters_has_no_tokens(text: str) -> None:
    assume(not any(map(str.isalpha, unicodedata.normalize("NFKC", text))))  # ㉠ has one
    assert not any(all_tokens(text))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Oлeнa", "Олена"),
        ("Bасиль", "Василь"),
        ("Пeтpo", "Петро"),
        ("Ivаn", "Ivan"),
        ("Μaρία", "Μαρία"),
        ("علي", "على"),
        ("كريم", "کریم"),
        ("ﻣﺤﻤﺪ", "محمد"),
        ("محمـــد", "مُحَمَّد"),
    ],
)
def test_letters_that_look_alike_change_nothing(written: str, meant: str) -> None:
    assert all_tokens(written) == all_tokens(meant)


def of_person(view: str, **cells: str) -> set[str]:
    """The tokens of one person's own name."""
    table = Records.from_rows([{"record_id": "R1", **cells}], role="sought").table
    found = Vocabulary([("name", view)]).tokenise(table).tokens["name", view]
    return {found.distinct[token] for token in found.of(0).tolist()}


@pytest.mark.parametrize("view", OWN)
def test_swapped_names_meet_and_a_chain_has_the_names_of_its_columns(view: str) -> None:
    person = of_person(view, given_name="Olena", family_name="Kovalenko")
    assert person == of_person(view, given_name="Kovalenko", family_name="Olena")
    chain = of_person(view, given_name="Maxamed Cali Warsame")
    assert chain == of_person(
        view, given_name="Maxamed", father_name="Cali", grandfather_name="Warsame"
    )


@pytest.mark.parametrize("view", OWN)
def test_a_chain_that_skips_a_generation_and_an_earlier_name_have_their_part(view: str) -> None:
    chain = of_person(view, given_name="Maxamed", father_name="Cali", family_name="Warsame")
    assert of_person(view, given_name="Maxamed", family_name="Warsame") <= chain
    married = of_person(view, given_name="Olena", family_name="Shevchenko", other_names="Kovalenko")
    assert of_person(view, given_name="Olena", family_name="Kovalenko") <= married
