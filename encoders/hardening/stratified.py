"""Stratified diffusion: every output bit is the XOR of some bits of each of several filters.

Ours: linear diffusion (`encoders.hardening.diffusion`) of each filter by itself, XORed. Two records
of correlations r_1, r_2, … in the strata have r_1^t_1 · r_2^t_2 · … in their fingerprints: who is
alike in one stratum and not in another looks like anybody else, where diffusion of one filter that
holds all would still show a little of it. Such faint resemblances are what graph matching lives on;
two records of one person are alike in all strata.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from encoders.hardening.diffusion import diffusion_sets
from encoders.hardening.linear import XorSets


def stratified_sets(key: bytes, strata: Sequence[tuple[int, int]], bits: int) -> XorSets:
    """Draw the input bits of every output bit.

    The strata's filters lie side by side. Output bit j is the XOR of set j of every stratum, as
    `diffusion_sets` draws them; the key of stratum number i is the step's and one more byte, i.

    Args:
        key: The step's key.
        strata: For each stratum, of up to 256, the length of its filter, and how many bits of it
            a set has.
        bits: Output bits.
    """
    starts = accumulate((length for length, _ in strata), initial=0)
    sets = [
        start + diffusion_sets(key + bytes([number]), length, t, bits)
        for number, (start, (length, t)) in enumerate(zip(starts, strata, strict=False))
    ]
    return XorSets.of(np.hstack(sets).tolist())
