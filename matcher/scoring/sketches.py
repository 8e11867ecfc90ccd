"""Short sketches of filters, which rule most pairs out before the filters are compared.

An XOR of several words of a filter can't differ in more bits than the words themselves do. So
the filter folded onto a few words (word `j` of the fold is the XOR of words `j`, `j + w`,
`j + 2w` ...) gives a distance that is never greater than the filters' own: a pair whose folds
are too far apart is out, and no pair is ever lost. Where two filters differ in a fraction f of
their bits, XORs of k bits differ in (1 - (1 - 2f)^k) / 2, which is near half of them even for
rather similar filters: so a fold tells more than as many words of the filter do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.scoring.arguments import Filters
from matcher.scoring.compiled import compiled
from matcher.scoring.counting import LANES
from matcher.scoring.measures import reach, weigh
from matcher.scoring.sampling import spread
from matcher.scoring.vectors import popcount

# What one more comparison of a row with a group costs beside its words, in words.
COMPARISON = 1.0

# How far words of unlike filters are apart at the most, by chance: half of their bits. A sketch
# that may be further apart rules next to nothing out.
CHANCE_DISTANCE = 32

# How many left rows and groups of the right side the length of a sketch is chosen on.
SAMPLED_ROWS = 16
SAMPLED_GROUPS = 16


@dataclass(frozen=True)
class Sketch:
    """How filters are sketched.

    Attributes:
        words: Length of the sketch, 0 for none.
        allowed: How far sketches may be apart, for each distance that the filters may have.
        folds: Whether it is a fold of the whole filter, or else its first words.
    """

    words: int
    allowed: NDArray[np.int64]
    folds: bool = True

    def of(self, filters: Filters) -> Filters:
        """The sketch of each filter, shape (n, sketch words)."""
        return self.before(filters)[:, : self.words].copy()

    def before(self, filters: Filters) -> Filters:
        """Each filter with its sketch before it, shape (n, sketch words + words)."""
        return self.before_in_groups(filters, 1)[:, :, 0]

    def before_in_groups(self, filters: Filters, lanes: int) -> NDArray[np.uint64]:
        """The same word by word, shape (groups, sketch words + words, lanes).

        The last group's lanes without a filter hold zeros.
        """
        words = filters.shape[1]
        shape = -(-len(filters) // lanes), self.words + words, lanes
        sketched = words if self.folds else self.words
        return _lay_out(filters, np.zeros(shape, dtype=np.uint64), self.words, sketched)


@compiled
def _lay_out(
    filters: Filters, groups: NDArray[np.uint64], sketch_words: int, sketched: int
) -> NDArray[np.uint64]:
    """Fill groups, which hold zeros; a sketch folds the first `sketched` words of a filter."""
    lanes = groups.shape[2]
    for row in range(len(filters)):
        group, lane = row // lanes, row % lanes
        for word in range(filters.shape[1]):
            groups[group, sketch_words + word, lane] = filters[row, word]
        onto = 0
        for word in range(sketched if sketch_words > 0 else 0):
            groups[group, onto, lane] ^= filters[row, word]
            onto = onto + 1 if onto + 1 < sketch_words else 0
    return groups


def fold_onto(words: int, bits: int) -> Sketch:
    """The fold onto `words` words, which loses no pair of filters of `bits` bits."""
    return Sketch(words, np.arange(2 * bits + 1))


def exact_sketch(
    left: Filters, merits: NDArray[np.float64], sample: Filters, measure: int
) -> Sketch:
    """The fold that pays best, which may be none (see `cheapest_sketch`)."""
    bits = 64 * left.shape[1]
    return cheapest_sketch(left, merits, sample, measure, lambda words: fold_onto(words, bits))


def cheapest_sketch(
    left: Filters,
    merits: NDArray[np.float64],
    sample: Filters,
    measure: int,
    sketch_of: Callable[[int], Sketch],
) -> Sketch:
    """The sketch that pays best on a sample: none, if no other does.

    Args:
        left: The left side, shape (n, words).
        merits: What a pair of each left row must reach, shape (n,).
        sample: Some right rows, each LANES of them as they lie in a group.
        measure: The number of a measure.
        sketch_of: The sketch of a length in words.
    """
    rows = spread(len(left), SAMPLED_ROWS)
    left, merits = np.array(left[rows]), merits[rows]
    words = left.shape[1]
    most = _most_distances(weigh(left), merits, weigh(sample), int(measure))
    compared = np.count_nonzero(most >= 0)
    best, best_price = sketch_of(0), float(words * compared)
    for length in range(1, words, max(1, words // 16)):
        price = (length + COMPARISON) * compared
        if price >= best_price:
            break
        sketch = sketch_of(length)
        if np.median(sketch.allowed[most[most >= 0]]) >= CHANCE_DISTANCE * length:
            continue
        price += words * _survivors(sketch.of(left), sketch.of(sample), most, sketch.allowed)
        if price < best_price:
            best, best_price = sketch, price
    return best


@compiled
def _most_distances(
    left_weights: NDArray[np.int64],
    merits: NDArray[np.float64],
    right_weights: NDArray[np.int64],
    measure: int,
) -> NDArray[np.int64]:
    """How far each row may be from the lanes of each group; -1 where weights rule all out."""
    most = np.empty((len(left_weights), len(right_weights) // LANES), dtype=np.int64)
    for row in range(most.shape[0]):
        for group in range(most.shape[1]):
            lanes = right_weights[group * LANES : (group + 1) * LANES]
            most[row, group] = reach(
                measure, merits[row], left_weights[row], lanes.min(), lanes.max()
            )
    return most


@compiled
def _survivors(
    left: Filters, right: Filters, most: NDArray[np.int64], allowed: NDArray[np.int64]
) -> int:
    """How many rows and groups the sketches do not rule out."""
    survivors = 0
    for row in range(most.shape[0]):
        for group in range(most.shape[1]):
            if most[row, group] < 0:
                continue
            for lane in range(group * LANES, (group + 1) * LANES):
                distance = 0
                for word in range(left.shape[1]):
                    distance += popcount(left[row, word] ^ right[lane, word])
                if distance <= allowed[most[row, group]]:
                    survivors += 1
                    break
    return survivors
