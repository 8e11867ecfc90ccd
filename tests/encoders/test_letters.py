"""Single letters that are remembered, against the functions that are asked once for each."""

import sys
import unicodedata

from anyascii import anyascii
from hypothesis import given
from hypothesis import strategies as st

from encoders.letters import in_ascii, without_invisible

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_every_letter_of_unicode() -> None:
    for code in range(sys.maxunicode + 1):
        if not 0xD800 <= code <= 0xDFFF:
            letter = chr(code)
            assert in_ascii(letter) == anyascii(letter)
            invisible = unicodedata.category(letter) == "Cf"
            assert without_invisible(letter) == ("" if invisible else letter)


@given(TEXT)
def test_texts_letter_by_letter(text: str) -> None:
    assert in_ascii(text) == anyascii(text)
    assert without_invisible(text) == "".join(c for c in text if unicodedata.category(c) != "Cf")
