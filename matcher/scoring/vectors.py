"""The few operations that kernels take from the processor itself, as LLVM code.

They are written in LLVM's own vectors of `LANES` numbers, which it maps to the widest registers
that the processor has: four of AVX-512, eight of AVX2, sixteen of NEON.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

LANES = 32

_I64 = ir.IntType(64)
_MASK = ir.IntType(LANES)
_VECTOR = ir.VectorType(_I64, LANES)


def _splat(builder: Any, value: Any) -> Any:
    """One number in every lane."""
    single = builder.insert_element(
        ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(single, ir.Constant(_VECTOR, ir.Undefined), everywhere)


def _count_common(builder: Any, row: Any, group: Any, words: Any) -> Any:
    """The loop over words: common bits of the row and each lane."""
    count_bits = builder.module.declare_intrinsic(
        f"llvm.ctpop.v{LANES}i64", fnty=ir.FunctionType(_VECTOR, [_VECTOR])
    )
    before = builder.block
    loop = builder.append_basic_block("words")
    after = builder.append_basic_block("counted")
    builder.branch(loop)
    builder.position_at_end(loop)
    word = builder.phi(_I64)
    counts = builder.phi(_VECTOR)
    both = builder.and_(
        _splat(builder, builder.load(builder.gep(row, [word]))),
        builder.load(builder.gep(group, [word]), align=8),
    )
    added = builder.add(counts, builder.call(count_bits, [both]))
    following = builder.add(word, _I64(1))
    for value, start, update in (
        (word, _I64(0), following),
        (counts, ir.Constant(_VECTOR, [0] * LANES), added),
    ):
        value.add_incoming(start, before)
        value.add_incoming(update, loop)
    builder.cbranch(builder.icmp_signed("<", following, words), loop, after)
    builder.position_at_end(after)
    return added


def _emit_compare_group(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    _, row, _, group, least, _ = arguments
    left_array, words_array, counts_array = (
        context.make_array(signature.args[place])(context, builder, arguments[place])
        for place in (0, 2, 5)
    )
    width = builder.extract_value(left_array.shape, 1)
    vectors = builder.bitcast(words_array.data, _VECTOR.as_pointer())
    common = _count_common(
        builder,
        builder.gep(left_array.data, [builder.mul(row, width)]),
        builder.gep(vectors, [builder.mul(group, width)]),
        width,
    )
    mask = builder.bitcast(builder.icmp_signed(">=", common, _splat(builder, least)), _MASK)
    with builder.if_then(builder.icmp_unsigned("!=", mask, _MASK(0)), likely=False):
        store = builder.bitcast(counts_array.data, _VECTOR.as_pointer())
        builder.store(common, store, align=8)
    return builder.zext(mask, _I64)


def _compare_group(
    _context: Any, left: Any, row: Any, words: Any, group: Any, least: Any, counts: Any
) -> Any:
    """Compare one left row with one group: the lanes with at least `least` bits in common.

    Args:
        left: Filters, uint64 of shape (n, words), C-contiguous.
        row: Which of them.
        words: Filters in groups, uint64 of shape (groups, words, LANES), C-contiguous.
        group: Which of them.
        least: How many bits a lane must have in common with the row.
        counts: int64 of shape (LANES,), for the common bits of every lane. They are only there
            when some lane has enough.

    Returns:
        A mask of the lanes that have enough, bit 0 for lane 0.
    """
    return types.uint64(left, row, words, group, least, counts), _emit_compare_group


def _lowest_lane(_context: Any, mask: Any) -> Any:
    """The number of the lowest bit that is set in a mask that is not 0."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(mask), emit


def _popcount(_context: Any, word: Any) -> Any:
    """The number of bits set in one word."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(word), emit


# What kernels call: numba leaves out the first argument.
CompareGroup = Callable[
    [NDArray[np.uint64], int, NDArray[np.uint64], int, int, NDArray[np.int64]], Any
]
OfWord = Callable[[Any], int]
compare_group = cast("CompareGroup", intrinsic(_compare_group))
lowest_lane = cast("OfWord", intrinsic(_lowest_lane))
popcount = cast("OfWord", intrinsic(_popcount))
