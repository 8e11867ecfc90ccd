"""Packing octets into bits for kernels: 64 of them into one word, in the processor's own vectors.

To write an octet is cheaper than to set a bit, which reads the word first and waits for the bit
that was set in it before.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD = ir.IntType(64)
_OCTETS = ir.VectorType(ir.IntType(8), 64)
_FILTER = types.Array(types.uint64, 1, "C")
_MARKS = types.Array(types.uint8, 1, "C")


def _emit_take_over(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    filter_, marks, number = arguments
    words = context.make_array(_FILTER)(context, builder, filter_).data
    octets = context.make_array(_MARKS)(context, builder, marks).data
    word = builder.gep(words, [number])
    place = builder.gep(builder.bitcast(octets, _OCTETS.as_pointer()), [number])
    nothing = ir.Constant(_OCTETS, [0] * 64)
    is_marked = builder.icmp_unsigned("!=", builder.load(place, align=1), nothing)
    bits = builder.bitcast(is_marked, _WORD)
    builder.store(builder.or_(builder.load(word), bits), word)
    builder.store(nothing, place, align=1)
    return context.get_dummy_value()


def _take_over(_context: Any, _filter: Any, _marks: Any, _number: Any) -> Any:
    """Set the bits of one word of a filter that are marked, and wipe their marks.

    Args:
        filter_: Shape (words,), uint64, C-contiguous; changed in place.
        marks: Shape (64 words,), uint8, C-contiguous: not 0 where a bit is to be set; wiped.
        number: Which word.
    """
    return types.none(_FILTER, _MARKS, types.int64), _emit_take_over


take_over: Callable[..., None] = intrinsic(_take_over)
