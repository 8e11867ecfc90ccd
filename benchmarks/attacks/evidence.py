"""A1 without an attack: how much all resemblances say, beside how much there is to find out.

To match n fingerprints with n persons is to find one of n! orders: log n! nats. A pair's
correlation is what plaintext lets expect and noise of variance 1 / bits. Of what varies with
variance v such a channel tells at most log(1 + bits * v) / 2 nats a pair (Shannon, "A mathematical
theory of communication", Bell System Technical Journal 27, 1948, theorem 17), so at most
bits * v / 2. That sum over all pairs and passes, divided by log n!, bounds the chance to put every
name to its fingerprint by resemblance, whatever the attack (Fano's inequality), and, since each
name takes about log n nats, about the share of people who can be named. From 1 on it bounds
nothing, and that our attacks find few says only that they do not find more yet. It grows nearly as
n does: what is below 1 at a thousand records is above it at ten thousand.
"""

from math import lgamma

from benchmarks.attacks.fingerprints import encoded_by
from benchmarks.attacks.populations import Register, held_in, people, records_of
from benchmarks.attacks.similarity import Mask, expected
from encoders.records import Records
from matcher.formats.scheme import Pass, Scheme


def evidence_over_entropy(
    scheme: Scheme, size: int, seed: int, register: Register = Register.FULL
) -> float:
    """Say how many times over the pairs of fingerprints can say who is who, at most.

    Args:
        scheme: The scheme; every pass hardens.
        size: Number of people, at least 2.
        seed: Of the people.
        register: What is known of them.

    Returns:
        The bound on what all pairs say together, over log n!.
    """
    records = records_of(held_in(register, people(size, seed)))
    encoded = encoded_by(records, scheme, seed).passes
    nats = sum(told(records, encoded[part.name].present, part) for part in scheme.passes)
    return nats / lgamma(size + 1)


def told(records: Records, present: Mask, part: Pass) -> float:
    """Bound what the pairs of records say under one pass, in nats.

    Args:
        records: The n records.
        present: Who of them has a fingerprint under the pass, shape (n,).
        part: The pass; it hardens.
    """
    pairs, variance = expected(records, present, part).scatter()
    return pairs * part.output_bits * variance / 2
