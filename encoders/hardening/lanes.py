"""Rows of eight words as one vector of the processor: what the kernel of linear steps does to them.

Written in LLVM's own vectors, since numba does not see that two rows of an array are two, nor keep
one in a register.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8
"""Words in a row."""

_WORD_BITS = 64
_WORD = ir.IntType(_WORD_BITS)
_VECTOR = ir.VectorType(_WORD, LANES)
_ROWS = types.Array(types.uint64, 2, "C")
_INDICES = types.Array(types.uint16, 1, "C")


def _row(context: Any, builder: Any, array: Any, number: Any) -> Any:
    data = context.make_array(_ROWS)(context, builder, array).data
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [number])


def _everywhere(builder: Any, word: Any) -> Any:
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    first = builder.insert_element(nothing, word, ir.IntType(32)(0))
    return builder.shuffle_vector(first, nothing, zeros)


def _constant(word: int) -> Any:
    return ir.Constant(_VECTOR, [word] * LANES)


def _emit_sum(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    target, number, word, source, indices, first, last = arguments
    chosen = context.make_array(_INDICES)(context, builder, indices).data
    with builder.goto_entry_block():
        total = builder.alloca(_VECTOR)  # LLVM makes a register of it
    builder.store(_everywhere(builder, word), total)
    with cgutils.for_range_slice(builder, first, last, _WORD(1)) as (at, _):
        index = builder.zext(builder.load(builder.gep(chosen, [at])), _WORD)
        row = builder.load(_row(context, builder, source, index), align=8)
        builder.store(builder.xor(builder.load(total), row), total)
    builder.store(builder.load(total), _row(context, builder, target, number), align=8)
    return context.get_dummy_value()


def _sum(
    _context: Any, _target: Any, _number: Any, _word: Any,
    _source: Any, _indices: Any, _first: Any, _last: Any,
) -> Any:  # fmt: skip
    """Set a row of an array of shape (rows, 8) to the XOR of a word and of rows of another.

    These are the rows `indices[first:last]`.
    """
    number = types.int64
    return types.none(_ROWS, number, types.uint64, _ROWS, _INDICES, number, number), _emit_sum


def _emit_exchanges(step: int) -> Callable[..., Any]:
    """Emit the exchanges between eight rows, each `step` rows from the one before."""

    def emit(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        numbers = [builder.add(arguments[1], _WORD(nth * step)) for nth in range(8)]
        places = [_row(context, builder, arguments[0], number) for number in numbers]
        rows = [builder.load(place, align=8) for place in places]
        for apart in (4, 2, 1):
            for upper in (nth for nth in range(8) if not nth & apart):
                _exchange(builder, rows, upper, upper + apart, apart * step)
        for row, place in zip(rows, places, strict=True):
            builder.store(row, place, align=8)
        return context.get_dummy_value()

    return emit


def _exchange(builder: Any, rows: list[Any], upper: int, lower: int, width: int) -> None:
    """Exchange bits of two rows, lane by lane.

    In each 2 * `width` bits the lower half of the lower row changes places with the upper half of
    the upper row.
    """
    by = _constant(width)
    halves = _constant(sum((1 << width) - 1 << at for at in range(0, _WORD_BITS, 2 * width)))
    swap = builder.and_(builder.xor(builder.lshr(rows[upper], by), rows[lower]), halves)
    rows[upper] = builder.xor(rows[upper], builder.shl(swap, by))
    rows[lower] = builder.xor(rows[lower], swap)


def _exchange_far(_context: Any, _rows: Any, _first: Any) -> Any:
    """Make the first three steps of transposing 64 rows, for one row in eight from `first` on."""
    return types.none(_ROWS, types.int64), _emit_exchanges(8)


def _exchange_near(_context: Any, _rows: Any, _first: Any) -> Any:
    """Make the last three steps of transposing 64 rows, for eight rows from `first` on."""
    return types.none(_ROWS, types.int64), _emit_exchanges(1)


sum_rows: Callable[..., None] = intrinsic(_sum)
exchange_far: Callable[..., None] = intrinsic(_exchange_far)
exchange_near: Callable[..., None] = intrinsic(_exchange_near)
