"""The scoring core: the exact comparison of filters, at the speed of the hardware.

`find_pairs` compares all rows of two arrays of filters, `find_pairs_of_either` keeps the best of
both sides, `find_pairs_within` compares the rows of one array,
`find_pairs_in_blocks` those that share a block, `find_pairs_in_passes` those of several passes at
once. `find_pairs_with_loss` is faster on diffused filters, with a stated chance to lose a pair.
`distances_at` looks at given pairs. `matcher.scoring.oracle` has the same functions in plain
numpy, and is their specification.
"""

from matcher.scoring.arguments import ScoringPass
from matcher.scoring.blocks import find_pairs_in_blocks
from matcher.scoring.distances import distances_at
from matcher.scoring.either import find_pairs_of_either
from matcher.scoring.losing import Loss, find_pairs_with_loss
from matcher.scoring.ordering import Pairs
from matcher.scoring.passes import find_pairs_in_passes
from matcher.scoring.search import find_pairs
from matcher.scoring.within import find_pairs_within

__all__ = [
    "Loss",
    "Pairs",
    "ScoringPass",
    "distances_at",
    "find_pairs",
    "find_pairs_in_blocks",
    "find_pairs_in_passes",
    "find_pairs_of_either",
    "find_pairs_with_loss",
    "find_pairs_within",
]
