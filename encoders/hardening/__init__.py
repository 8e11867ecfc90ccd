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
from encoders.hardening.diffusion import diffusion_sets
from encoders.hardening.folding import fold
from encoders.hardening.linear import XorSets, combine, combine_into
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

__all__ = ["Hardening", "combine", "diffusion_sets", "xor_sets"]

_Harden = Callable[[Filters, Callable[[Rows], Contents]], Filters]


class Hardening:
    """The steps of one pass with their keys drawn, to be applied to any number of filters."""

    def __init__(self, part: Pass, keys: Keys) -> None:
        drawn: list[XorSets | _Harden] = []
        bits = part.bits
        kinds: dict[str, int] = {}
        for step in part.hardening:
            kinds[step.step] = kinds.get(step.step, 0) + 1
            drawn.append(_drawn(step, bits, _key(keys, part.name, step, kinds[step.step])))
            bits = step.output(bits)
        # Where the last step is linear, it writes the fingerprints to where they belong.
        self._last = drawn.pop() if drawn and isinstance(drawn[-1], XorSets) else None
        self._before = [_applying(step) for step in drawn]

    def harden(
        self, filters: Filters, contents_of: Callable[[Rows], Contents], made: Filters, rows: Rows
    ) -> None:
        """Apply all steps, and write what comes out into `made[rows]`.

        Args:
            filters: Shape (n, words), uint64; may be changed in place.
            contents_of: Gives the whole content of some of the n records, by row number.
            made: Shape (at least n, words of the fingerprint), uint64, C-contiguous.
            rows: Shape (n,), int64.
        """
        for apply in self._before:
            filters = apply(filters, contents_of)
        if isinstance(self._last, XorSets):
            combine_into(made, rows, filters, self._last)
        else:
            made[rows] = filters


def _key(keys: Keys, pass_name: str, step: steps.Step, nth: int) -> bytes:
    """Derive the key of the nth step of its kind in a pass; the first one's has no number."""
    if isinstance(step, steps.XorFold | steps.Rule90 | steps.WindowedXor):
        return b""
    number = "" if nth == 1 else str(nth)
    return keys.derive(step.step, pass_name=pass_name, attribute=number)


def _applying(step: XorSets | _Harden) -> _Harden:
    return (lambda filters, *_: combine(filters, step)) if isinstance(step, XorSets) else step


def _drawn(step: steps.Step, bits: int, key: bytes) -> XorSets | _Harden:
    """Make a step ready for filters of a length."""
    match step:
        case steps.XorFold():
            return lambda filters, *_: fold(filters)
        case steps.Rule90():
            return lambda filters, *_: rule_90(filters)
        case steps.Response():
            return partial(_respond, key, step.per_mille)
        case _:
            return xor_sets(step, bits, key)


def xor_sets(
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
    """Draw which input bits a step XORs into each output bit.

    Args:
        step: A step that is linear over GF(2).
        bits: Length of the filter before it.
        key: The step's key.
    """
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
