"""Hardening: what keeps a filter from telling an attacker which filters resemble it.

A scheme's steps are applied in order, each with a key of its own; one module defines one step in
full, and names the paper it is from. XOR-folding, Rule 90 and windowed XOR have no key: the bits
that they work on are keyed.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from encoders.bits import Filters, Rows
from encoders.contents import Contents
from encoders.hardening.balancing import balancing_sets
from encoders.hardening.diffusion import diffuse, diffusion_sets
from encoders.hardening.folding import fold
from encoders.hardening.linear import XorSets, combine
from encoders.hardening.permuting import permutation_sets
from encoders.hardening.resampling import resampling_sets
from encoders.hardening.response import respond
from encoders.hardening.rule_90 import rule_90
from encoders.hardening.sampling import sampling_sets
from encoders.hardening.stratified import stratified_sets
from encoders.hardening.windowed_xor import window_sets
from encoders.keys import Keys
from matcher.formats import steps
from matcher.formats.scheme import Pass

__all__ = ["Hardening", "diffuse", "diffusion_sets"]

_Harden = Callable[[Filters, Callable[[Rows], Contents]], Filters]


class Hardening:
    """The steps of one pass with their keys drawn, to be applied to any number of filters."""

    def __init__(self, part: Pass, keys: Keys) -> None:
        self._steps: list[_Harden] = []
        bits = part.bits
        kinds: dict[str, int] = {}
        for step in part.hardening:
            kinds[step.step] = kinds.get(step.step, 0) + 1
            self._steps.append(_drawn(step, bits, _key(keys, part.name, step, kinds[step.step])))
            bits = step.output(bits)

    def harden(self, filters: Filters, contents_of: Callable[[Rows], Contents]) -> Filters:
        """Apply all steps.

        Args:
            filters: Shape (n, words), uint64; may be changed in place.
            contents_of: Gives the whole content of some of the n records, by row number.

        Returns:
            Array of shape (n, words of the fingerprint), dtype uint64.
        """
        for apply in self._steps:
            filters = apply(filters, contents_of)
        return filters


def _key(keys: Keys, pass_name: str, step: steps.Step, nth: int) -> bytes:
    """Derive the key of the nth step of its kind in a pass; the first one's has no number."""
    if isinstance(step, steps.XorFold | steps.Rule90 | steps.WindowedXor):
        return b""
    number = "" if nth == 1 else str(nth)
    return keys.derive(step.step, pass_name=pass_name, attribute=number)


def _drawn(step: steps.Step, bits: int, key: bytes) -> _Harden:
    """Make a step ready for filters of a length."""
    match step:
        case steps.XorFold():
            return lambda filters, *_: fold(filters)
        case steps.Rule90():
            return lambda filters, *_: rule_90(filters)
        case steps.Response():
            return partial(_respond, key, step.per_mille)
        case _:
            sets = _sets(step, bits, key)
            return lambda filters, *_: combine(filters, sets)


def _sets(
    step: steps.Diffusion
    | steps.WindowedXor
    | steps.Balancing
    | steps.Permutation
    | steps.Resampling
    | steps.Sampling
    | steps.StratifiedDiffusion,
    bits: int,
    key: bytes,
) -> XorSets:
    match step:
        case steps.Diffusion():
            return XorSets.of(diffusion_sets(key, bits, step.t, step.bits).tolist())
        case steps.WindowedXor():
            return window_sets(bits, step.window)
        case steps.Balancing():
            return balancing_sets(key, bits)
        case steps.Permutation():
            return permutation_sets(key, bits)
        case steps.Resampling():
            return resampling_sets(key, bits)
        case steps.Sampling():
            return sampling_sets(key, [(one.bits, one.take) for one in step.filters])
        case steps.StratifiedDiffusion():
            return stratified_sets(key, [(one.bits, one.t) for one in step.strata], step.bits)


def _respond(
    key: bytes, per_mille: int, filters: Filters, contents_of: Callable[[Rows], Contents]
) -> Filters:
    octets, *places = contents_of(np.arange(len(filters)))
    seeds = [key + octets[start:stop].tobytes() for start, stop in zip(*places, strict=True)]
    respond(filters, seeds, per_mille)
    return filters
