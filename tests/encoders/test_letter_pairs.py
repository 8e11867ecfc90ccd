"""Letter pairs of many texts at once against `bigrams` of each, and a dictionary."""

from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.letter_pairs import LetterPairs
from encoders.names import bigrams

TEXTS = st.lists(st.text("abzABZ019", max_size=6), max_size=8)


@settings(deadline=None)  # a busy machine halts a test at any place
@given(st.lists(TEXTS, max_size=4))
def test_equals_bigrams_and_a_dictionary(calls: list[list[str]]) -> None:
    pairs, known = LetterPairs(), dict[str, None]()
    for texts in calls:
        sizes, numbers = pairs.number_lists(texts)
        ends = sizes.cumsum()
        for text, end, size in zip(texts, ends.tolist(), sizes.tolist(), strict=True):
            found = [pairs.distinct[number] for number in numbers[end - size : end].tolist()]
            expected = bigrams(text) if text else ()
            assert tuple(dict.fromkeys(found)) == expected
            known |= dict.fromkeys(expected)
        assert numbers.size == sizes.sum()
        assert pairs.distinct == list(known)


def test_no_texts_have_no_pairs() -> None:
    sizes, numbers = LetterPairs().number_lists([])
    assert sizes.size == numbers.size == 0
