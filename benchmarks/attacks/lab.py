"""The lab: runs the attacks against a scheme at stated sizes, and says which criteria hold.

Every attack runs on undefended fingerprints first. If it does not succeed there, what it finds on
hardened ones proves nothing, and that too is a criterion that does not hold.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.attacks import (
    frequency,
    key_compromise,
    known_plaintext,
    pattern_mining,
    refined,
)
from benchmarks.attacks.evidence import evidence_over_entropy
from benchmarks.attacks.fingerprints import (
    Signs,
    as_signs,
    encoded_by,
    present_only,
    undefended,
    unhardened,
    weighted_tokens,
)
from benchmarks.attacks.forenames import Forenames, double_hashed, encoded, stratum_of_names
from benchmarks.attacks.outcome import Outcome
from benchmarks.attacks.populations import (
    HELD_TO_LIMITS,
    Register,
    misspelt,
    overlapping,
    people,
    records_of,
)
from benchmarks.attacks.reidentification import ALL_PASSES, Means, attack, attack_others
from encoders.encoding import check_scheme
from encoders.hardening import combine, xor_sets
from encoders.records import Records
from matcher.exposure import Report, measure
from matcher.formats.errors import ParameterError
from matcher.formats.scheme import Scheme
from matcher.formats.steps import Diffusion, StratifiedDiffusion

EXTRAPOLATED_TO = 1_000_000
"""The records that the exposure is stated for if nothing else is asked."""

ABOUT_NONE = 0.02
"""The share of names that A3 and A4 may read of a scheme's filters."""

_SMALLEST = 200
_PROVED_AT = 1000  # records at most, of A1 on undefended fingerprints
_SHARE_MISSPELT = 0.3
_WITH_THE_LEVEL = "and the level of what is known"
_RATIOS = {
    Register.FULL: "ratio",
    Register.SPARSE: "ratio_of_sparse",
    Register.HOUSEHOLDS: "ratio_of_households",
    Register.MINORS: "ratio_of_minors",
}
_LEARNT_A_BIT = 1.6  # known records for every bit of the filter, to solve diffusion
_ALONE_UP_TO = 1000  # records; beyond that only all passes together are attacked
_KNOWN_ONE_IN = (20, 5)  # of the people, whom the attacker knows beforehand
_DENSE_UP_TO = 5000
"""Records up to which the dense attacks run, which hold matrices of all pairs."""

_DENSE_TOO_UP_TO = 2000
"""The same with keys of the attacker's own, which tell him nothing that his plaintext doesn't, and
on other registers: where it costs minutes, and shows what more would."""


@dataclass(frozen=True)
class Sizes:
    """How many records each attack gets.

    Attributes:
        graph: Records of A1 on the scheme, at each of the sizes.
        known_plaintext: Records of A2.
        forenames: Records of A3 and A4.
        exposure: Records of the exposure meter.
    """

    graph: tuple[int, ...]
    known_plaintext: int
    forenames: int
    exposure: int

    @classmethod
    def of(cls, size: int) -> "Sizes":
        """Give the sizes that go with `size` records of A1, and twice as many.

        Raises:
            ParameterError: Less than 200.
        """
        if size < _SMALLEST:
            raise ParameterError(f"The attack lab needs at least {_SMALLEST} records.")
        return cls((size, 2 * size), max(10_000, size), max(8_000, size), max(5_000, size))


SMALL = Sizes.of(1_000)
FULL = Sizes((5_000, 20_000), 10_000, 50_000, 20_000)


