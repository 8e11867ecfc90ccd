"""Small cells of a table of counts, kept from being read or worked out.

Counts come as parts of a whole. Those below the least are suppressed; then further ones, the
smallest first, until what is suppressed can't be had by subtraction from the whole (primary and
complementary suppression: Hundepool et al., "Statistical Disclosure Control", Wiley 2012, chapter
4). What is published is rounded, so that the tables of two months don't show a change of one.
"""

from collections.abc import Mapping
from typing import TypeVar

Name = TypeVar("Name")


def suppressed(counts: Mapping[Name, int], least: int) -> dict[Name, int | None]:
    """Give the parts of a whole that is published itself, as far as they may be.

    Args:
        counts: The parts, which add up to the whole.
        least: The least count that may be published.

    Returns:
        For each part the rounded count, or None. Those that are None are together at least `least`
        and more than one of them is not 0, or they are all 0.
    """
    hidden = {name for name, count in counts.items() if count < least}
    rest = sorted((name for name in counts if name not in hidden), key=lambda name: counts[name])
    for name in rest:
        kept = [counts[one] for one in hidden if counts[one] > 0]
        if not kept or (sum(kept) >= least and len(kept) > 1):
            break
        hidden.add(name)
    return {
        name: None if name in hidden else rounded(count, least) for name, count in counts.items()
    }


def rounded(count: int, least: int) -> int:
    """Give a count of at least `least` to the nearest multiple of half of that, `least` or more."""
    step = max(1, least // 2)
    return max(least, (count + step // 2) // step * step)
