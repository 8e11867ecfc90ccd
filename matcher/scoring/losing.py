"""Declared loss: faster on diffused filters, with a stated chance to lose a pair.

Diffused filters of different people differ in about half of their bits, wherever one looks, and
no exact bound tells them apart early. But the bits in which two filters differ lie at random
positions. So the first words of a pair at distance d of m bits differ in a number of bits that
is distributed hypergeometrically, and pairs whose first words differ in more than a pair on the
threshold would, but for the declared chance, are left out. Nearer pairs are lost less often.

It says nothing of unhardened filters, whose bits are not alike: use it on diffused ones only.
"""

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from matcher.formats.errors import ParameterError
from matcher.scoring.arguments import Filters, check_question, check_threads
from matcher.scoring.collecting import collect
from matcher.scoring.measures import most_distance, weigh
from matcher.scoring.ordering import Pairs, key_shift, pairs_in_order
from matcher.scoring.partners import Partners
from matcher.scoring.sampling import spread
from matcher.scoring.search import find_pairs
from matcher.scoring.sketches import Sketch, cheapest_sketch
from matcher.scoring.tiles import RIGHT_TILE, over_tiles, row_tiles

# One left row in so many is compared exactly as well, to measure the loss.
MEASURED = 64


@dataclass(frozen=True)
class Loss:
    """What was declared, and what a sample of the left rows showed.

    Attributes:
        declared: The chance to lose a pair that is exactly on the threshold.
        measured_rows: How many left rows were compared exactly as well.
        pairs: How many pairs they have.
        lost: How many of these were not found.
    """

    declared: float
    measured_rows: int
    pairs: int
    lost: int


def find_pairs_with_loss(
    left: Filters,
    right: Filters,
    *,
    measure: str = "dice",
    threshold: float,
    loss: float = 1e-4,
    threads: int | None = None,
) -> tuple[Pairs, Loss]:
    """Compare all rows of two sides of diffused filters, and lose a stated share of pairs.

    Args:
        left: As for `matcher.scoring.find_pairs`.
        right: As for `matcher.scoring.find_pairs`.
        measure: See there.
        threshold: See there.
        loss: The chance to lose a pair that is exactly on the threshold, between 0 and 1.
        threads: How many threads to use; all processors if None.

    Returns:
        The pairs as `matcher.scoring.find_pairs` has them, but for those that were lost; and the
        loss that was measured.

    Raises:
        ParameterError: An array or an argument is not as described.
    """
    question = check_question(left, right, measure, threshold, None)
    if not 0 < loss < 1:
        raise ParameterError("loss must be greater than 0 and less than 1.")
    threads = check_threads(threads)
    merits = np.full(len(left), question.merit)
    span = _distances_asked_about(left, right, int(question.measure), question.merit)

    def sketch_of(words: int) -> Sketch:
        allowed = allowed_distances(question.bits, words, span, loss)
        return Sketch(words, allowed, folds=False)

    shift = key_shift(len(right))
    chunks = over_tiles(
        left,
        right,
        threads,
        lambda sample: cheapest_sketch(left, merits, sample, question.measure, sketch_of),
        lambda tile: collect(tile, question, shift, Partners.all),
        right_tiles=row_tiles(len(right), RIGHT_TILE),
    )
    found = list(chain.from_iterable(chunks))
    pairs = pairs_in_order(found, question, len(left), shift, threads)
    rows = spread(len(left), -(-len(left) // MEASURED))
    exact = find_pairs(left[rows], right, measure=measure, threshold=threshold, threads=threads)
    kept = int(np.isin(pairs.left, rows).sum())
    return pairs, Loss(loss, len(rows), len(exact), len(exact) - kept)


def _distances_asked_about(
    left: Filters, right: Filters, measure: int, merit: float
) -> tuple[int, int]:
    """The least and the most distance that any pair may have on the threshold."""
    if not len(left) or not len(right):
        return 0, 0
    sums = [weigh(left), weigh(right)]
    lightest, heaviest = (sum(int(pick(side)) for side in sums) for pick in (np.min, np.max))
    return most_distance(measure, merit, lightest), most_distance(measure, merit, heaviest)


def allowed_distances(
    bits: int, words: int, span: tuple[int, int], loss: float
) -> NDArray[np.int64]:
    """How far the first words of filters may be apart, for each distance of the filters.

    The least number that is exceeded with a chance of at most `loss` when a filter's first words
    are drawn from its bits without replacement, some of which differ: the hypergeometric
    distribution, summed from its upper end.

    Args:
        bits: Length of the filters.
        words: How many of their first words are looked at.
        span: The least and the most distance that matters; below it the least one's answer
            stands, above it all of the words may differ.
        loss: The chance to exceed what is allowed.
    """
    drawn = 64 * words
    allowed = np.full(2 * bits + 1, drawn, dtype=np.int64)
    distances = np.arange(span[0], min(span[1], bits) + 1)
    if words == 0 or not len(distances):
        return allowed
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, bits + 1)))])
    seen = np.arange(drawn + 1)
    unseen = distances[:, None] - seen
    possible = (unseen >= 0) & (unseen <= bits - drawn)

    def choose(n: NDArray[np.int64] | int, k: NDArray[np.int64]) -> NDArray[np.float64]:
        chosen: NDArray[np.float64] = logs[n] - logs[k] - logs[n - k]
        return chosen

    chances = np.zeros(possible.shape)
    rows, columns = np.nonzero(possible)
    chances[possible] = np.exp(
        choose(drawn, columns)
        + choose(bits - drawn, distances[rows] - columns)
        - choose(bits, distances[rows])
    )
    # beyond[d, h]: the chance of more than h.
    beyond = np.cumsum(chances[:, ::-1], axis=1)[:, ::-1] - chances
    allowed[distances] = np.argmax(beyond <= loss, axis=1)
    allowed[: distances[0]] = allowed[distances[0]]
    return allowed
