"""Distinct texts and their numbers, in one table of octets: no object of Python for each.

A column of cells is looked up in the octets that Arrow holds it in.
"""

import numba
import numpy as np
import numpy.typing as npt

from encoders.growing import Growing, Ids, Offsets
from encoders.octets import word_at

Octets = npt.NDArray[np.uint8]

_LEAST_SLOTS = 1024
_WORD_BYTES = 8


class Texts:
    """Distinct texts, in order of first appearance; shows nothing of them."""

    def __init__(self) -> None:
        self._octets = Growing((), np.uint8)
        self._ends = Growing((), np.int64)
        self._ends.extend([0])
        self._slots = np.full(_LEAST_SLOTS, -1, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def arrays(self, known: int = 0) -> tuple[Octets, Offsets, Offsets]:
        """Give the texts but the first ones, as `number` takes them."""
        ends = self._ends.rows()
        return self._octets.rows(), ends[known:-1], ends[known + 1 :]

    def strings(self, known: int = 0) -> list[str]:
        """Give the texts but the first ones."""
        octets, starts, stops = self.arrays(known)
        return strings(octets, starts, stops)

    def number(self, octets: Octets, starts: Offsets, stops: Offsets) -> Ids:
        """Number n texts; the numbers of a text never change.

        Args:
            octets: What holds the texts, in UTF-8.
            starts: Shape (n,): text i is `octets[starts[i]:stops[i]]`.
            stops: Shape (n,).

        Returns:
            Shape (n,), int32.
        """
        # A table that is at most half full even if all are new finds a text in a step or two.
        most = len(self) + len(starts)
        held, ends = self._octets.rows(), self._ends.rows()
        if len(self._slots) < 2 * most:
            self._slots = np.full(1 << (2 * most - 1).bit_length(), -1, dtype=np.int32)
            _enter(self._slots, held, ends)
        numbers: Ids
        numbers, fresh = _number(self._slots, held, ends, octets, starts, stops)
        self._ends.extend(len(held) + np.cumsum(stops[fresh] - starts[fresh]))
        self._octets.extend(_joined(octets, starts[fresh], stops[fresh]))
        return numbers


def strings(octets: Octets, starts: Offsets, stops: Offsets) -> list[str]:
    """Give texts of a table as strings of Python."""
    held = octets.tobytes()
    places = zip(starts.tolist(), stops.tolist(), strict=True)
    return [held[start:stop].decode() for start, stop in places]


@numba.njit(cache=True, nogil=True)
def _joined(octets, starts, stops):  # type: ignore[no-untyped-def]
    """Put texts end to end."""
    joined = np.empty((stops - starts).sum(), dtype=np.uint8)
    end = 0
    for row in range(len(starts)):
        for at in range(starts[row], stops[row]):
            joined[end] = octets[at]
            end += 1
    return joined


@numba.njit(cache=True)
def _slot(slots, octets, start, stop):  # type: ignore[no-untyped-def]
    """Where to begin to look for a text: the upper bits of products (Knuth, TAOCP 3, 6.4)."""
    mixed = np.uint64(stop - start)
    for at in range(start, stop, _WORD_BYTES):
        mixed = (mixed ^ word_at(octets, at, stop)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    return np.int64(mixed & np.uint64(len(slots) - 1))


@numba.njit(cache=True)
def _are_same(one, start, stop, other, first, last):  # type: ignore[no-untyped-def]
    if stop - start != last - first:
        return False
    for at in range(0, stop - start, _WORD_BYTES):
        if word_at(one, start + at, stop) != word_at(other, first + at, last):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _enter(slots, octets, ends):  # type: ignore[no-untyped-def]
    """Enter distinct texts into an empty table, whose size is a power of two."""
    for number in range(len(ends) - 1):
        at = _slot(slots, octets, ends[number], ends[number + 1])
        while slots[at] >= 0:
            at = (at + 1) & (len(slots) - 1)
        slots[at] = number


@numba.njit(cache=True, nogil=True)
def _number(slots, held, ends, octets, starts, stops):  # type: ignore[no-untyped-def]
    """Look texts up and enter those that are not known; give all numbers, and who is fresh."""
    known = len(ends) - 1
    numbers = np.empty(len(starts), dtype=np.int32)
    fresh = np.empty(len(starts), dtype=np.int64)
    count = 0
    for row in range(len(starts)):
        start, stop = starts[row], stops[row]
        at = _slot(slots, octets, start, stop)
        while slots[at] >= 0:
            number = slots[at]
            if number < known:
                is_it = _are_same(octets, start, stop, held, ends[number], ends[number + 1])
            else:
                first = fresh[number - known]
                is_it = _are_same(octets, start, stop, octets, starts[first], stops[first])
            if is_it:
                break
            at = (at + 1) & (len(slots) - 1)
        if slots[at] < 0:
            slots[at] = known + count
            fresh[count] = row
            count += 1
        numbers[row] = slots[at]
    return numbers, fresh[:count]
