"""A3 against refinement: the attribute fingerprints of a whole run, counted and laid side by side.

The linkage unit sees a given name's fingerprint for every candidate. Under one key for all of them
the most frequent would be the most frequent name, and its likeness to others would confirm it;
under a key for each candidate no two are alike, and there is nothing to count. The attacker knows
how fingerprints are made and makes those of the names on a list under a key of his own; and he is
given the names behind the most frequent fingerprints, as a filter tells him nothing by its weight.
"""

import time
from collections import Counter

import numpy as np

from benchmarks.attacks.alignment import Floats, Rows, Values, assigned, rows_alike
from benchmarks.attacks.fingerprints import Filters, as_bits
from benchmarks.attacks.forenames import Forenames
from benchmarks.attacks.frequency import ALIGNED, dice
from benchmarks.attacks.outcome import Outcome
from benchmarks.rehearsal import default_agreement
from encoders.keys import Keys
from encoders.records import Records
from encoders.refining.answering import attribute_cells
from matcher.formats.attributes import FIELDS

GIVEN_AWAY = 40
"""Fingerprints whose names the attacker is given."""

_FIELD = "given_1"
_FILTERS = ("bigrams", "sounds")
_TRUST_IN_FREQUENCY = 0.1  # against likeness


def encoded(forenames: Forenames, seed: int, *, one_key: bool) -> Filters:
    """Encode forenames as a refinement does, a candidate for each record.

    Args:
        forenames: n forenames.
        seed: Of keys, candidates and nonces.
        one_key: Whether all candidates have one identifier and nonce, and so one key: what a
            refinement must never do, and the proof that the attack works.

    Returns:
        Shape (n, words): the filters of the given name, side by side.
    """
    count = len(forenames.of)
    drawn = np.random.default_rng(seed).integers(0, 256, (count, 16), dtype=np.uint8)
    names = np.repeat(drawn[:1], count, axis=0) if one_key else drawn
    records = Records.from_rows(
        [
            {"record_id": str(number), "given_name": " ".join(parts)}
            for number, parts in enumerate(forenames.parts)
        ],
        role="registered",
    )
    agreement = default_agreement()
    keys = Keys.throwaway(agreement, seed=seed)
    cells = attribute_cells(records, forenames.of, names, names, keys, agreement.parties[1])
    _, kind = FIELDS[_FIELD]
    content = np.hstack([cells[_FIELD][0][:, kind.slice_of(name)] for name in _FILTERS])
    return np.ascontiguousarray(content).view("<u8").astype(np.uint64)


def attack(truth: Forenames, knowledge: Forenames, *, seed: int, one_key: bool) -> Outcome:
    """Name the most frequent given names by their fingerprints in a refinement.

    Args:
        truth: The forenames of the records refined, a candidate for each.
        knowledge: The forenames of a population that the attacker knows.
        seed: Of keys, candidates and nonces.
        one_key: As in `encoded`.

    Returns:
        Of the most frequent fingerprints whose names are on the attacker's list, but for those that
        he was given, how many he named.
    """
    start = time.perf_counter()
    distinct, first, counts = np.unique(
        encoded(truth, seed, one_key=one_key), axis=0, return_index=True, return_counts=True
    )
    order = np.lexsort((first, -counts))[:ALIGNED]
    common = Counter(knowledge.parts[value] for value in knowledge.of).most_common(ALIGNED)
    held = Forenames([parts for parts, _ in common], np.arange(len(common)))
    places = {parts: place for place, parts in enumerate(held.parts)}
    right = np.array([places.get(truth.parts[truth.of[row]], -1) for row in first[order]])
    listed = np.flatnonzero(right >= 0)
    given, rest = listed[:GIVEN_AWAY], listed[GIVEN_AWAY:]
    answers = _named(
        _values(distinct[order], counts[order].astype(np.float64)),
        _values(
            encoded(held, seed + 1, one_key=True),
            np.array([count for _, count in common], dtype=np.float64),
        ),
        given,
        right[given],
    )
    return Outcome(
        attack="A3",
        variant=f"disjoint population, {len(given)} names given",
        target="refinement under one key" if one_key else "refinement",
        records=len(truth.of),
        known=len(knowledge.of),
        tried=len(rest),
        right=int((answers[rest] == right[rest]).sum()),
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def _named(hidden: Values, known: Values, given: Rows, names: Rows) -> Rows:
    """Name fingerprints by frequency and by likeness to those whose names were given."""
    alike = rows_alike(hidden.likeness[:, given], known.likeness[:, names])
    apart = (hidden.traits - known.traits.T) ** 2
    return assigned(alike - _TRUST_IN_FREQUENCY * apart)


def _values(filters: Filters, counts: Floats) -> Values:
    """Give what shows of fingerprints: how often each occurs, and how two resemble each other."""
    return Values(np.log(counts / counts.sum())[:, None], dice(as_bits(filters).astype(np.float64)))
