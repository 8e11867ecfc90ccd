"""Pairs of whole numbers, each distinct one numbered: which salt stands with which token."""

import numba
import numpy as np

from encoders.growing import Growing, Ids, Offsets

_LEAST_SLOTS = 1024
_AT_ONCE = 1 << 16  # pairs that are numbered at a time


class PairNumbering:
    """Distinct pairs of whole numbers, in order of first appearance."""

    def __init__(self) -> None:
        self._pairs = Growing((2,), np.int32)
        self._slots = np.full(_LEAST_SLOTS, -1, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._pairs)

    def pairs(self) -> Ids:
        """Give all pairs there are by now: shape (pairs, 2)."""
        return self._pairs.rows()

    def number(self, firsts: Ids, seconds: Ids) -> Ids:
        """Number n pairs, each a first and a second; the numbers of a pair never change."""
        offsets = np.arange(len(firsts) + 1)
        places, numbers = offsets[:-1], np.empty(len(firsts), dtype=np.int32)
        self._number(numbers, places, places, firsts, places, offsets[1:], seconds)
        return numbers

    def number_lists(
        self, order: Offsets, firsts: Ids, starts: Offsets, stops: Offsets, seconds: Ids
    ) -> tuple[Offsets, Offsets, Ids]:
        """Number the pairs of lists, each of one first with some seconds.

        Args:
            order: The lists that count, in the order in which they are gone through: those with one
                first should follow each other, since near memory then holds their pairs.
            firsts: Shape (n,): the first of each list.
            starts: Shape (n,): list i has the seconds `seconds[starts[i]:stops[i]]`.
            stops: Shape (n,).
            seconds: The seconds.

        Returns:
            Starts, stops and the numbers of the seconds' pairs, in the order of the lists; those
            that don't count are empty.
        """
        sizes = np.zeros(len(firsts), dtype=np.int64)
        sizes[order] = (stops - starts)[order]
        ends = np.cumsum(sizes)
        numbers = np.empty(sizes.sum(), dtype=np.int32)
        self._number(numbers, ends - sizes, order, firsts, starts, stops, seconds)
        return ends - sizes, ends, numbers

    def _number(
        self, numbers: Ids, places: Offsets, order: Offsets,
        firsts: Ids, starts: Offsets, stops: Offsets, seconds: Ids,
    ) -> None:  # fmt: skip
        # A part at a time, so that the table is no larger than it must be to find pairs soon.
        parts = -(-len(numbers) // _AT_ONCE)
        for part in np.array_split(order, max(1, parts)):
            # One that is at most half full even if all are new finds a pair in a step or two.
            most = len(self) + int((stops[part] - starts[part]).sum())
            if len(self._slots) < 2 * most:
                self._slots = np.full(1 << (2 * most - 1).bit_length(), -1, dtype=np.int32)
                _enter(self._slots, self._pairs.rows())
            known = self._pairs.rows()
            room = np.empty((most - len(known), 2), dtype=np.int32)
            lists = part, firsts, starts, stops, seconds
            fresh = _number(self._slots, known, room, numbers, places, *lists)
            self._pairs.extend(room[:fresh])


@numba.njit(cache=True, inline="always")
def _slot(slots, first, second):  # type: ignore[no-untyped-def]
    """Where to begin to look for a pair: the upper bits of a product (Knuth, TAOCP 3, 6.4).

    Pairs with one first and seconds close together stand close together.
    """
    near = np.uint64(np.uint32(second)) >> np.uint64(4)
    pair = np.uint64(np.uint32(first)) << np.uint64(32) | near
    mixed = (pair ^ pair >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed >> np.uint64(32)) ^ np.uint64(second & 15)) & (len(slots) - 1)


@numba.njit(cache=True, nogil=True)
def _enter(slots, pairs):  # type: ignore[no-untyped-def]
    """Enter distinct pairs into an empty table, whose size is a power of two."""
    for number in range(len(pairs)):
        at = _slot(slots, pairs[number, 0], pairs[number, 1])
        while slots[at] >= 0:
            at = (at + 1) & (len(slots) - 1)
        slots[at] = number


@numba.njit(cache=True, nogil=True)
def _number(  # type: ignore[no-untyped-def]
    slots, known, room, numbers, places, order, firsts, starts, stops, seconds
):
    """Look pairs up and enter those that are not known; say how many these are.

    Args:
        slots: The table.
        known: The pairs that are known.
        room: Takes the pairs that are not.
        numbers: Takes the numbers of the seconds' pairs.
        places: Shape (n,): where those of list i begin.
        order: As given.
        firsts: As given.
        starts: As given.
        stops: As given.
        seconds: As given.
    """
    count = 0
    for row in order:
        first = firsts[row]
        start, place = starts[row], places[row]
        for nth in range(stops[row] - start):
            second = seconds[start + nth]
            at = _slot(slots, first, second)
            while slots[at] >= 0:
                number = slots[at]
                if number < len(known):
                    if known[number, 0] == first and known[number, 1] == second:
                        break
                elif (
                    room[number - len(known), 0] == first and room[number - len(known), 1] == second
                ):
                    break
                at = (at + 1) & (len(slots) - 1)
            if slots[at] < 0:
                slots[at] = len(known) + count
                room[count, 0] = first
                room[count, 1] = second
                count += 1
            numbers[place + nth] = slots[at]
    return count
