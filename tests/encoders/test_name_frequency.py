"""How common names are: classes across scripts, and what has none."""

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.names.frequency import frequency_class, frequency_classes


@pytest.mark.parametrize("name", ["Mohammed", "محمد", "MOHAMED", "Мохаммед"])
def test_a_very_common_name_is_one_in_every_script(name: str) -> None:
    assert frequency_class(name, "given") == 0


@pytest.mark.parametrize(
    ("common", "rarer", "kind"),
    [
        ("Maria", "Wendeline", "given"),
        ("Smith", "Throckmorton", "family"),
        ("Ivanov", "Xqzvwplk", "family"),
        ("الخطيب", "ظظغغ", "family"),
        ("Kim", "Kowalczyk", "family"),
    ],
)
def test_a_rarer_name_has_a_higher_class(common: str, rarer: str, kind: str) -> None:
    of_kind = "given" if kind == "given" else "family"
    assert frequency_class(common, of_kind) < frequency_class(rarer, of_kind)


def test_given_and_family_names_are_counted_apart() -> None:
    assert frequency_class("Zhanna", "given") < frequency_class("Zhanna", "family")


def test_of_several_pieces_the_rarest_counts() -> None:
    assert frequency_class("Maria Xqzvwplk", "given") == frequency_class("Xqzvwplk", "given") == 5


@pytest.mark.parametrize("nothing", ["", " ", "123", "?"])
def test_what_has_no_letters_weighs_least(nothing: str) -> None:
    assert frequency_class(nothing, "family") == 0


@settings(deadline=None)  # the first call reads the table
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3))
def test_any_strings_have_classes(parts: list[str]) -> None:
    classes = frequency_classes(parts, "given")
    assert classes.dtype == np.uint8
    assert classes.tolist() == [frequency_class(part, "given") for part in parts]
    assert (classes <= 5).all()


def test_the_table_stays_small() -> None:
    assert len((files("encoders.names") / "frequency-1.npz").read_bytes()) < 1_000_000
