"""Rows of eight words as one vector of the processor: what the kernel of linear steps does to them.

Written in LLVM's own vectors, since numba does not see that two rows of an array are two.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 8
"""Words in a row."""

_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, LANES)
_ROWS = types.Array(types.uint64, 2, "C")


def _row(context: Any, builder: Any, array: Any, number: Any) -> Any:
    data = context.make_array(_ROWS)(context, builder, array).data
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [number])


def _everywhere(builder: Any, word: Any) -> Any:
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    first = builder.insert_element(nothing, word, ir.IntType(32)(0))
    return builder.shuffle_vector(first, nothing, zeros)


def _emit_xor(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    target, number, source, other = arguments
    to, of = _row(context, builder, target, number), _row(context, builder, source, other)
    both = builder.xor(builder.load(to, align=8), builder.load(of, align=8))
    builder.store(both, to, align=8)
    return context.get_dummy_value()


def _emit_exchange(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    rows, upper, lower, width, mask = arguments
    above, below = _row(context, builder, rows, upper), _row(context, builder, rows, lower)
    by, chosen = _everywhere(builder, width), _everywhere(builder, mask)
    up, down = builder.load(above, align=8), builder.load(below, align=8)
    swap = builder.and_(builder.xor(builder.lshr(up, by), down), chosen)
    builder.store(builder.xor(up, builder.shl(swap, by)), above, align=8)
    builder.store(builder.xor(down, swap), below, align=8)
    return context.get_dummy_value()


def _xor_row(_context: Any, _target: Any, _number: Any, _source: Any, _other: Any) -> Any:
    """XOR a row of another array, by its number, into a row of one; both of shape (rows, 8)."""
    return types.none(_ROWS, types.int64, _ROWS, types.int64), _emit_xor


def _exchange(_context: Any, _rows: Any, _upper: Any, _lower: Any, _width: Any, _mask: Any) -> Any:
    """Exchange bits of two rows of an array of shape (rows, 8), lane by lane.

    The bits of the lower row that the mask chooses change places with those of the upper row that
    stand `width` higher.
    """
    numbers = (types.int64, types.int64, types.uint64, types.uint64)
    return types.none(_ROWS, *numbers), _emit_exchange


xor_row: Callable[..., None] = intrinsic(_xor_row)
exchange: Callable[..., None] = intrinsic(_exchange)
