"""Octets for kernels: eight of them at once as one word, from any place and to any place."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD = ir.IntType(64)
_SIXTEEN = ir.VectorType(ir.IntType(8), 16)
_WORD_BYTES = 8


def _emit_load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    octets = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    place = builder.gep(octets, [arguments[1]])
    return builder.load(builder.bitcast(place, _WORD.as_pointer()), align=1)


def _load(_context: Any, octets: Any, _at: Any) -> Any:
    """Load the eight octets from a place on, all of them within the array."""
    return types.uint64(octets, types.int64), _emit_load


def _emit_copy(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    def place(octets: int) -> Any:
        data = context.make_array(signature.args[octets])(context, builder, arguments[octets]).data
        first = builder.gep(data, [arguments[octets + 1]])
        return builder.bitcast(first, _SIXTEEN.as_pointer())

    builder.store(builder.load(place(0), align=1), place(2), align=1)
    return context.get_dummy_value()


def _copy(_context: Any, octets: Any, _start: Any, to: Any, _at: Any) -> Any:
    """Copy sixteen octets from a place in an array to a place in another, all of them within."""
    return types.none(octets, types.int64, to, types.int64), _emit_copy


_loaded: Callable[..., Any] = intrinsic(_load)
copy_sixteen: Callable[..., None] = intrinsic(_copy)


@numba.njit(cache=True, inline="always")
def word_at(octets, at, stop):  # type: ignore[no-untyped-def]
    """Give the octets from `at` on, eight at most and none from `stop` on, lowest first.

    Args:
        octets: uint8, C-contiguous.
        at: A place in it, less than `stop`.
        stop: At most the length of `octets`.
    """
    if at + _WORD_BYTES <= len(octets):
        word = _loaded(octets, at)
        left = stop - at
        if left < _WORD_BYTES:
            word &= (np.uint64(1) << np.uint64(8 * left)) - np.uint64(1)
        return word
    word = np.uint64(0)
    for place in range(stop - 1, at - 1, -1):
        word = word << np.uint64(8) | np.uint64(octets[place])
    return word
