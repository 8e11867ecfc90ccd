"""The learned views of names: sounds and the lexicon."""

import unicodedata
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.names import Name, lexicon, sound_model
from encoders.names.known import key_of, to_planes
from encoders.names.sounds import ngrams
from encoders.views import VIEWS

NEW_VIEWS = (
    "name.bigrams/2",
    "name.skeleton/2",
    "name.phonetic/2",
    "name.whole_skeleton/1",
    "name.sounds/1",
    "name.lexicon/1",
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def tokens(view: str, name: str) -> set[str]:
    return set(VIEWS[view](Name(name)))


def likeness(one: str, other: str) -> float:
    here, there = tokens("name.sounds/1", one), tokens("name.sounds/1", other)
    return 2 * len(here & there) / (len(here) + len(there))


@pytest.mark.parametrize("view", NEW_VIEWS)
@settings(deadline=None)  # the first call compiles and loads
@given(text=ANY_TEXT)
def test_any_string_gives_tokens_the_same_ones_each_time(view: str, text: str) -> None:
    found = list(VIEWS[view](Name(text)))
    assert found == list(VIEWS[view](Name(text)))
    assert all(found)


@pytest.mark.parametrize("view", NEW_VIEWS)
@pytest.mark.parametrize("absent", ["", " ", "123", "-", "\u200f", "'", "\u064e", "!?"])
def test_what_has_no_letters_has_no_tokens(view: str, absent: str) -> None:
    assert not tokens(view, absent)


@pytest.mark.parametrize("view", NEW_VIEWS)
def test_the_order_of_names_changes_nothing(view: str) -> None:
    assert tokens(view, "Olena Kovalenko") == tokens(view, "KOVALENKO olena")


def test_a_piece_has_the_model_s_number_of_units() -> None:
    assert len(tokens("name.sounds/1", "Mohammad")) == sound_model(1).most


def test_units_are_the_strongest_by_plain_arithmetic() -> None:
    model = sound_model(1)
    rows = [model.features[gram] for gram in ngrams("kovalenko") if gram in model.features]
    sums = model.vectors[rows].astype(np.int64).sum(axis=0)
    answers = (sums * 8191 // np.abs(sums).max()) @ model.units.astype(np.int64)
    strongest = np.argsort(-answers, kind="stable")[: model.most]
    assert set(model.units_of("kovalenko")) == set(map(str, strongest))


@pytest.mark.parametrize(
    ("one", "same", "another"),
    [
        ("محمد", "Mohammad", "Mahmoud"),
        ("حسين", "Hussein", "Nasrin"),
        ("Шевченко", "Szewczenko", "Savchuk"),
        ("Юлія", "Yuliya", "Lidia"),
        ("יעקב", "Yaakov", "Akiva"),
        ("Γεώργιος", "Georgios", "Gregorios"),
        ("Հակոբյան", "Hakobyan", "Harutyunyan"),
        ("김", "Kim", "Kang"),
        ("শেখ", "Sheikh", "Sakib"),
    ],
)
def test_scripts_meet_in_sounds(one: str, same: str, another: str) -> None:
    assert likeness(one, same) > likeness(one, another) + 0.1


def test_the_lexicon_knows_a_name_across_scripts_and_not_a_made_up_one() -> None:
    entries = [tokens("name.lexicon/1", name) for name in ("Viktor", "Виктор", "ვიქტორ", "ויקטור")]
    assert set.intersection(*entries)
    assert not tokens("name.lexicon/1", "Xqzvwplk")


def test_the_table_of_the_lexicon_is_sorted_and_survives_packing() -> None:
    table = lexicon(1)
    assert (np.diff(table.keys.astype(np.int64)) >= 0).all()
    assert to_planes(np.array([258], dtype=np.uint32)).tolist() == [[2], [1], [0], [0]]
    assert 0 <= key_of("anna") < 1 << 32


@settings(deadline=None)
@given(ANY_TEXT)
def test_composed_and_decomposed_letters_sound_alike(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert tokens("name.sounds/1", unicodedata.normalize("NFC", text)) == tokens(
        "name.sounds/1", decomposed
    )


@pytest.mark.parametrize("file", ["sounds-1.npz", "lexicon-1.npz"])
def test_tables_stay_small(file: str) -> None:
    assert len((files("encoders.names") / file).read_bytes()) < 1_500_000
