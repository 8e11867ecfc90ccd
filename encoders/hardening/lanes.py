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


def _line(context: Any, builder: Any, filters: Any, row: Any, first: Any) -> Any:
    """Give where eight words of a filter are."""
    array = context.make_array(_ROWS)(context, builder, filters)
    words = builder.extract_value(array.shape, 1)
    at = builder.gep(array.data, [builder.add(builder.mul(row, words), first)])
    return builder.bitcast(at, _VECTOR.as_pointer())


def _every_64th(builder: Any, first: Any) -> list[Any]:
    return [builder.add(first, _WORD(_WORD_BITS * nth)) for nth in range(LANES)]


def _emit_read(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    on_side, filters, bit, first = arguments
    lines = [
        builder.load(_line(context, builder, filters, row, first), align=8)
        for row in _every_64th(builder, bit)
    ]
    start = builder.add(builder.mul(first, _WORD(_WORD_BITS)), bit)
    for row, place in zip(_turned(builder, lines), _every_64th(builder, start), strict=True):
        builder.store(row, _row(context, builder, on_side, place), align=8)
    return context.get_dummy_value()


def _emit_write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    out, rows, bit, first, block = arguments
    numbers = context.make_array(signature.args[1])(context, builder, rows).data
    places = _every_64th(builder, bit)
    held = [builder.load(_row(context, builder, block, place), align=8) for place in places]
    for line, place in zip(_turned(builder, held), places, strict=True):
        number = builder.load(builder.gep(numbers, [place]))
        builder.store(line, _line(context, builder, out, number, first), align=8)
    return context.get_dummy_value()


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose eight rows of eight words."""
    for apart in (4, 2, 1):
        upper = [lane if not lane & apart else LANES + lane - apart for lane in range(LANES)]
        lower = [lane + apart if not lane & apart else LANES + lane for lane in range(LANES)]
        masks = [
            ir.Constant(ir.VectorType(ir.IntType(32), LANES), lanes) for lanes in (upper, lower)
        ]
        for one in (nth for nth in range(LANES) if not nth & apart):
            both = rows[one], rows[one + apart]
            rows[one], rows[one + apart] = (builder.shuffle_vector(*both, mask) for mask in masks)
    return rows


def _read(_context: Any, _on_side: Any, _filters: Any, _bit: Any, _first: Any) -> Any:
    """Lay eight words of eight filters on their side.

    Args:
        on_side: Shape (64 words, 8), uint64: lane l of row 64 w + bit is set to word w of filter
            64 l + bit.
        filters: Shape (512, words), uint64.
        bit: Which row of each 64.
        first: The first of the words.
    """
    return types.none(_ROWS, _ROWS, types.int64, types.int64), _emit_read


def _write(_context: Any, _out: Any, rows: Any, _bit: Any, _first: Any, _block: Any) -> Any:
    """Write eight words of eight filters, that stand on their side, where they belong.

    Args:
        out: Shape (at least 512, words), uint64.
        rows: Shape (512,), int64: filter 64 l + bit is `out[rows[64 * l + bit]]`.
        bit: Which row of each 64.
        first: The first of the words.
        block: Shape (512, 8), uint64: lane l of row 64 w + bit is word w of filter 64 l + bit.
    """
    number = types.int64
    return types.none(_ROWS, rows, number, number, _ROWS), _emit_write


read_lanes: Callable[..., None] = intrinsic(_read)
write_lanes: Callable[..., None] = intrinsic(_write)
sum_rows: Callable[..., None] = intrinsic(_sum)
exchange_far: Callable[..., None] = intrinsic(_exchange_far)
exchange_near: Callable[..., None] = intrinsic(_exchange_near)
