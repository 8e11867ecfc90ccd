"""The best of either side: equal to the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_cases import check_equal, fills, filters, questions, sizes, widths

from matcher.formats.errors import ParameterError
from matcher.scoring import find_pairs_of_either, oracle


@given(st.data(), sizes, sizes, widths, fills)
@settings(max_examples=60, deadline=None)
def test_either_is_the_oracle(
    data: st.DataObject, left_rows: int, right_rows: int, words: int, fill: float
) -> None:
    seed = data.draw(st.integers(0, 99))
    left, right = filters(seed, left_rows, words, fill), filters(seed + 1, right_rows, words, fill)
    question = data.draw(questions(words)) | {"top": data.draw(st.integers(1, 12))}
    found = find_pairs_of_either(left, right, **question)
    check_equal(found, oracle.find_pairs_of_either(left, right, **question))
    assert len(set(zip(found.left, found.right, strict=True))) == len(found)


def test_a_pair_that_is_best_for_its_right_row_alone_is_kept() -> None:
    left = np.array([[0b1111], [0b0111]], dtype=np.uint64)
    right = np.array([[0b1111], [0b0011]], dtype=np.uint64)
    found = find_pairs_of_either(left, right, top=1)
    assert list(zip(found.left, found.right, strict=True)) == [(0, 0), (1, 0), (1, 1)]


def test_arguments_are_checked() -> None:
    made = filters(1, 3, 1, 0.3)
    with pytest.raises(ParameterError):
        find_pairs_of_either(made, made, top=0)
    with pytest.raises(ParameterError):
        oracle.find_pairs_of_either(made, made, top=0)
