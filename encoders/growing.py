"""Arrays that grow at the end, without a copy of all that is there each time."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]

_LEAST_ROOM = 1024


class Growing:
    """Rows of one shape and type; rows can be added at the end.

    Args:
        row: The shape of a row.
        dtype: The type of its cells.
    """

    def __init__(self, row: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self._room = np.empty((_LEAST_ROOM, *row), dtype=dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def extend(self, rows: npt.ArrayLike) -> None:
        """Add rows."""
        added = np.asarray(rows, dtype=self._room.dtype).reshape(-1, *self._room.shape[1:])
        self.with_room(len(added))[self._size : self._size + len(added)] = added
        self.take_in(len(added))

    def with_room(self, more: int) -> npt.NDArray[Any]:
        """Give the rows and at least so many behind them, to be written and then taken in."""
        if self._size + more > len(self._room):
            # What was given out before stays as it is: rows are copied, never moved.
            room = np.empty((2 * (self._size + more), *self._room.shape[1:]), self._room.dtype)
            room[: self._size] = self._room[: self._size]
            self._room = room
        return self._room

    def take_in(self, more: int) -> None:
        """Count rows that were written behind the others."""
        self._size += more

    def rows(self) -> npt.NDArray[Any]:
        """Give all rows there are by now; they do not change when more are added."""
        return self._room[: self._size]


class Lists:
    """Lists of whole numbers, end to end; lists can be added at the end."""

    def __init__(self) -> None:
        self._ends = Growing((), np.int64)
        self._ids = Growing((), np.int32)
        self._ends.extend([0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def extend(self, sizes: Offsets, numbers: Ids) -> None:
        """Add lists.

        Args:
            sizes: How long each of them is.
            numbers: Their numbers, end to end.
        """
        self._ends.extend(len(self._ids) + np.cumsum(sizes))
        self._ids.extend(numbers)

    def arrays(self) -> tuple[Offsets, Ids]:
        """Give offsets and numbers: list i is `numbers[offsets[i]:offsets[i + 1]]`."""
        return self._ends.rows(), self._ids.rows()

    def places(self, chosen: Ids) -> tuple[Offsets, Offsets, Ids]:
        """Give where lists are: list `chosen[i]`, none for -1, is `numbers[starts[i]:stops[i]]`.

        Returns:
            Starts and stops of shape (n,), and all numbers.
        """
        offsets, numbers = self.arrays()
        return *_places(chosen, offsets), numbers

    def united(self, offsets: Offsets, chosen: Ids, distinct: int) -> tuple[Offsets, Ids]:
        """Unite lists, each number once, in order of first appearance.

        Args:
            offsets: Shape (n + 1,): union i is of the lists `chosen[offsets[i]:offsets[i + 1]]`.
            chosen: Which lists, end to end; -1 stands for none.
            distinct: What all numbers in the lists are below.

        Returns:
            Offsets of shape (n + 1,), and the numbers of the unions, end to end.
        """
        united: tuple[Offsets, Ids] = _united(offsets, chosen, *self.arrays(), distinct)
        return united


@numba.njit(cache=True, nogil=True)
def _places(chosen, offsets):  # type: ignore[no-untyped-def]
    starts = np.zeros(len(chosen), dtype=np.int64)
    stops = np.zeros(len(chosen), dtype=np.int64)
    for row, which in enumerate(chosen):
        if which >= 0:
            starts[row] = offsets[which]
            stops[row] = offsets[which + 1]
    return starts, stops


@numba.njit(cache=True, nogil=True)
def _united(offsets, chosen, list_offsets, lists, distinct):  # type: ignore[no-untyped-def]
    n = len(offsets) - 1
    most = 0
    for which in chosen if len(list_offsets) > 1 else chosen[:0]:
        first = max(which, 0)  # no branch, which would be guessed wrong where cells are few
        most += (list_offsets[first + 1] - list_offsets[first]) * (which >= 0)
    ends = np.zeros(n + 1, dtype=np.int64)
    out = np.empty(most, dtype=np.int32)
    seen_in = np.full(distinct, -1, dtype=np.int32)
    end = 0
    for row in range(n):
        for place in range(offsets[row], offsets[row + 1]):
            which = chosen[place]
            if which >= 0:
                for at in range(list_offsets[which], list_offsets[which + 1]):
                    number = lists[at]
                    out[end] = number
                    end += seen_in[number] != row
                    seen_in[number] = row
        ends[row + 1] = end
    return ends, out[:end]
