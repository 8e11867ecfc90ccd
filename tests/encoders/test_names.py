"""Names as written to parts and tokens: any string, and what must change nothing."""

import re
import unicodedata
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import names
from encoders.names.first import skeletons

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

LETTERS = (
    "abcdefghijklmnopqrstuvwxyz"
    + "çéñøßığžłþđ'"
    + "абвгдеёжзийклмнопрстуфхцчшщъыьэюяїєіґ"
    + "αβγδεζηθικλμνξοπρστυφχψως"
    + "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآؤئپچژگ"
    + "אבגדהוזחטיכלמנסעפצקרשת"
    + "ሀለሐመሠረሰሸቀበ"
    + "अआइकखगघचजटडतथदनपबमयरलवशसह"
    + "李王张刘陈"
    + "가나다라마"
)
NAMES = st.text(st.sampled_from(LETTERS + "  -"), min_size=1, max_size=25)
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202e\u2066\u2069\ufeff\u00ad\u061c"
HARAKAT = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u0640"


def scattered(text: str, marks: list[tuple[int, str]]) -> str:
    """Put marks among the letters of a text."""
    letters = list(text)
    for place, mark in marks:
        letters.insert(place % (len(letters) + 1), mark)
    return "".join(letters)


def places_of(marks: str) -> st.SearchStrategy[list[tuple[int, str]]]:
    return st.lists(st.tuples(st.integers(0, 60), st.sampled_from(marks)), max_size=6)


@given(ANY_TEXT)
def test_any_string_gives_parts_of_a_to_z(text: str) -> None:
    for part in names.parts(text):
        assert re.fullmatch("[a-z]+", part)
        assert names.bigrams(part)
        for view in (names.bigrams, names.skeleton_pairs, names.phonetic):
            tokens = view(part)
            assert len(set(tokens)) == len(tokens)
            assert all(tokens)


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "'", "-", "123", "\u200f", "\u064e", "!?", "🙂" * 2]
)
def test_what_has_no_letters_stays_within_a_to_z(text: str) -> None:
    assert all(re.fullmatch("[a-z]+", part) for part in names.parts(text))


def test_a_very_long_name() -> None:
    assert names.parts("a" * 10_000) == ("a" * 10_000,)
    assert len(names.parts("ana " * 2_500)) == 2_500


@given(NAMES)
def test_case_changes_nothing(name: str) -> None:
    expected = names.parts(name)
    for written in (name.upper(), name.lower(), name.title()):
        assert names.parts(written) == expected


@given(NAMES)
def test_unicode_normal_forms_change_nothing(name: str) -> None:
    expected = names.parts(name)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert names.parts(unicodedata.normalize(form, name)) == expected


@given(NAMES, places_of(INVISIBLE), st.sampled_from(["NFC", "NFD"]))
def test_invisible_marks_change_nothing(name: str, marks: list[tuple[int, str]], form: str) -> None:
    """Not even between a letter and its accent, where NFC would no longer join the two."""
    written = scattered(unicodedata.normalize(form, name), marks)
    assert names.parts(written) == names.parts(name)


@given(
    st.text(st.sampled_from("ابتثجحخدرزسشعفقكلمنهويأإآ "), min_size=1, max_size=25),
    places_of(HARAKAT),
)
def test_vowel_points_and_tatweel_change_nothing(name: str, marks: list[tuple[int, str]]) -> None:
    assert names.parts(scattered(name, marks)) == names.parts(name)


@pytest.mark.parametrize("apostrophe", "'’‘`´ʼʻʾʿ＇")  # noqa: RUF001 - these are the point
def test_every_apostrophe_is_passed_over(apostrophe: str) -> None:
    assert names.parts(f"O{apostrophe}Brien") == ("obrien",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Maria de la Cruz", ("maria", "cruz")),
        ("Al-Hassan bin Talal", ("hassan", "talal")),
        ("van der Berg", ("berg",)),
        ("Ben", ("ben",)),  # a particle alone is a name
        ("bin al", ("bin", "al")),
        ("محمد الأحمد", ("mhmd", "hmd")),  # the article, and the alef's hamza, leave no sound
        ("José-María", ("jose", "maria")),
        ("Straße", ("strasse",)),
        ("ﬁona", ("fiona",)),
        ("Мохаммед", ("mokhammed",)),
        ("李小龙", ("lixiaolong",)),
    ],
)
def test_parts(name: str, expected: tuple[str, ...]) -> None:
    assert names.parts(name) == expected


def test_bigrams_mark_the_ends() -> None:
    assert names.bigrams("ana") == ("_a", "an", "na", "a_")
    assert names.bigrams("aaaa") == ("_a", "aa", "a_")


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_bigrams_against_a_set(part: str) -> None:
    marked = "_" + part + "_"
    assert set(names.bigrams(part)) == {a + b for a, b in pairwise(marked)}


@pytest.mark.parametrize(
    "spellings",
    [
        ("mohammed", "muhammad", "mohamed", "mhmd"),
        ("yusuf", "yousef", "yosef"),
        ("shukri", "choukri"),
        ("khaled", "halid"),
        ("aisha", "aicha"),
        ("philip", "filip"),
    ],
)
def test_romanisations_of_one_name_share_a_skeleton(spellings: tuple[str, ...]) -> None:
    assert len({names.skeleton(spelling) for spelling in spellings}) == 1


def test_names_that_differ_in_sound_differ_in_skeleton() -> None:
    others = ("mohammed", "yusuf", "shukri", "khaled", "ibrahim", "fatima", "maria", "oleksandr")
    assert len({names.skeleton(name) for name in others}) == len(others)


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=20))
def test_a_skeleton_has_no_sound_twice_in_a_row(part: str) -> None:
    sounds = names.skeleton(part)
    assert set(sounds) <= set("BFKTSJLMNR")
    assert not re.search(r"(.)\1", sounds)


def test_a_part_of_vowels_has_no_skeleton_but_bigrams() -> None:
    assert names.skeleton_pairs("aoi") == ()
    assert names.bigrams("aoi")


@cache
def similar(one: str, other: str) -> float:
    a, b = set(names.bigrams(one)), set(names.bigrams(other))
    return 2 * len(a & b) / (len(a) + len(b))


@pytest.mark.parametrize(("name", "typo", "stranger"), [("hassan", "hasan", "ibrahim")])
def test_a_typing_error_leaves_most_bigrams(name: str, typo: str, stranger: str) -> None:
    assert similar(name, typo) > 0.8 > 0.2 > similar(name, stranger)


@given(st.lists(st.text("abchkstzdjgp", max_size=8), max_size=5))
def test_skeletons_of_many_are_those_of_each(found: list[str]) -> None:
    assert skeletons(found) == [names.skeleton(part) for part in found]
