"""A3, frequency: the most frequent filter is the most frequent name.

Kuzu, Kantarcioglu, Durham and Malin, "A constraint satisfaction cryptanalysis of Bloom filters in
private record linkage", PETS 2011, section 4: equal values give equal filters, so frequencies,
lengths and likenesses of filters are those of values. The attacker holds another population of the
same cultures, none of the encoded people.
"""

import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.attacks.alignment import NOTHING, Values, align
from benchmarks.attacks.fingerprints import Filters, as_bits
from benchmarks.attacks.forenames import Forenames, bigrams
from benchmarks.attacks.outcome import Outcome

COUNTED = 150
"""The most frequent names, whose filters the attack has to name."""

ALIGNED = 200
"""The most frequent of either side that are aligned: some beyond, since ranks differ."""

_LENGTH_WEIGHT = 3.0

Floats = npt.NDArray[np.float64]


def attack(
    filters: Filters, truth: Forenames, knowledge: Forenames, *, seed: int, target: str
) -> Outcome:
    """Name the most frequent filters.

    Args:
        filters: Shape (n, words): a filter of each encoded forename.
        truth: Those forenames, for the measure alone.
        knowledge: The forenames of a population that the attacker knows.
        seed: Of the populations and keys, for the outcome.
        target: What is attacked, for the outcome.

    Returns:
        Of the `COUNTED` most frequent forenames, how many were named by a filter of theirs.
    """
    start = time.perf_counter()
    distinct, first, counts = np.unique(filters, axis=0, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))[:ALIGNED]
    bits = as_bits(distinct[order]).astype(np.float64)
    weights = bits.sum(axis=1)
    hidden = Values(_traits(counts[order].tolist(), weights), dice(bits))
    common = Counter(knowledge.parts[value] for value in knowledge.of).most_common(ALIGNED)
    held = [parts for parts, _ in common]
    tokens = _indicators([bigrams(parts) for parts in held])
    known = Values(_traits([count for _, count in common], tokens.sum(axis=1)), dice(tokens))
    answers = align(hidden, known, seed=seed)
    counted = Counter(truth.parts[value] for value in truth.of).most_common(COUNTED)
    wanted = {parts for parts, _ in counted}
    named = {
        held[answer]
        for row, answer in zip(order, answers, strict=True)
        if answer != NOTHING and truth.parts[truth.of[first[row]]] == held[answer]
    }
    return Outcome(
        attack="A3",
        variant="disjoint population",
        target=target,
        records=len(filters),
        known=len(knowledge.of),
        tried=len(wanted),
        right=len(named & wanted),
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def _traits(counts: Sequence[int], lengths: Floats) -> Floats:
    """Give the logarithm of the frequency and the length against the others', side by side."""
    share = np.log(np.array(counts, dtype=np.float64) / sum(counts))
    spread = max(float(lengths.std()), 1e-9)
    return np.stack([share, _LENGTH_WEIGHT * (lengths - lengths.mean()) / spread], axis=1)


def dice(bits: Floats) -> Floats:
    """Give the Dice coefficients of all pairs of rows of 0 and 1."""
    weights = bits.sum(axis=1)
    coefficient: Floats = 2 * (bits @ bits.T) / np.maximum(weights[:, None] + weights, 1)
    return coefficient


def _indicators(sets: Sequence[frozenset[str]]) -> Floats:
    places = {token: place for place, token in enumerate(sorted(frozenset().union(*sets)))}
    indicators = np.zeros((len(sets), len(places)))
    for row, tokens in enumerate(sets):
        indicators[row, [places[token] for token in tokens]] = 1
    return indicators
