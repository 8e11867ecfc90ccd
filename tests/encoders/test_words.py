"""Parts word by word against parts of the whole, for names and places of any script."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.bits import text_and_ends
from encoders.distinct import CellValues, Parts
from encoders.gazetteer.place import Place
from encoders.names import Name
from encoders.plain_words import PlainWords
from encoders.records import Records
from encoders.texts import Texts
from encoders.views import VIEWS
from encoders.words import MadeOfWords, WordByWord

WORDS = [
    *("abd", "Al", "el-din", "din", "Umm", "bin", "عبد", "الله", "ال", "ابو", "абдул", "Kim"),
    *("12", "flat3a", "O'Neil", "'", "", "Öz", "الخطيب", "\u0301", "cheol-min", "١٢", "Аль", "!"),
]
CELLS = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), min_size=1, max_size=5).map(" ".join)
READ = {"name.bigrams/2": Name, "place.bigrams/2": Place}


def follow(values: CellValues, made: MadeOfWords, cells: list[str]) -> list[list[str]]:
    """Take in the cells of some records, and give the parts of each."""
    records = Records.from_rows([{"residence": cell} for cell in cells], role="sought")
    codes = values.number(records.table.column("residence"))
    made.follow()
    values.forget_fresh()
    offsets, parts = made.lists.arrays()
    distinct = made.into.distinct
    return [[distinct[part] for part in parts[offsets[code] : offsets[code + 1]]] for code in codes]


@pytest.mark.parametrize("view", READ)
@settings(deadline=None)  # the first call compiles
@given(calls=st.lists(st.lists(CELLS.filter(str.strip), max_size=6), max_size=3))
def test_words_give_what_the_whole_gives(view: str, calls: list[list[str]]) -> None:
    parts = VIEWS[view].parts
    assert isinstance(parts, WordByWord)
    values = CellValues(READ[view])
    made = MadeOfWords(values, parts, Parts(lambda part: part))
    for cells in calls:
        found = follow(values, made, cells)
        expected = [list(dict.fromkeys(parts(READ[view](cell)))) for cell in cells]
        assert [list(dict.fromkeys(some)) for some in found] == expected
    assert not made.broken


PLAIN = (
    *(
        "ben",
        "Ben",
        "abdi",
        "abdia",
        "ABDALI",
        "danika",
        "Danica",
        "ka",
        "marova",
        "Mara",
        "x" * 40,
    ),
    *("al", "El", "123", "12a", "a-b", "é", "[", "@", "`", "{", "eddine", "eddines", "\0", "0" * 9),
)


@pytest.mark.parametrize("view", READ)
@settings(deadline=None)  # the first call compiles
@given(words=st.lists(st.sampled_from(PLAIN) | st.text(min_size=1, max_size=9), max_size=9))
def test_a_plain_word_is_its_own_only_part(view: str, words: list[str]) -> None:
    parts = VIEWS[view].parts
    assert isinstance(parts, WordByWord)
    texts = Texts()
    octets, ends = text_and_ends(pa.array(words, pa.string()))
    texts.number(octets, ends[:-1], ends[1:])
    plain = parts.plain.among(*texts.arrays())
    for word, is_plain in zip(texts.strings(), plain, strict=True):
        assert not is_plain or parts.of_word(word) == (word.lower(),)
        if word.isascii() and word.isalpha() and parts.of_word(word) == (word.lower(),):
            assert is_plain or word.lower().endswith(ENDINGS) or word.lower().startswith("abd")


ENDINGS = ("ova", "eva", "aya", "vna", "ka", "ki", "kii", "kia", "kiy", "kij", "ky", "kyj", "kyi")


def test_what_breaks_is_told_by_its_number() -> None:
    def whole(text: str) -> tuple[str, ...]:
        if "broken" in text:
            raise LookupError(text)
        return (text.upper(),)

    def of_word(word: str) -> tuple[str, ...] | None:
        if word == "broken":
            raise LookupError(word)
        return None if word == "asks" else (word,)

    values = CellValues(str)
    made = MadeOfWords(
        values, WordByWord(whole, of_word, PlainWords(["asks", "broken"])), Parts(str)
    )
    assert follow(values, made, ["a", "a broken", "asks a", "b a"]) == [
        ["a"],
        [],
        ["ASKS A"],
        ["b", "a"],
    ]
    assert follow(values, made, ["b", "broken"]) == [["b"], []]
    assert made.broken == [1, 5]
