"""Texts are numbered once, in order of first appearance, however many calls there are."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.bits import text_and_ends
from encoders.growing import Ids
from encoders.texts import Texts

# Beyond eight octets and then sixteen, since they are read by eight; those that share a beginning.
TEXTS = st.text(max_size=20) | st.text("ab\0", max_size=18) | st.sampled_from(["", "\0", "é" * 9])


def numbered(texts: Texts, given_texts: list[str]) -> Ids:
    octets, ends = text_and_ends(pa.array(given_texts, pa.string()))
    return texts.number(octets, ends[:-1], ends[1:])


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(TEXTS, max_size=20), max_size=5))
def test_equals_a_dictionary(calls: list[list[str]]) -> None:
    texts, expected = Texts(), dict[str, int]()
    for given_texts in calls:
        known = len(texts)
        found = numbered(texts, given_texts).tolist()
        assert found == [
            expected.setdefault(text, len(expected)) if text else -1 for text in given_texts
        ]
        assert len(texts) == len(expected)
        assert texts.strings(known) == list(expected)[known:]


def test_many_texts_outgrow_the_table_and_keep_their_numbers() -> None:
    texts, many = Texts(), [f"text {number}" for number in range(50_000)]
    for part in np.array_split(np.arange(len(many)), 30):
        found = numbered(texts, [many[number] for number in part])
        np.testing.assert_array_equal(found, part)
    np.testing.assert_array_equal(numbered(texts, many), np.arange(len(many)))


def test_texts_of_a_part_of_a_table() -> None:
    """What stands behind a text in the same octets is none of it, up to their end."""
    octets = np.frombuffer(b"anaanana", np.uint8)
    texts = Texts()
    found = texts.number(octets, np.array([0, 3, 4, 0]), np.array([3, 6, 6, 8]))
    assert found.tolist() == [0, 0, 1, 2]
    assert texts.strings() == ["ana", "na", "anaanana"]


def test_nothing_of_a_text_shows() -> None:
    texts = Texts()
    numbered(texts, ["canary"])
    assert "anary" not in repr(texts)
