"""The few operations that kernels take from the processor itself, as LLVM code.

They are written in LLVM's own vectors of `LANES` numbers; `matcher.scoring.counting` has the loop
over words.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from matcher.scoring.counting import LANES, count_differences, places, splat

# Lanes that the widest registers hold.
REGISTER_LANES = 8

_I64 = ir.IntType(64)
_MASK = ir.IntType(LANES)
_VECTOR = ir.VectorType(_I64, LANES)


def _lanes_within(builder: Any, differences: Any, most: Any) -> Any:
    """A mask of the lanes that are at most `most` bits away."""
    near = builder.icmp_signed("<=", differences, splat(builder, most))
    return builder.bitcast(near, _MASK)


def _any_lane_within(builder: Any, differences: Any, most: Any) -> Any:
    """Whether some lane is at most `most` bits away: takes less than a mask of all lanes."""
    least = differences
    while least.type.count > REGISTER_LANES:
        half = least.type.count // 2
        low, high = (
            builder.shuffle_vector(least, least, places(list(range(start, start + half))))
            for start in (0, half)
        )
        least = builder.select(builder.icmp_signed("<", low, high), low, high)
    near = builder.icmp_signed("<=", least, splat(builder, most, REGISTER_LANES))
    mask = ir.IntType(REGISTER_LANES)
    return builder.icmp_unsigned("!=", builder.bitcast(near, mask), mask(0))


def _emit_near_lanes(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    _, row, _, group, sketch_words, sketch_most, most, _ = arguments
    left, words, distances = (
        context.make_array(signature.args[place])(context, builder, arguments[place])
        for place in (0, 2, 7)
    )
    width = builder.extract_value(left.shape, 1)
    row_words = builder.gep(left.data, [builder.mul(row, width)])
    group_words = builder.gep(
        builder.bitcast(words.data, _VECTOR.as_pointer()), [builder.mul(group, width)]
    )
    sketches, filters, done = (
        builder.append_basic_block(name) for name in ("sketches", "filters", "done")
    )
    builder.cbranch(builder.icmp_signed(">", sketch_words, _I64(0)), sketches, filters)

    builder.position_at_end(sketches)
    apart = count_differences(builder, row_words, group_words, _I64(0), sketch_words)
    some = _any_lane_within(builder, apart, sketch_most)
    sketched = builder.block
    builder.cbranch(some, filters, done)

    builder.position_at_end(filters)
    apart = count_differences(builder, row_words, group_words, sketch_words, width)
    near = _lanes_within(builder, apart, most)
    with builder.if_then(builder.icmp_unsigned("!=", near, _MASK(0)), likely=False):
        builder.store(apart, builder.bitcast(distances.data, _VECTOR.as_pointer()), align=8)
    compared = builder.block
    builder.branch(done)

    builder.position_at_end(done)
    mask = builder.phi(_MASK)
    mask.add_incoming(_MASK(0), sketched)
    mask.add_incoming(near, compared)
    return builder.zext(mask, _I64)


def _near_lanes(
    _context: Any,
    left: Any,
    row: Any,
    words: Any,
    group: Any,
    sketch_words: Any,
    sketch_most: Any,
    most: Any,
    distances: Any,
) -> Any:
    """Compare one left row with one group: the lanes that are near enough.

    Args:
        left: Filters, each with its sketch before it, uint64 of shape (n, sketch words + words),
            C-contiguous.
        row: Which of them.
        words: Filters in groups, uint64 of shape (groups, sketch words + words, LANES),
            C-contiguous.
        group: Which of them.
        sketch_words: Length of the sketches; 0 for none.
        sketch_most: How far a lane's sketch may be away, in bits. Filters are only looked at when
            some lane's sketch is near enough.
        most: How far a lane's filter may be away, in bits.
        distances: int64 of shape (LANES,), for the distance of every lane. They are only there
            when some lane is near enough.

    Returns:
        A mask of the lanes that are near enough, bit 0 for lane 0.
    """
    signature = types.uint64(left, row, words, group, sketch_words, sketch_most, most, distances)
    return signature, _emit_near_lanes


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
NearLanes = Callable[
    [NDArray[np.uint64], int, NDArray[np.uint64], int, int, int, int, NDArray[np.int64]], Any
]
OfWord = Callable[[Any], int]
near_lanes = cast("NearLanes", intrinsic(_near_lanes))
lowest_lane = cast("OfWord", intrinsic(_lowest_lane))
popcount = cast("OfWord", intrinsic(_popcount))
