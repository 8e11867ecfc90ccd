"""Keyed permutation: the bits of every filter in another order, the same for all.

It changes no distance and no weight, and so hinders only who knows which token sets which bit:
the key of the order falls apart from the keys of the bits.
"""

from encoders.hardening.drawing import permutation
from encoders.hardening.linear import XorSets


def permutation_sets(key: bytes, bits: int) -> XorSets:
    """Draw the order: output bit j is input bit number j of `permutation` number 0.

    Args:
        key: The step's key.
        bits: Length of the filter.
    """
    return XorSets.of([[index] for index in permutation(key, 0, bits)])
