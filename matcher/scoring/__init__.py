"""The scoring core: the exact comparison of filters, at the speed of the hardware.

`find_pairs` compares all rows of two arrays of filters; `matcher.scoring.oracle.find_pairs` is
the same in plain numpy and is its specification. `distances_at` looks at given pairs of rows.
"""

from matcher.scoring.distances import distances_at
from matcher.scoring.ordering import Pairs
from matcher.scoring.search import find_pairs

__all__ = ["Pairs", "distances_at", "find_pairs"]
