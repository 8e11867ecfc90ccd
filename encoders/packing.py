"""Bits for kernels: 64 octets packed into one word, words joined, and set bits counted.

To write an octet is cheaper than to set a bit, which reads the word first and waits for the bit
that was set in it before.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD = ir.IntType(64)
_OCTETS = ir.VectorType(ir.IntType(8), 64)
_WORDS = ir.VectorType(_WORD, 8)
_FILTER = types.Array(types.uint64, 1, "C")
_FILTERS = types.Array(types.uint64, 2, "C")
_MARKS = types.Array(types.uint8, 1, "C")
_NUMBERS = types.Array(types.int64, 1, "C")


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


def _emit_count(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    count = builder.module.declare_intrinsic("llvm.ctpop", [_WORD])
    return builder.call(count, arguments)


def _set_in(_context: Any, _word: Any) -> Any:
    """Count the bits of a word, uint64, that are set."""
    return types.int64(types.uint64), _emit_count


set_in: Callable[..., int] = intrinsic(_set_in)


def _emit_join(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    filters, row, first, patterns, chosen, count, word = arguments
    numbers = context.make_array(_NUMBERS)(context, builder, chosen).data

    def place(filters: Any, row: Any, word: Any) -> Any:
        array = context.make_array(_FILTERS)(context, builder, filters)
        words = builder.extract_value(array.shape, 1)
        at = builder.gep(array.data, [builder.add(builder.mul(row, words), word)])
        return builder.bitcast(at, _WORDS.as_pointer())

    to = place(filters, row, builder.add(first, word))
    with builder.goto_entry_block():
        total = builder.alloca(_WORDS)  # LLVM makes a register of it
    builder.store(builder.load(to, align=8), total)
    with cgutils.for_range(builder, count) as loop:
        number = builder.load(builder.gep(numbers, [loop.index]))
        pattern = builder.load(place(patterns, number, word), align=8)
        builder.store(builder.or_(builder.load(total), pattern), total)
    builder.store(builder.load(total), to, align=8)
    return context.get_dummy_value()


def _join(
    _context: Any, _filters: Any, _row: Any, _first: Any,
    _patterns: Any, _chosen: Any, _count: Any, _word: Any,
) -> Any:  # fmt: skip
    """Set the bits of eight words of a filter that any of some patterns has set.

    Args:
        filters: Shape (n, words), uint64, C-contiguous; changed in place.
        row: Which of them.
        first: The word of the filter that the first of a pattern belongs to.
        patterns: Shape (k, words), uint64, C-contiguous; other memory.
        chosen: Shape (at least `count`,), int64: which of these.
        count: How many.
        word: The first of the eight words of the patterns.
    """
    number = types.int64
    arguments = (_FILTERS, number, number, _FILTERS, _NUMBERS, number, number)
    return types.none(*arguments), _emit_join


join: Callable[..., None] = intrinsic(_join)
