"""Letter pairs of many texts at once, where `encoders.names.bigrams` makes those of one.

A pair of ASCII letters is a number below 2**14, so a table of that size knows them all.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Ids = npt.NDArray[np.int32]
Sizes = npt.NDArray[np.int64]

_LETTER_BITS = 7
_END = "_"


class LetterPairs:
    """Distinct letter pairs, in order of first appearance, as `Numbering` has things.

    Attributes:
        distinct: All of them.
    """

    made_as = str

    def __init__(self) -> None:
        self.distinct: list[str] = []
        self._numbers = np.full(1 << 2 * _LETTER_BITS, -1, dtype=np.int32)

    def number_lists(self, texts: Sequence[str]) -> tuple[Sizes, Ids]:
        """Give the pairs of texts, the ends of each marked.

        Args:
            texts: ASCII without `_`; an empty one has no pairs.

        Returns:
            How many pairs each text has, shape (texts,), and their positions in `distinct`, end to
            end. A pair that a text has twice is there twice.
        """
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        # One mark ends a text and begins the next.
        joined = _END + "".join([text + _END for text in texts if text])
        letters = np.frombuffer(joined.encode("ascii"), np.uint8).astype(np.int32)
        pairs = letters[:-1] << _LETTER_BITS | letters[1:]
        fresh = pd.unique(pairs[self._numbers[pairs] < 0])
        self._numbers[fresh] = np.arange(len(self.distinct), len(self.distinct) + len(fresh))
        self.distinct += [
            chr(pair >> _LETTER_BITS) + chr(pair & (1 << _LETTER_BITS) - 1)
            for pair in fresh.tolist()
        ]
        return sizes + (sizes > 0), self._numbers[pairs]
