"""Record-level filters: each attribute has a filter of its own, and bits are sampled from them.

Durham, Kantarcioglu, Xue, Toth, Kuzu and Malin, "Composite Bloom filters for secure record
linkage", TKDE 26(12), 2014, pages 2956 to 2968: how many bits an attribute gives is its weight, and
how long its own filter is decides how full that is, so that no bit shows by its frequency which
attribute it comes from. Here a bit is sampled at most once.
"""

from collections.abc import Sequence

from encoders.hardening.drawing import permutation
from encoders.hardening.linear import XorSets


def sampling_sets(key: bytes, filters: Sequence[tuple[int, int]]) -> XorSets:
    """Draw which bits of the attributes' filters make up the record's, and in which order.

    The attributes' filters lie side by side. Of attribute number i, `take` bits are sampled: the
    first of `permutation` number i of its filter. All that are sampled, attribute by attribute, are
    put in the order of one more permutation, whose number is that of the attributes.

    Args:
        key: The step's key.
        filters: For each attribute the length of its filter, and how many bits it gives.
    """
    sampled: list[int] = []
    start = 0
    for number, (bits, take) in enumerate(filters):
        sampled += [start + index for index in permutation(key, number, bits)[:take]]
        start += bits
    order = permutation(key, len(filters), len(sampled))
    return XorSets.of([[sampled[place]] for place in order])