@dataclass(frozen=True)
class Finding:
    """An outcome and the criterion that it is held to.

    Attributes:
        outcome: What the attack achieved.
        at_least: The rate that it must reach, where it has to prove itself.
        at_most: The rate that it must not pass, where the scheme has to withstand it.
    """

    outcome: Outcome
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the criterion is met."""
        rate = self.outcome.rate
        return rate >= (self.at_least or 0.0) and (self.at_most is None or rate <= self.at_most)

    def as_data(self) -> dict[str, Any]:
        """Give the finding as data for JSON."""
        criterion = {"at_least": self.at_least, "at_most": self.at_most, "holds": self.holds}
        return self.outcome.as_data() | criterion


@dataclass(frozen=True)
class Findings:
    """What the lab found out about a scheme.

    Attributes:
        scheme: The scheme attacked.
        seed: Of everything drawn.
        sizes: How many records each attack got.
        found: The findings, attack by attack, proofs first.
        exposure: What the fingerprints give away.
        evidence: For each size of A1 how much all resemblances say, at most, of what there is to
            find out (`benchmarks.attacks.evidence`), for each register; empty where nothing is
            hardened.
    """

    scheme: Scheme
    seed: int
    sizes: Sizes
    found: tuple[Finding, ...]
    exposure: Report
    evidence: dict[int, dict[Register, float]]

    @property
    def holds(self) -> bool:
        """Whether all criteria are met."""
        return all(one.holds for one in self.found)

    def as_data(self) -> dict[str, Any]:
        """Give the findings as data for JSON; `seconds` alone differs between two runs."""
        return {
            "format": "kinmatch-attacks/1",
            "scheme": self.scheme.label,
            "scheme_digest": self.scheme.digest,
            "seed": self.seed,
            "holds": self.holds,
            "findings": [one.as_data() for one in self.found],
            "exposure": self.exposure.as_data(),
            "evidence_over_entropy": [
                {"records": size}
                | {_RATIOS[register]: round(ratio, 3) for register, ratio in ratios.items()}
                for size, ratios in self.evidence.items()
            ],
        }


def run(
    scheme: Scheme,
    sizes: Sizes = SMALL,
    *,
    seed: int = 0,
    extrapolated_to: int = EXTRAPOLATED_TO,
    progress: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Run every attack against a scheme.

    Args:
        scheme: The scheme. One that hardens nothing is held to the same limits, and keeps none.
        sizes: How many records each attack gets.
        seed: Same scheme, sizes and seed, same figures.
        extrapolated_to: The number of records that exposure is stated for.
        progress: Told which attack has ended.

    Raises:
        AgreementError: The scheme has an attribute or a view that is not known.
    """
    check_scheme(scheme)  # by its own name, before anything is encoded without its defences
    found = []
    for one in _all_attacks(scheme, sizes, seed):
        progress(f"{one.outcome.attack} {one.outcome.target}: {one.outcome.rate:.1%}")
        found.append(one)
    progress("exposure")
    held = encoded_by(records_of(people(sizes.exposure, seed)), scheme, seed)
    measured = measure(
        {name: (prints.bits, prints.present) for name, prints in held.passes.items()},
        at_size=extrapolated_to,
    )
    bounded = () if scheme.unhardened else sizes.graph
    evidence = {
        size: {one: evidence_over_entropy(scheme, size, seed, one) for one in Register}
        for size in bounded
    }
    return Findings(scheme, seed, sizes, tuple(found), measured, evidence)


def _all_attacks(scheme: Scheme, sizes: Sizes, seed: int) -> Iterator[Finding]:
    yield from graph_matching_proofs(scheme, min(sizes.graph[0], _PROVED_AT), seed)
    for size in sizes.graph:
        if size <= _DENSE_UP_TO or not scheme.unhardened:
            yield from graph_matching(scheme, size, seed)
    yield from known_plaintext_attacks(scheme, sizes.known_plaintext, seed)
    if min(sizes.graph) <= _ALONE_UP_TO and not scheme.unhardened:
        yield from attacks_on_others(scheme, min(sizes.graph), seed)
    yield from forename_attacks(scheme, sizes.forenames, seed)
    yield from refinement_attacks(sizes.forenames, seed)
    yield from key_attacks(scheme, sizes.known_plaintext, seed)


def graph_matching_proofs(scheme: Scheme, size: int, seed: int) -> Iterator[Finding]:
    """Attack undefended fingerprints by A1: full overlap, half overlap, and misspelt names."""
    bare = undefended(scheme)
    records, knowledge = overlapping(size, size, seed)
    yield Finding(attack(records, knowledge, bare, seed=seed), at_least=0.99)
    garbled = misspelt(knowledge, _SHARE_MISSPELT, seed)
    outcome = attack(records, garbled, bare, seed=seed, variant="30 % of names misspelt")
    yield Finding(outcome, at_least=0.95)
    records, knowledge = overlapping(2 * size, size, seed)
    outcome = attack(records, knowledge, bare, seed=seed, variant="half overlap")
    yield Finding(outcome, at_least=0.95)


def graph_matching(scheme: Scheme, size: int, seed: int) -> Iterator[Finding]:
    """Attack a scheme by A1: all passes together, by either means, each alone, the whole batch.

    And other registers: of little, whose emptier filters show more, of kin, and, without a limit,
    of minors.
    """
    records, knowledge = overlapping(size, size, seed)
    alone = [part.name for part in scheme.passes] if size <= _ALONE_UP_TO else []
    attempts = [(means, None) for means in Means] + [(Means.TOKENS, name) for name in alone]
    for means, only in attempts:
        outcome = attack(
            records,
            knowledge,
            scheme,
            seed=seed,
            means=means,
            only=only,
            dense=size <= (_DENSE_UP_TO if means is Means.TOKENS else _DENSE_TOO_UP_TO),
        )
        yield _limited(outcome)
    if size <= _ALONE_UP_TO and not scheme.unhardened:
        outcome = attack(records, knowledge, scheme, seed=seed, variant=_WITH_THE_LEVEL, shown=True)
        yield Finding(outcome)
    dense = size <= _DENSE_TOO_UP_TO
    for register in (Register.SPARSE, Register.HOUSEHOLDS, Register.MINORS):
        records, knowledge = overlapping(size, size, seed, register)
        variant = f"of {register}"
        outcome = attack(records, knowledge, scheme, seed=seed, variant=variant, dense=dense)
        yield _limited(outcome) if register in HELD_TO_LIMITS else Finding(outcome)


