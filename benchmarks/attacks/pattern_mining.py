"""A4, pattern mining: bits that are always set together are one bigram.

Christen, Vidanage, Ranbaduge and Schnell, "Pattern-mining based cryptanalysis of Bloom filters for
privacy-preserving record linkage", PAKDD 2018, section 3: all positions of a bigram are set in
every filter that holds it, so closed sets of bits that occur together are bigrams, and are told
apart by how often they and their pairs occur. With the bigrams of a filter its value follows.
"""

import time
from collections import Counter

import numpy as np
import numpy.typing as npt

from benchmarks.attacks.alignment import NOTHING, Values, align
from benchmarks.attacks.fingerprints import Filters, as_bits
from benchmarks.attacks.forenames import HASHES, Forenames, bigrams
from benchmarks.attacks.outcome import Outcome

_MOST_PATTERNS = 120
_CANDIDATE_BIGRAMS = 150
_LEAST_SUPPORT = 0.004  # of the filters: rarer patterns are not looked for
_FIRST_LOOK = 64  # rows
_OVERLAP = 0.5  # patterns that share more of their bits than this are one

Bits = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Patterns = list[npt.NDArray[np.int64]]


def attack(
    filters: Filters, truth: Forenames, knowledge: Forenames, *, seed: int, target: str
) -> Outcome:
    """Find bit patterns, take them for bigrams, and read the values of the filters.

    Args:
        filters: Shape (n, words): a filter of each encoded forename.
        truth: Those forenames, for the measure alone.
        knowledge: The forenames of a population that the attacker knows.
        seed: Of the populations and keys, for the outcome.
        target: What is attacked, for the outcome.

    Returns:
        Of all filters, how many were read rightly.
    """
    start = time.perf_counter()
    bits = as_bits(filters)
    patterns = _patterns(bits)
    read = np.full(len(bits), NOTHING)
    names = [parts for parts, _ in Counter(knowledge.parts[v] for v in knowledge.of).most_common()]
    if len(patterns) > 1:
        read = _read(bits, patterns, knowledge, names, seed)
    right = sum(
        answer != NOTHING and truth.parts[value] == names[answer]
        for answer, value in zip(read.tolist(), truth.of.tolist(), strict=True)
    )
    return Outcome(
        attack="A4",
        variant=f"disjoint population, {len(patterns)} patterns",
        target=target,
        records=len(filters),
        known=len(knowledge.of),
        tried=len(filters),
        right=right,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def _patterns(bits: Bits) -> Patterns:
    """Find closed sets of about as many bits as a bigram sets, the most frequent first.

    Every bit is paired with those that most often occur with it; the bits set in all filters that
    have both are the pair's closure.
    """
    size = len(bits)
    by_bit = np.ascontiguousarray(bits.T)
    columns = bits.astype(np.float32)
    together = columns.T @ columns
    alone = np.diag(together).copy()
    alike = together / np.maximum(np.maximum(alone[:, None], alone), 1)
    np.fill_diagonal(alike, 0)
    found: list[tuple[int, npt.NDArray[np.int64]]] = []
    seen: set[bytes] = set()
    for one in np.flatnonzero((alone > _LEAST_SUPPORT * size) & (alone < size)):
        for other in np.argsort(-alike[one], kind="stable")[:6]:
            rows = np.flatnonzero(by_bit[one] & by_bit[other])
            if len(rows) <= _LEAST_SUPPORT * size:
                continue
            # Some of the rows already show of most pairs that they have too little in common.
            if bits[rows[:_FIRST_LOOK]].all(axis=0).sum() < HASHES // 2:
                continue
            closure = np.flatnonzero(bits[rows].all(axis=0))
            if HASHES // 2 <= len(closure) <= 2 * HASHES and closure.tobytes() not in seen:
                seen.add(closure.tobytes())
                found.append((len(rows), closure))
    found.sort(key=lambda one: (-one[0], one[1].tolist()))
    kept: Patterns = []
    for _, closure in found:
        if all(len(np.intersect1d(closure, k)) <= _OVERLAP * len(closure) for k in kept):
            kept.append(closure)
    return kept[:_MOST_PATTERNS]


def _read(
    bits: Bits,
    patterns: Patterns,
    knowledge: Forenames,
    names: list[tuple[str, ...]],
    seed: int,
) -> npt.NDArray[np.int64]:
    """Name the bigram of each pattern, then the forename of each filter: a position in `names`."""
    holds = np.stack([bits[:, pattern].all(axis=1) for pattern in patterns], axis=1)
    grams = [bigrams(parts) for parts in names]
    weight = Counter(knowledge.parts[value] for value in knowledge.of)
    counts = Counter[str]()
    for parts, of_name in zip(names, grams, strict=True):
        for gram in of_name:
            counts[gram] += weight[parts]
    common = [gram for gram, _ in counts.most_common(_CANDIDATE_BIGRAMS)]
    has = np.array([[gram in of_name for gram in common] for of_name in grams], dtype=np.float64)
    each = np.array([weight[parts] for parts in names], dtype=np.float64)
    answers = align(_as_values(holds.astype(np.float64), None), _as_values(has, each), seed=seed)
    named = np.flatnonzero(answers != NOTHING)
    guessed = holds[:, named].astype(np.float64)
    usable = has[:, answers[named]]
    # The forename whose bigrams, of those that were named, are just the filter's; else the nearest
    # by Dice, and of equals the most frequent.
    shared = guessed @ usable.T
    both = guessed.sum(axis=1)[:, None] + usable.sum(axis=1)
    nearness = 2 * shared / np.maximum(both, 1)
    return np.where(nearness.max(axis=1) > 0, nearness.argmax(axis=1), NOTHING)


def _as_values(holds: Floats, counts: Floats | None) -> Values:
    """Describe patterns or bigrams by how often they occur, alone and with each other."""
    weights = np.ones(len(holds)) if counts is None else counts
    share = weights / weights.sum()
    mean = share @ holds
    centred = (holds - mean) * np.sqrt(share)[:, None]
    lengths = np.linalg.norm(centred, axis=0) + 1e-9
    return Values(np.log(mean + 1e-9)[:, None], (centred / lengths).T @ (centred / lengths))
