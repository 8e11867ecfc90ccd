"""Graphs of who resembles whom, from a scheme to an outcome: who attacks what, knowing what."""

import time
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from benchmarks.attacks import edge_matching, graph_matching, soft_matching
from benchmarks.attacks.fingerprints import encoded_by
from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.populations import Knowledge
from benchmarks.attacks.similarity import Correlations, Dice, Likeness, Mask, expected
from encoders.encoding import Encoded
from encoders.knowledge import knowledge_of
from encoders.records import Records
from matcher.formats.scheme import Pass, Scheme

ALL_PASSES = "all passes"

_NOISE_FLOOR = 3.5  # deviations from chance below which a hardened similarity says nothing
_KNOWN_KEYS_APART = 1_000_003  # the attacker's own keys are of another seed than the society's


class Means(StrEnum):
    """How the attacker compares the plaintext he holds."""

    TOKENS = "plaintext tokens"
    OWN_KEYS = "own keys, same scheme"


def attack(
    records: Records,
    knowledge: Knowledge,
    scheme: Scheme,
    *,
    seed: int,
    means: Means = Means.TOKENS,
    variant: str = "",
    only: str | None = None,
    dense: bool = True,
    shown: bool = False,
) -> Outcome:
    """Encode records, attack the fingerprints with what the attacker knows, and count.

    Undefended fingerprints are attacked by `graph_matching`. Hardened ones are attacked by
    `edge_matching` and `soft_matching` too, and the best counts: an attacker would choose.

    Args:
        records: The encoded people.
        knowledge: What the attacker holds.
        scheme: The scheme, which the attacker knows.
        seed: Of both sides' keys and of the attack's starts.
        means: How the attacker compares plaintext.
        variant: What is special about the knowledge, for the outcome.
        only: The pass to attack; all passes together, since a batch ties a person's together, if
            None.
        dense: Whether to try `graph_matching` and `soft_matching` on hardened fingerprints too;
            they need memory for matrices of all pairs.
        shown: Whether the attacker has the rest of the batch too, and so of each record the level
            of what is known (`matcher.formats.knowledge`).
    """
    start = time.perf_counter()
    passes = [part for part in scheme.passes if only in (None, part.name)]
    hidden, known, present = _sides(records, knowledge, scheme, passes, means, seed)
    possible = present & (knowledge.truth >= 0)
    hardened = bool(passes[0].hardening)
    bits = min(part.output_bits for part in passes)
    right, claimed, claimed_right = 0, 0, 0
    if hardened:
        found = edge_matching.match(hidden, known, bits)
        hits = (found.answer == knowledge.truth) & possible
        right, claimed = int(hits.sum()), int(found.sure.sum())
        claimed_right = int((hits & found.sure).sum())
        if dense:
            # What fingerprints of the attacker's own tell scatters as much as those he attacks.
            scattered = 2 if means is Means.OWN_KEYS else 1
            lengths = [part.output_bits // scattered for part in passes]
            levels = None
            if shown:
                levels = knowledge_of(records, scheme), knowledge_of(knowledge.records, scheme)
            for answer in soft_matching.match(hidden, known, lengths, found.answer, levels):
                right = max(right, int(((answer == knowledge.truth) & possible).sum()))
    if dense or not hardened:
        lowest = _NOISE_FLOOR / np.sqrt(bits) if hardened else 0.0
        for answer in graph_matching.match(hidden, known, seed=seed, lowest=lowest):
            right = max(right, int(((answer == knowledge.truth) & possible).sum()))
            if right == possible.sum():
                break  # no start can do better
    return Outcome(
        attack="A1",
        variant=", ".join(filter(None, (means.value, variant))),
        target=f"{scheme.label} {only or ALL_PASSES}",
        records=int(present.sum()),
        known=len(knowledge.records),
        tried=int(possible.sum()),
        right=right,
        claimed=claimed,
        claimed_right=claimed_right,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def attack_others(
    records: Records, knowledge: Knowledge, scheme: Scheme, known: int, *, seed: int
) -> Outcome:
    """A2 by who resembles whom: name the others from some fingerprints whose people are known.

    Args:
        records: The encoded people.
        knowledge: What the attacker holds: plaintext of all of them.
        scheme: The scheme, which the attacker knows; it hardens.
        known: How many of the fingerprints he knows the people of; they are drawn.
        seed: Of the keys and of that draw.
    """
    start = time.perf_counter()
    hidden, expect, present = _sides(records, knowledge, scheme, scheme.passes, Means.TOKENS, seed)
    drawn = np.random.default_rng([seed, 3]).permutation(len(records))[:known]
    given = np.full(len(records), -1)
    given[drawn] = knowledge.truth[drawn]
    bits = [part.output_bits for part in scheme.passes]
    answer = soft_matching.match_others(hidden, expect, bits, given)
    tried = present & (given < 0)
    return Outcome(
        attack="A2",
        variant=f"{known} known records, all pairs weighed",
        target=scheme.label,
        records=len(records),
        known=known,
        tried=int(tried.sum()),
        right=int(((answer == knowledge.truth) & tried).sum()),
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def _sides(
    records: Records,
    knowledge: Knowledge,
    scheme: Scheme,
    passes: Sequence[Pass],
    means: Means,
    seed: int,
) -> tuple[list[Likeness], list[Likeness], Mask]:
    """Compare on both sides, pass by pass, and say who of the encoded people has a fingerprint."""
    encoded = encoded_by(records, scheme, seed)
    own = encoded_by(knowledge.records, scheme, seed + _KNOWN_KEYS_APART)
    hidden = [_seen(part, encoded) for part in passes]
    known: list[Likeness]
    if means is Means.TOKENS:
        known = [expected(knowledge.records, own.passes[p.name].present, p) for p in passes]
    else:
        known = [_seen(part, own) for part in passes]
    present = np.logical_or.reduce([encoded.passes[part.name].present for part in passes])
    return hidden, known, present


def _seen(part: Pass, encoded: Encoded) -> Likeness:
    prints = encoded.passes[part.name]
    return (Correlations if part.hardening else Dice)(prints.bits, prints.present)
