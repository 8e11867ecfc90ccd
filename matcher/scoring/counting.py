"""The distance of a row from the lanes of a group, as LLVM code: the innermost loop of scoring.

It is written in LLVM's own vectors, which it maps to the widest registers that the processor has.
Where an instruction counts the bits of a vector (AVX-512 VPOPCNTDQ, NEON), every word is counted;
where it takes nine (AVX2), carry-save adders put eight words together first.
"""

import os
from collections.abc import Sequence
from typing import Any

from llvmlite import binding, ir

LANES = 32
"""The filters of a group: four of AVX-512's registers, eight of AVX2's, sixteen of NEON's."""


def _counting_is_dear() -> bool:
    """Whether the processor has vectors, but no instruction that counts their bits.

    Who has kernels compiled for another one names its features to numba in the environment.
    """
    features = os.environ.get("NUMBA_CPU_FEATURES") or binding.get_host_cpu_features().flatten()
    return "+avx2" in features and "+avx512vpopcntdq" not in features


COUNTING_IS_DEAR = _counting_is_dear()

# How many words carry-save adders take at once, and lanes they go through at a time.
_CARRIED_WORDS, _CARRIED_LANES = 8, 8

# From how many words on that pays for what is left to count at the end.
_WORTH_CARRYING = 32

_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_VECTOR = ir.VectorType(_I64, LANES)


def splat(builder: Any, value: Any, lanes: int = LANES) -> Any:
    """One number in every lane."""
    nothing = ir.Constant(ir.VectorType(_I64, lanes), ir.Undefined)
    single = builder.insert_element(nothing, value, _I32(0))
    return builder.shuffle_vector(single, nothing, places([0] * lanes))


def places(numbers: list[int]) -> Any:
    """Which lanes a shuffle takes."""
    return ir.Constant(ir.VectorType(_I32, len(numbers)), numbers)


def _count_bits(builder: Any, words: Any) -> Any:
    """How many bits each lane has set."""
    kind = words.type
    counting = builder.module.declare_intrinsic(
        f"llvm.ctpop.v{kind.count}i64", fnty=ir.FunctionType(kind, [kind])
    )
    return builder.call(counting, [words])


def _different(builder: Any, row: Any, group: Any, word: Any, lanes: range) -> Any:
    """In which bits a word of the row and some lanes of the group differ."""
    kind = ir.VectorType(_I64, len(lanes)).as_pointer()
    place = builder.gep(builder.bitcast(group, _I64.as_pointer()), [
        builder.add(builder.mul(word, _I64(LANES)), _I64(lanes.start))
    ])  # fmt: skip
    mine = splat(builder, builder.load(builder.gep(row, [word])), len(lanes))
    return builder.xor(mine, builder.load(builder.bitcast(place, kind), align=8))


class _Loop:
    """A loop over words, in steps, with numbers that every turn makes anew; one turn at least."""

    def __init__(self, builder: Any, start: Any, kind: Any, values: Sequence[Any]) -> None:
        self._builder, self._first = builder, builder.block
        self._block = builder.append_basic_block("words")
        builder.branch(self._block)
        builder.position_at_end(self._block)
        self.word = builder.phi(_I64)
        self.word.add_incoming(start, self._first)
        self.values = [builder.phi(kind) for _ in values]
        for phi, value in zip(self.values, values, strict=True):
            phi.add_incoming(value, self._first)

    def end(self, values: Sequence[Any], step: int, stop: Any) -> None:
        """Go round again with other numbers, while there are `step` words more."""
        builder, after = self._builder, self._builder.append_basic_block("counted")
        following = builder.add(self.word, _I64(step))
        for phi, value in zip((self.word, *self.values), (following, *values), strict=True):
            phi.add_incoming(value, builder.block)
        more = builder.icmp_signed("<=", builder.add(following, _I64(step)), stop)
        builder.cbranch(more, self._block, after)
        builder.position_at_end(after)


def _one_by_one(builder: Any, row: Any, group: Any, start: Any, stop: Any) -> Any:
    """The distance of the row from each lane: a word at a time is counted."""
    loop = _Loop(builder, start, _VECTOR, [ir.Constant(_VECTOR, [0] * LANES)])
    different = _different(builder, row, group, loop.word, range(LANES))
    distances = builder.add(loop.values[0], _count_bits(builder, different))
    loop.end([distances], 1, stop)
    return distances


def _carry_save(builder: Any, one: Any, two: Any, three: Any) -> tuple[Any, Any]:
    """Three bits in each place, as a sum and a carry."""
    half = builder.xor(one, two)
    carry = builder.or_(builder.and_(one, two), builder.and_(half, three))
    return builder.xor(half, three), carry


def _eight_at_once(builder: Any, row: Any, group: Any, start: Any, stop: Any) -> Any:
    """The same, where counting is dear: carry-save adders leave one word of eight to count.

    After Harley and Seal (Warren, Hacker's Delight, section 5-2). There have to be whole eights of
    words. Some lanes at a time are gone through, so that sums and carries stay in registers.
    """
    kind = ir.VectorType(_I64, _CARRIED_LANES)
    nothing = ir.Constant(kind, [0] * _CARRIED_LANES)
    parts = []
    for first in range(0, LANES, _CARRIED_LANES):
        lanes = range(first, first + _CARRIED_LANES)
        loop = _Loop(builder, start, kind, [nothing] * _CARRIED_WORDS.bit_length())
        counted, *sums = loop.values
        waiting: list[list[Any]] = [[] for _ in sums]
        for nth in range(_CARRIED_WORDS):
            word = builder.add(loop.word, _I64(nth))
            carry = _different(builder, row, group, word, lanes)
            for place, others in enumerate(waiting):
                others.append(carry)
                if len(others) == 1:
                    break
                sums[place], carry = _carry_save(builder, sums[place], *others)
                others.clear()
            else:
                counted = builder.add(counted, _count_bits(builder, carry))
        loop.end([counted, *sums], _CARRIED_WORDS, stop)
        for left in reversed(sums):
            counted = builder.add(builder.add(counted, counted), _count_bits(builder, left))
        parts.append(counted)
    while len(parts) > 1:
        joined = places(list(range(2 * parts[0].type.count)))
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [builder.shuffle_vector(low, high, joined) for low, high in pairs]
    return parts[0]


def count_differences(builder: Any, row: Any, group: Any, start: Any, stop: Any) -> Any:
    """The distance of the row from each lane, in one word or more from `start` to `stop`."""
    if not COUNTING_IS_DEAR:
        return _one_by_one(builder, row, group, start, stop)
    words = builder.sub(stop, start)
    in_eights = builder.icmp_unsigned("==", builder.and_(words, _I64(_CARRIED_WORDS - 1)), _I64(0))
    many = builder.icmp_signed(">=", words, _I64(_WORTH_CARRYING))
    with builder.if_else(builder.and_(in_eights, many)) as (carried, counted):
        with carried:
            fast, after_fast = _eight_at_once(builder, row, group, start, stop), builder.block
        with counted:
            slow, after_slow = _one_by_one(builder, row, group, start, stop), builder.block
    distances = builder.phi(_VECTOR)
    distances.add_incoming(fast, after_fast)
    distances.add_incoming(slow, after_slow)
    return distances
