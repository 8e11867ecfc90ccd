# ruff: noqa: RUF001 - letters that look alike are what these tests are about
"""Pieces of names: what must change nothing, and what must meet."""

import re
import unicodedata
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.names import romanised
from encoders.names.pieces import (
    _ENDINGS,
    _JOINED,
    _LATIN,
    _PARTICLES,
    _pieces_of,
    _plain_ending,
    _word,
    folded,
    pieces,
    pieces_of_word,
    without_article,
)

UNHURRIED = settings(deadline=None)  # a busy machine halts a test at any place
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LETTERS = "abcşéöñабвгїёαβγςابتثأةیעםשሀለअकি가나李ゆユ"
WOMENS_ENDINGS = (
    "ova eva ov ev ovaya inaya ina ná vá iova ska skaya skaja skaia sky skii skiy skij skyj skyi "
    "sjká ski cka ovna evna ivna ова ева ина іна ый ский скии скіи цкая ська цка цкі івна овна x"
)
NAMES = st.text(st.sampled_from(LETTERS + "  -'"), min_size=1, max_size=25)


@UNHURRIED
@given(ANY_TEXT)
def test_any_string_has_pieces_and_their_letters_are_a_to_z(text: str) -> None:
    for piece in pieces(text):
        assert piece
        assert re.fullmatch("[a-z]*", romanised(piece))


@UNHURRIED
@given(NAMES)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@UNHURRIED
@given(st.text(st.characters(max_codepoint=127), max_size=20))
def test_ascii_is_folded_as_all_letters_are(text: str) -> None:
    """A letter beyond ASCII leads the long way, and is a word of its own."""
    assert folded(f"{text} é") == f"{folded(text)} é".strip()


@UNHURRIED
@given(st.from_regex("[A-Za-z]+", fullmatch=True) | st.sampled_from(["Abd", "AL", "Din", "ova"]))
def test_a_word_of_ascii_letters_is_folded_as_any_word_is(written: str) -> None:
    (word,) = folded(without_article(written)).split()
    assert _word(written).folded == (word,)
    found = pieces_of_word(written)
    if word in _JOINED:
        assert found is None
    else:
        assert found == tuple(p for p in map(_plain_ending, [word]) if p not in _PARTICLES)


@UNHURRIED
@given(
    st.text(st.sampled_from("abdulnosevkaаоевнинібдعبال"), max_size=6),
    st.sampled_from(WOMENS_ENDINGS.split()),
)
def test_every_ending_is_seen(stem: str, ending: str) -> None:
    """Against all rules, one after the other."""
    word = expected = stem + ending
    if len(word) >= 6:
        for pattern, plain in _ENDINGS:
            expected = pattern.sub(plain, expected)
    assert _plain_ending(word) == expected


@UNHURRIED
@given(NAMES)
def test_case_and_composition_change_nothing(text: str) -> None:
    expected = pieces(text)
    assert pieces(unicodedata.normalize("NFD", text)) == expected
    assert pieces(text.lower()) == pieces(text.upper().lower())


@UNHURRIED
@given(NAMES, st.sampled_from("\u200b\u200e\u200f\u202e\u2066\ufeff\u00ad"))
def test_invisible_characters_change_nothing(text: str, mark: str) -> None:
    assert pieces(mark.join(text)) == pieces(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("محمد عبد الرحمن الخطيب", "محمّد عبدالرحمن خطيب"),
        ("Salah al-Din", "Salah Al Din"),
        ("Abd al-Rahman", "Abdul Rahman"),
        ("Najib Ullah", "Najibullah"),
        ("نجیب الله", "نجيب‌الله"),
        ("Mohamed bin Salman", "Mohamed Salman"),
        ("Петровская", "Петровский"),
        ("Ольга Ивановна", "Ольга Иванович"),
        ("Nováková", "Novákova"),
        ("cheol-min", "Cheolmin"),
        ("ゆうき", "ユウキ"),
        ("Ζουράμπ", "ζουραμπ"),
    ],
)
def test_one_name_written_in_two_ways_has_the_same_letters(one: str, other: str) -> None:
    def letters(name: str) -> list[str]:
        return [romanised(piece) for piece in pieces(name)]

    assert set(letters(one)) & set(letters(other))
    assert letters(one)[-1] == letters(other)[-1]


