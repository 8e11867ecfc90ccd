"""BLAKE2b for kernels: its compression function, and its state after a key.

RFC 7693, written in LLVM's own code, since numba would keep the sixteen working words in memory.
Python's `hashlib` is the specification of what comes out.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

BLOCK_BYTES = 128
DIGEST_WORDS = 8

_WORD = ir.IntType(64)
_ROUNDS = 12
# RFC 7693, sections 2.6 and 2.7.
_START = np.array(
    [0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
     0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179],
    dtype=np.uint64,
)  # fmt: skip
_ORDERS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
# The columns of the working words and then their diagonals, section 3.2.
_MIXED = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def _emit_compress(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    state, block = (
        context.make_array(kind)(context, builder, array).data
        for kind, array in zip(signature.args[:2], arguments[:2], strict=True)
    )
    count, last = arguments[2:]
    three = ir.FunctionType(_WORD, [_WORD] * 3)
    rotate = builder.module.declare_intrinsic("llvm.fshr.i64", fnty=three)

    def mixed(one: Any, other: Any, by: int) -> Any:
        both = builder.xor(one, other)
        return builder.call(rotate, [both, both, _WORD(by)])

    places = [builder.gep(state, [_WORD(place)]) for place in range(DIGEST_WORDS)]
    before = [builder.load(place) for place in places]
    words = [builder.load(builder.gep(block, [_WORD(place)])) for place in range(16)]
    v = [*before, *map(_WORD, _START.tolist())]
    v[12] = builder.xor(v[12], count)
    v[14] = builder.select(last, builder.not_(v[14]), v[14])
    for number in range(_ROUNDS):
        order = iter(_ORDERS[number % len(_ORDERS)])
        for a, b, c, d in _MIXED:
            v[a] = builder.add(builder.add(v[a], v[b]), words[next(order)])
            v[d] = mixed(v[d], v[a], 32)
            v[c] = builder.add(v[c], v[d])
            v[b] = mixed(v[b], v[c], 24)
            v[a] = builder.add(builder.add(v[a], v[b]), words[next(order)])
            v[d] = mixed(v[d], v[a], 16)
            v[c] = builder.add(v[c], v[d])
            v[b] = mixed(v[b], v[c], 63)
    for place, word, one, other in zip(places, before, v[:8], v[8:], strict=True):
        builder.store(builder.xor(word, builder.xor(one, other)), place)
    return context.get_dummy_value()


def _compress(_context: Any, state: Any, block: Any, _count: Any, _last: Any) -> Any:
    """Take a block into a state (section 3.2).

    Args:
        state: Shape (8,), uint64, C-contiguous; changed in place.
        block: Shape (16,), uint64, C-contiguous.
        count: Bytes that are taken in with this block, all told, without the zeros behind them.
        last: Whether it is the last block.
    """
    return types.none(state, block, types.uint64, types.boolean), _emit_compress


compress: Callable[..., None] = intrinsic(_compress)


@numba.njit(cache=True)
def begin(state, key):  # type: ignore[no-untyped-def]
    """Set the state of a BLAKE2b that gives 64 bytes, after its key, a block of its own.

    Args:
        state: Shape (8,), uint64; set.
        key: 1 to 64 bytes, uint8.
    """
    state[:] = _START
    state[0] ^= np.uint64(0x01010000 ^ len(key) << 8 ^ 64)
    block = np.zeros(BLOCK_BYTES, dtype=np.uint8)
    block[: len(key)] = key
    compress(state, block.view(np.uint64), BLOCK_BYTES, False)
