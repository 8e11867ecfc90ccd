"""Rule 90: every bit becomes the XOR of its two neighbours.

Output bit j is input bit j - 1 XOR input bit j + 1, modulo m: one step of the cellular automaton of
that number on a ring (Wolfram, "Statistical mechanics of cellular automata", Reviews of Modern
Physics 55(3), 1983, section 2), proposed for filters by Schnell and Borgs, "Hardening encrypted
patient names against cryptographic attacks using cellular automata", ICDMW 2018. It has no key.
"""

import numpy as np

from encoders.bits import WORD, Filters

_ONE, _LAST = np.uint64(1), np.uint64(WORD - 1)


def rule_90(filters: Filters) -> Filters:
    """Take one step of the automaton.

    Args:
        filters: Shape (n, words), uint64.

    Returns:
        Array of the same shape and dtype.
    """
    before: Filters = (filters << _ONE) | (np.roll(filters, 1, axis=1) >> _LAST)
    after: Filters = (filters >> _ONE) | (np.roll(filters, -1, axis=1) << _LAST)
    return before ^ after
