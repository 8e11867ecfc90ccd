"""Which right rows a left row may be paired with."""

from enum import IntEnum

from matcher.scoring.compiled import inlined


class Partners(IntEnum):
    """Which right rows a left row may be paired with; a number inside kernels.

    Attributes:
        all: All of them.
        others: All but the row of the same number, where both sides are the same.
        later: Those with a higher number than its own.
    """

    all = 0
    others = 1
    later = 2


OTHERS, LATER = int(Partners.others), int(Partners.later)


@inlined
def may_pair(partners: int, left_row: int, right_row: int) -> bool:
    """Whether two rows may be paired; a right row below zero is none."""
    if partners == LATER:
        return right_row > left_row
    return right_row >= 0 and not (partners == OTHERS and right_row == left_row)
