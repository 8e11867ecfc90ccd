"""Balancing: a filter and its complement, in a keyed order, so that all filters weigh the same.

Schnell and Borgs, "Randomized response and balanced Bloom filters for
privacy preserving record linkage", ICDMW 2016. Every filter has m of 2m bits set, and two differ in
exactly twice as many as before. Distances are all kept: it hides weights and nothing else.
"""

from encoders.hardening.drawing import permutation
from encoders.hardening.linear import XorSets


def balancing_sets(key: bytes, bits: int) -> XorSets:
    """Draw the order of a filter and its complement.

    Where `permutation` number 0 of 2m has i at place j, output bit j is input bit i for i < m, and
    the complement of input bit i - m for others.

    Args:
        key: The step's key.
        bits: Length of the filter, m; the output has twice as many.
    """
    order = permutation(key, 0, 2 * bits)
    inverted = [place for place, index in enumerate(order) if index >= bits]
    return XorSets.of([[index % bits] for index in order], inverted)