def test_an_alef_with_hamza_is_no_article() -> None:
    assert pieces("إلخان") == ("الخان",)
    assert pieces("الخطيب") == ("خطيب",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("김철민", ("김", "김철민", "철민")),
        ("남궁민수", ("남궁", "남궁민수", "민수")),
        ("김 철민", ("김", "철민")),
        ("철민", ("철민",)),
        ("王小明", ("王", "王小明", "小明")),
        ("欧阳修", ("欧阳", "欧阳修", "修")),
        ("小明", ("小明",)),
        ("田中角栄", ("田中", "田中角栄", "角栄")),
        ("李", ("李",)),
    ],
)
def test_a_full_name_written_as_one_word_has_its_parts_too(
    name: str, expected: tuple[str, ...]
) -> None:
    assert pieces(name) == expected


def test_a_vowel_sign_of_two_is_no_accent() -> None:
    assert pieces("മോഹൻ") == ("മോഹൻ",)
    assert pieces("মোহন") == ("মোহন",)


def test_a_name_of_particles_alone_keeps_them() -> None:
    assert pieces("de la") == ("de", "la")


@pytest.mark.parametrize(
    ("piece", "letters"),
    [
        ("सुदर्शन", "sudarshan"),
        ("μπαμπησ", "bampis"),
        ("ղուղուրլյան", "ghughurlyan"),
        ("મોહન", "mohan"),
        ("মোহাম্মদ", "mohammad"),
        ("แสงดาว", "saengdaw"),
        ("အောင်ဆန်းစုကြည်", "aungsansukyi"),
        ("ジョージ", "joji"),
        ("佐々木", "zuozuomu"),
    ],
)
def test_letters_that_are_read_together(piece: str, letters: str) -> None:
    assert romanised(piece) == letters


WRITTEN = [
    *("abd", "al", "el-din", "din", "Umm", "عبد", "الله", "ال", "ابو", "абдул", "Kim", "김철민"),
    *("الخطيب", "\u0301", "\u00b4", "\u0308a", "cheol-min", "a\u200c", "Новакова", "Öz", "-"),
]
SPACED = st.lists(
    st.sampled_from(WRITTEN)
    | st.text(st.sampled_from(LETTERS + "-'\u00a0\u0301\u0640"), max_size=6),
    max_size=5,
).map(" ".join)


@UNHURRIED
@given(SPACED)
def test_a_name_is_folded_word_by_word_as_it_is_as_a_whole(name: str) -> None:
    assert folded(without_article(name)).split() == [
        word for written in name.split(" ") for word in folded(without_article(written)).split()
    ]


@UNHURRIED
@given(SPACED)
def test_pieces_against_all_words_put_together(name: str) -> None:
    words = [folded_word for word in map(_word, name.split(" ")) for folded_word in word.folded]
    assert pieces(name) == _pieces_of(words)


LATIN = [letter for letter in map(chr, range(0x250)) if _LATIN.fullmatch(letter)]


def test_latin_letters_are_folded_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are with the long way that any other word takes."""
    words = [*LATIN, *("".join(pair) for pair in product(LATIN, LATIN[52:])), "Traoré", "ĽUBICA"]
    quickly = [*map(pieces_of_word, words)]
    monkeypatch.setattr("encoders.names.pieces._LATIN", re.compile("(?!)"))
    assert quickly == [*map(pieces_of_word, words)]


@UNHURRIED
@given(st.text(LATIN, min_size=1, max_size=12))
def test_words_of_latin_letters_are_folded_as_ever(word: str) -> None:
    quickly = pieces_of_word(word), pieces(word)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("encoders.names.pieces._LATIN", re.compile("(?!)"))
        assert (pieces_of_word(word), pieces(word)) == quickly
