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
_FREE = np.uint64(2**64 - 1)


class Texts:
    """Distinct texts, in order of first appearance; shows nothing of them."""

    def __init__(self) -> None:
        self._octets = Growing((), np.uint8)
        self._ends = Growing((), np.int64)
        self._ends.extend([0])
        self._beginnings = Growing((2,), np.uint64)
        self._slots = np.full(_LEAST_SLOTS, _FREE)

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

    def number(self, octets: Octets, starts: Offsets | Ids, stops: Offsets | Ids) -> Ids:
        """Number n texts; the numbers of a text never change.

        Args:
            octets: What holds the texts, in UTF-8.
            starts: Shape (n,): text i is `octets[starts[i]:stops[i]]`.
            stops: Shape (n,).

        Returns:
            Shape (n,), int32; -1 where a text is empty.
        """
        numbers = np.empty(len(starts), dtype=np.int32)
        of_texts = octets, starts, stops, numbers
        done = 0
        while done < len(starts):
            left = len(starts) - done
            most_octets = int(stops[done:].sum(dtype=np.int64) - starts[done:].sum(dtype=np.int64))
            held = (
                self._beginnings.with_room(left),
                self._octets.with_room(most_octets),
                self._ends.with_room(left),
            )
            known, size = len(self), len(self._octets)
            done, count = _number(self._slots, *held, known, *of_texts, done)
            self._beginnings.take_in(count - known)
            self._ends.take_in(count - known)
            self._octets.take_in(int(held[2][count]) - size)
            if done < len(starts):
                self._slots = _in_twice_the_room(self._slots)
        return numbers


def strings(octets: Octets, starts: Offsets, stops: Offsets) -> list[str]:
    """Give texts of a table as strings of Python."""
    held = octets.tobytes()
    places = zip(starts.tolist(), stops.tolist(), strict=True)
    return [held[start:stop].decode() for start, stop in places]


@numba.njit(cache=True, nogil=True)
def _number(  # type: ignore[no-untyped-def]
    slots, beginnings, held, ends, known, octets, starts, stops, numbers, done
):
    """Look texts up and enter those that are not known, until the table is half full.

    A slot holds 32 bits of a text's hash, of which the lowest say where to begin to look, and below
    them its number. Half full, a table finds a text in a step or two.

    Args:
        slots: The table, uint64, of a power of two.
        beginnings: The first sixteen octets of the known texts, with room for more.
        held: The known texts end to end, with room for more.
        ends: Where they end, with room for more.
        known: How many there are.
        octets: As given.
        starts: As given.
        stops: As given.
        numbers: Takes the numbers.
        done: How many texts have theirs.

    Returns:
        How many texts have their number now, and how many are known.
    """
    for row in range(done, len(starts)):
        start, stop = starts[row], stops[row]
        if start == stop:
            numbers[row] = -1
            continue
        if 2 * known == len(slots):
            return row, known
        first, second = _beginning(octets, start, stop)
        mixed = _hash(octets, start, stop, first, second)
        at = np.int64(mixed) & (len(slots) - 1)
        while True:
            slot = slots[at]
            if slot == _FREE:
                slots[at] = mixed << np.uint64(32) | np.uint64(known)
                number = known
                beginnings[number, 0] = first
                beginnings[number, 1] = second
                end = ends[number]
                for place in range(start, stop):
                    held[end] = octets[place]
                    end += 1
                known += 1
                ends[known] = end
                break
            number = np.int64(slot & np.uint64(0xFFFFFFFF))
            if slot >> np.uint64(32) == mixed and (
                (beginnings[number, 0] == first) & (beginnings[number, 1] == second)
                and _end_alike(held, ends[number], ends[number + 1], octets, start, stop)
            ):
                break
            at = (at + 1) & (len(slots) - 1)
        numbers[row] = number
    return len(starts), known


@numba.njit(cache=True, inline="always")
def _beginning(octets, start, stop):  # type: ignore[no-untyped-def]
    """Give the first sixteen octets of a text as two words, with zeros behind a shorter one."""
    first = word_at(octets, start, stop)
    second = np.uint64(0)
    if stop - start > _WORD_BYTES:
        second = word_at(octets, start + _WORD_BYTES, stop)
    return first, second


@numba.njit(cache=True, inline="always")
def _hash(octets, start, stop, first, second):  # type: ignore[no-untyped-def]
    """Give 32 bits: the upper halves of products (Knuth, TAOCP 3, 6.4)."""
    mixed = _mixed(_mixed(np.uint64(stop - start), first), second)
    for at in range(start + 2 * _WORD_BYTES, stop, _WORD_BYTES):
        mixed = _mixed(mixed, word_at(octets, at, stop))
    return mixed >> np.uint64(32)


@numba.njit(cache=True, inline="always")
def _mixed(mixed, word):  # type: ignore[no-untyped-def]
    product = (mixed ^ word) * np.uint64(0x9E3779B97F4A7C15)
    return product ^ product >> np.uint64(32)


@numba.njit(cache=True, inline="always")
def _end_alike(one, start, stop, other, first, last):  # type: ignore[no-untyped-def]
    """Tell whether two texts that begin alike are the same."""
    if stop - start != last - first:
        return False
    for at in range(2 * _WORD_BYTES, stop - start, _WORD_BYTES):
        if word_at(one, start + at, stop) != word_at(other, first + at, last):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _in_twice_the_room(slots):  # type: ignore[no-untyped-def]
    larger = np.full(2 * len(slots), _FREE)
    for slot in slots:
        if slot != _FREE:
            at = np.int64(slot >> np.uint64(32)) & (len(larger) - 1)
            while larger[at] != _FREE:
                at = (at + 1) & (len(larger) - 1)
            larger[at] = slot
    return larger
