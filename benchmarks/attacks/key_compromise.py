"""A5, key compromise: what hardening does not do.

With the keys of the bits, everybody can be encoded and looked up: a dictionary. Diffusion has a
key of its own, but it is linear over GF(2), so that enough records of which the bits before and
after are known give it away by elimination (Armknecht, Heng and Schnell, PoPETs 2023(2), state the
secrecy of the key as their assumption). There is nothing to mend here but to keep the keys.
"""

import time

import numpy as np
import numpy.typing as npt

from benchmarks.attacks.fingerprints import Filters, as_bits
from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.populations import Knowledge
from matcher.scoring import find_pairs

Bits = npt.NDArray[np.uint8]


def look_up(
    hidden: Filters,
    dictionary: Filters,
    knowledge: Knowledge,
    *,
    seed: int,
    target: str,
) -> Outcome:
    """Look fingerprints up among those that the attacker made with the stolen keys.

    Args:
        hidden: Shape (n, words): the fingerprints, all passes of a person side by side.
        dictionary: Shape (m, words): of the attacker's records, under the same keys.
        knowledge: Whose records the dictionary holds.
        seed: Of population and keys, for the outcome.
        target: What is attacked, for the outcome.
    """
    start = time.perf_counter()
    found = find_pairs(hidden, dictionary, measure="hamming", top=1)
    nearest = found.right[np.argsort(found.left)]
    possible = knowledge.truth >= 0
    # Records that encode alike are one entry of a dictionary: whoever finds it has found both.
    right = (dictionary[nearest] == dictionary[knowledge.truth]).all(axis=1) & possible
    return Outcome(
        attack="A5",
        variant="keys known: a dictionary",
        target=target,
        records=len(hidden),
        known=len(dictionary),
        tried=int(possible.sum()),
        right=int(right.sum()),
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def undiffuse(before: Filters, after: Filters, known: int, *, seed: int, target: str) -> Outcome:
    """Learn diffusion from known records and predict the bits of all others.

    Args:
        before: Shape (n, words): filters before diffusion, which the bit key gives.
        after: Shape (n, words): the same after diffusion.
        known: How many records the attacker has both of.
        seed: Of which records those are.
        target: What is attacked, for the outcome.

    Returns:
        How many bits of the other records were predicted rightly; half are by chance.
    """
    start = time.perf_counter()
    order = np.random.default_rng([seed, 4]).permutation(len(before))
    learnt, others = order[:known], order[known:]
    inputs, outputs = as_bits(before), as_bits(after)
    pivots, solved = _eliminated(inputs[learnt], outputs[learnt])
    # Every known record is now a row with a pivot of its own: others are sums of rows.
    unseen = inputs[others][:, pivots].astype(np.float32)
    predicted = (unseen @ solved.astype(np.float32)).astype(np.int64) & 1
    right = int((predicted == outputs[others]).sum())
    return Outcome(
        attack="A5",
        variant=f"bit key and {known} known records: diffusion solved",
        target=target,
        records=len(before),
        known=known,
        tried=int(outputs[others].size),
        right=right,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def _eliminated(inputs: Bits, outputs: Bits) -> tuple[npt.NDArray[np.int64], Bits]:
    """Solve inputs · X = outputs over GF(2) by Gauss and Jordan.

    Returns:
        The pivot columns, and the rows of a solution X that belong to them; its other rows are 0.
    """
    width = inputs.shape[1]
    rows = np.packbits(np.hstack([inputs, outputs]), axis=1, bitorder="little")
    words = np.ascontiguousarray(rows).view(np.uint64)
    pivots: list[int] = []
    for column in range(width):
        bit = (words[:, column >> 6] >> np.uint64(column & 63)) & np.uint64(1)
        at = len(pivots)
        candidates = np.flatnonzero(bit[at:])
        if not len(candidates):
            continue
        pivot = at + int(candidates[0])
        words[[at, pivot]] = words[[pivot, at]]
        bit[[at, pivot]] = bit[[pivot, at]]
        bit[at] = 0
        words[np.flatnonzero(bit)] ^= words[at]
        pivots.append(column)
        if len(pivots) == len(words):
            break
    solved = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[: len(pivots), width:]
    return np.array(pivots, dtype=np.int64), solved
