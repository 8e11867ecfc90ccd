"""Scripts: what names are written in."""

import pyarrow as pa
import pytest

from encoders.scripts import count_scripts


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("Zoë", {"Latin"}),
        ("محمد", {"Arabic"}),
        ("\ufe8e\ufee0\ufecb", {"Arabic"}),  # presentation forms
        ("Д\u02bcяк", {"Cyrillic"}),  # its apostrophe is a modifier letter
        ("王小明", {"Han"}),
        ("さくら", {"Hiragana"}),
        ("\uff83\uff9e\uff7d", {"Katakana"}),  # half-width
        ("\uff2a\uff4f", {"Latin"}),  # full-width
        ("አበበ", {"Ethiopic"}),
        ("राम", {"Devanagari"}),
        ("Ольга Smith", {"Cyrillic", "Latin"}),
        ("\u0378", set()),  # not assigned
        ("12-3", set()),
    ],
)
def test_a_name_has_the_scripts_of_its_letters(name: str, scripts: set[str]) -> None:
    assert set(count_scripts(pa.array([name]))) == scripts


def test_cells_are_counted_most_frequent_script_first() -> None:
    column = pa.array(["a", "b", "a", "Я", None, "Я я", "ж w"])
    assert list(count_scripts(column).items()) == [("Latin", 4), ("Cyrillic", 3)]
