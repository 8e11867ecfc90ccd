"""Places as written to parts: any string, and what must change nothing."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.places import place_parts, place_words, plain_word, words_without_article

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLACES = st.text(
    st.sampled_from("abcdéñøßşžбдйёβγάأإآبتثجدرزسعקהתऔमुंबई北京서울0123456789  ,-/"),  # noqa: RUF001 - scripts
    max_size=30,
)
MARKS = "\u200b\u200e\u200f\u202b\u2067\ufeff\u00ad\u064b\u064e\u0651\u0652\u0640"


@given(ANY_TEXT)
def test_any_string_gives_parts_of_letters_and_digits(text: str) -> None:
    assert all(re.fullmatch("[a-z0-9]+", part) for part in place_parts(text))
    assert all(re.fullmatch("[a-z]*|[0-9]+", plain_word(word)) for word in place_words(text))


@given(PLACES)
def test_case_and_normal_forms_change_nothing(place: str) -> None:
    forms = [unicodedata.normalize(form, place) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    for written in (place.upper(), place.lower(), *forms):
        assert place_parts(written) == place_parts(place)
        assert place_words(written) == place_words(place)


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_ascii_gives_the_words_that_the_long_way_gives(text: str) -> None:
    """A word beyond ASCII leads the long way."""
    assert place_words(f"{text} ж") == (*place_words(text), "ж")


@given(PLACES, st.lists(st.tuples(st.integers(0, 40), st.sampled_from(MARKS)), max_size=5))
def test_invisible_marks_vowel_points_and_tatweel_change_nothing(
    place: str, marks: list[tuple[int, str]]
) -> None:
    letters = list(place)
    for at, mark in marks:
        letters.insert(at % (len(letters) + 1), mark)
    assert place_parts("".join(letters)) == place_parts(place)
    assert place_words("".join(letters)) == place_words(place)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("12 Rue de la Paix, 75002 Paris", ("12", "rue", "de", "la", "paix", "75002", "paris")),
        ("حلب", ("hlb",)),
        ("Al Qamishli", ("al", "qamishli")),
        ("٣ شارع", ("3", "shr")),
        ("", ()),
        (" ,;- ", ()),
    ],
)
def test_parts(place: str, expected: tuple[str, ...]) -> None:
    assert place_parts(place) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sana'a", "Sanaʿa"),
        ("Донецьк", "Донецк"),
        ("القامشلي", "قامشلي"),
        ("Al-Qamishli", "Qamishli"),
        ("Đắk Lắk 5", "dak lak \u0665"),
    ],
)
def test_one_place_written_in_two_ways_has_the_same_words(one: str, other: str) -> None:
    def plain(place: str) -> list[str]:
        return [*map(plain_word, words_without_article(place))]

    assert plain(one) == plain(other)


def test_an_article_alone_remains() -> None:
    assert words_without_article("Al") == ("al",)
