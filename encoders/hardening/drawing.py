"""Keyed random choices of bit positions, the same on every machine."""

import hashlib

import numba
import numpy as np
import numpy.typing as npt

_WORDS = np.uint64(2**32)


class Draws:
    """Numbers drawn uniformly from a keyed stream.

    The stream is the 32-bit little-endian words of SHAKE-256(key). A number below n is the next
    word that is below the largest multiple of n, modulo n.
    """

    def __init__(self, key: bytes) -> None:
        self._stream = hashlib.shake_256(key)
        self._words = memoryview(b"")
        self._at = 0

    def below(self, n: int) -> int:
        """Draw a number from 0 to n - 1; n is at most 2**32."""
        limit = 2**32 - 2**32 % n
        while (word := self._word()) >= limit:
            pass
        return word % n

    def _word(self) -> int:
        if self._at == len(self._words):
            # A longer stream begins with the shorter one.
            self._words = memoryview(self._stream.digest(max(1 << 14, 2 * len(self._words))))
        self._at += 4
        return int.from_bytes(self._words[self._at - 4 : self._at], "little")


def permutation(key: bytes, number: int, size: int) -> list[int]:
    """Put 0 to size - 1 in a random order, by Fisher and Yates's shuffle.

    The last place is filled first: place i, from size - 1 down to 1, changes with one of places 0
    to i, drawn from the stream of the key and the number in four bytes, lowest first.

    Args:
        key: The key of the step.
        number: Which of the step's permutations it is.
        size: How many numbers.
    """
    order = np.arange(size)
    _shuffle(order, _partners(key + number.to_bytes(4, "little"), size))
    shuffled: list[int] = order.tolist()
    return shuffled


@numba.njit(cache=True)
def _shuffle(order, partners):  # type: ignore[no-untyped-def]
    """Change each place with its partner, from the last place on."""
    for nth in range(len(partners)):
        place, partner = len(order) - 1 - nth, partners[nth]
        order[place], order[partner] = order[partner], order[place]


def _partners(key: bytes, size: int) -> npt.NDArray[np.int64]:
    """Draw a number below each of size, size - 1 … 2, all at once where no word is refused."""
    below = np.arange(size, 1, -1, dtype=np.uint64)
    stream = np.frombuffer(hashlib.shake_256(key).digest(4 * len(below)), "<u4")
    words = stream.astype(np.uint64)
    if np.all(words < _WORDS - _WORDS % below):
        return (words % below).astype(np.int64)
    draws = Draws(key)
    return np.array([draws.below(n) for n in below.tolist()], dtype=np.int64)