def _limited(outcome: Outcome) -> Finding:
    return Finding(outcome, at_most=max(0.005, 5 / max(1, outcome.tried)))


def known_plaintext_attacks(scheme: Scheme, size: int, seed: int) -> Iterator[Finding]:
    """Attack undefended fingerprints and a scheme by A2, all passes side by side."""
    records = records_of(people(size, seed))
    known, limit = (2_000, 0.005) if scheme.name == "high" else (500, 0.02)
    for target, learnt, at_least, at_most in (
        (undefended(scheme), 100, 0.95, None),
        (scheme, known, None, limit),
    ):
        outcome = known_plaintext.attack(
            *side_by_side(records, target, seed), learnt, seed=seed, target=target.label
        )
        yield Finding(outcome, at_least, at_most)


def attacks_on_others(scheme: Scheme, size: int, seed: int) -> Iterator[Finding]:
    """Attack a scheme by A2 on who resembles whom: shown without a limit, which is the other's."""
    records, knowledge = overlapping(size, size, seed)
    for one_in in _KNOWN_ONE_IN:
        yield Finding(attack_others(records, knowledge, scheme, size // one_in, seed=seed))


def side_by_side(records: Records, scheme: Scheme, seed: int) -> tuple[Signs, sparse.csr_matrix]:
    """Put all passes of a record beside each other; what is absent is 0, in bits and tokens."""
    held = encoded_by(records, scheme, seed).passes
    signs, tokens = [], []
    for part in scheme.passes:
        present = held[part.name].present.astype(np.float32)
        signs.append(as_signs(held[part.name].bits) * present[:, None])
        tokens.append(sparse.diags(present) @ weighted_tokens(records, part))
    return np.hstack(signs), sparse.csr_matrix(sparse.hstack(tokens))


def forename_attacks(scheme: Scheme, size: int, seed: int) -> Iterator[Finding]:
    """Attack forename filters by A3 and A4, knowing another population of the same cultures.

    What a stratum would show by itself, to who could take away all else, is told without a limit.
    """
    truth, knowledge = Forenames.of_people(size, seed), Forenames.of_people(size, seed + 1)
    bare, hard = encoded(truth, undefended(scheme), seed), encoded(truth, scheme, seed)
    double = double_hashed(truth, seed)
    for by, filters, target, at_least in (
        (frequency.attack, bare, "undefended forenames", 0.6),
        (frequency.attack, hard, f"{scheme.label} forenames", None),
        (pattern_mining.attack, double, "double-hashed forenames", 0.1),
        (pattern_mining.attack, hard, f"{scheme.label} forenames", None),
    ):
        outcome = by(filters, truth, knowledge, seed=seed, target=target)
        yield Finding(outcome, at_least, None if at_least else ABOUT_NONE)
    if (alone := stratum_of_names(scheme.passes[0])) is not None:
        shown = encoded(truth, scheme.model_copy(update={"passes": (alone,)}), seed)
        target = f"{scheme.label} forenames, their stratum alone"
        yield Finding(frequency.attack(shown, truth, knowledge, seed=seed, target=target))


def refinement_attacks(size: int, seed: int) -> Iterator[Finding]:
    """Attack the fingerprints of a refinement by A3; they are the same whatever the scheme."""
    truth, knowledge = Forenames.of_people(size, seed), Forenames.of_people(size, seed + 1)
    proof = refined.attack(truth, knowledge, seed=seed, one_key=True)
    yield Finding(proof, at_least=0.25)
    outcome = refined.attack(truth, knowledge, seed=seed, one_key=False)
    yield Finding(outcome, at_most=max(0.02, 2 / max(1, outcome.tried)))


def key_attacks(scheme: Scheme, size: int, seed: int) -> Iterator[Finding]:
    """Attack a scheme by A5, with its keys: what no hardening withstands."""
    records, knowledge = overlapping(size, size, seed)
    for attacked, at_least in ((undefended(scheme), 0.99), (scheme, None)):
        held, stolen = (
            encoded_by(those, attacked, seed).passes for those in (records, knowledge.records)
        )
        outcome = key_compromise.look_up(
            np.hstack([one.bits for one in held.values()]),
            np.hstack([one.bits for one in stolen.values()]),
            knowledge,
            seed=seed,
            target=f"{attacked.label} {ALL_PASSES}",
        )
        yield Finding(outcome, at_least)
    part = max(scheme.passes, key=lambda one: held[one.name].present.sum())
    step = part.hardening[0] if part.hardening else None
    if not isinstance(step, Diffusion | StratifiedDiffusion):
        return
    secret = hashlib.sha256(f"diffusion {seed:d}".encode()).digest()
    bare = present_only(encoded_by(records, unhardened(scheme), seed).passes[part.name])
    outcome = key_compromise.undiffuse(
        bare,
        combine(bare, xor_sets(step, part.bits, secret)),
        int(_LEARNT_A_BIT * part.bits),
        seed=seed,
        target=f"{scheme.label} {part.name}, bits",
    )
    yield Finding(outcome, at_least=0.99)
