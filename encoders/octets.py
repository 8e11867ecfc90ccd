"""Octets for kernels: eight of them at once as one word, from any place."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD = ir.IntType(64)
_WORD_BYTES = 8


def _emit_load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    octets = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    place = builder.gep(octets, [arguments[1]])
    return builder.load(builder.bitcast(place, _WORD.as_pointer()), align=1)


def _load(_context: Any, octets: Any, _at: Any) -> Any:
    """Load the eight octets from a place on, all of them within the array."""
    return types.uint64(octets, types.int64), _emit_load


_loaded: Callable[..., Any] = intrinsic(_load)


@numba.njit(cache=True)
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
