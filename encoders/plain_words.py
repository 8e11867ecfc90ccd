"""Plain words told from others, many at a time: those whose only part are they themselves."""

from collections.abc import Iterable

import numba
import numpy as np
import numpy.typing as npt

from encoders.growing import Offsets

Mask = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

_WORD_BITS = 64


class PlainWords:
    """What makes a word of ASCII letters plain.

    Of what is given below, only what is ASCII matters; it has up to eight small letters each.

    Args:
        refused: Words that are not plain.
        beginnings: What no plain word begins with.
        endings: What no plain word ends with.
        shortest: Letters that a word has where its beginning and ending matter.
        or_digits: Whether digits alone are a plain word too.
    """

    def __init__(
        self,
        refused: Iterable[str],
        *,
        beginnings: Iterable[str] = (),
        endings: Iterable[str] = (),
        shortest: int = 0,
        or_digits: bool = False,
    ) -> None:
        begun, began_by = _as_words(beginnings)
        ended, ended_by = _as_words(endings)
        meant = begun << began_by, began_by, ended, ended_by
        self._rules = _as_words(refused)[0], *meant, shortest, or_digits

    def among(self, octets: npt.NDArray[np.uint8], starts: Offsets, stops: Offsets) -> Mask:
        """Tell which of n words `octets[starts[i]:stops[i]]` are plain, in capitals or not."""
        plain: Mask = _plain(octets, starts, stops, *self._rules)
        return plain


def _as_words(texts: Iterable[str]) -> tuple[Words, Words]:
    """Give texts as words, the first octet lowest, and how many bits of these they leave."""
    octets = [text.encode() for text in texts if text.isascii()]
    words = [int.from_bytes(some, "little") for some in octets]
    left = [_WORD_BITS - 8 * len(some) for some in octets]
    return np.array(words, dtype=np.uint64), np.array(left, dtype=np.uint64)


@numba.njit(cache=True, nogil=True)
def _plain(  # type: ignore[no-untyped-def]
    octets, starts, stops, refused, begun, began_by, ended, ended_by, shortest, or_digits
):
    plain = np.empty(len(starts), dtype=np.bool_)
    for row in range(len(starts)):
        first = last = np.uint64(0)  # the eight octets that it begins with, and that it ends with
        letters = digits = 0
        size = stops[row] - starts[row]
        for nth in range(size):
            octet = np.uint64(octets[starts[row] + nth])
            if 48 <= octet <= 57:  # 0 to 9
                digits += 1
            octet |= np.uint64(32)  # in small letters
            if 97 <= octet <= 122:  # a to z
                letters += 1
            if nth < 8:
                first |= octet << np.uint64(8 * nth)
            last = last >> np.uint64(8) | octet << np.uint64(56)
        is_meant = False
        for word in refused:
            is_meant |= first == word and size <= 8
        if size >= shortest:
            for nth in range(len(begun)):
                is_meant |= first << began_by[nth] == begun[nth]
            for nth in range(len(ended)):
                is_meant |= last >> ended_by[nth] == ended[nth]
        plain[row] = (letters == size and not is_meant) or (or_digits and digits == size)
    return plain
