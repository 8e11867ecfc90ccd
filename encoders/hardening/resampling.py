"""Resampling: every output bit is the XOR of two input bits drawn anew.

Ranbaduge and Schnell, "Securing Bloom filters for privacy-preserving record linkage", CIKM 2020,
pages 2185 to 2188. There, and in the software of Franke, Sehili, Rohde and Rahm, "Evaluation of
hardening techniques for privacy-preserving record linkage", EDBT 2021, both positions are drawn
with replacement from all; here the two of one output bit differ, for a bit XOR itself says nothing.
It is diffusion of t = 2 without a pool: some input bits are used often, others never.
"""

from encoders.hardening.drawing import Draws
from encoders.hardening.linear import XorSets


def resampling_sets(key: bytes, bits: int) -> XorSets:
    """Draw two positions for every output bit in turn; a second one like the first is redrawn.

    Args:
        key: The step's key.
        bits: Length of the filter, before and after.
    """
    draws = Draws(key)
    sets = []
    for _ in range(bits):
        first = second = draws.below(bits)
        while second == first:
            second = draws.below(bits)
        sets.append([first, second])
    return XorSets.of(sets)
